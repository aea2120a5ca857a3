"""Writes of institutions, one module a subject."""

from classroom.institutions.services.institutions import (
    add_cma_certificate,
    close_institution,
    merge_institution,
    move_institution,
    register_institution,
    rename_institution,
)
from classroom.institutions.services.regulators import end_grant, grant_regulator
from classroom.institutions.services.staff import (
    change_department,
    give_post,
    join,
    leave,
    set_posts,
    transfer,
)

__all__ = [
    "add_cma_certificate",
    "change_department",
    "close_institution",
    "end_grant",
    "give_post",
    "grant_regulator",
    "join",
    "leave",
    "merge_institution",
    "move_institution",
    "register_institution",
    "rename_institution",
    "set_posts",
    "transfer",
]
