"""Who may do what with lectures and uploads.

A trainer (`media.add_lecture`) has their own; reviewers (`media.view_every_lecture`) see everyone's;
operators (`media.manage_every_lecture`) change everyone's and see what runs where.
"""

from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from media.models import Encode, Lecture


def may_upload(user: Any) -> bool:
    """Whether the person may send videos."""
    return bool(user.is_authenticated and user.is_active and user.has_perm("media.add_lecture"))


def may_open(user: Any) -> bool:
    """Whether the person may open the lecture admin at all."""
    return bool(user.is_active and (user.has_perm("media.add_lecture") or sees_all(user)))


def sees_all(user: Any) -> bool:
    """Whether the person sees the lectures of everyone."""
    return bool(user.has_perm("media.view_every_lecture"))


def manages_all(user: Any) -> bool:
    """Whether the person changes the lectures of everyone, and sees what runs where."""
    return bool(user.has_perm("media.manage_every_lecture"))


def may_view(user: Any, lecture: Lecture) -> bool:
    """Whether the person sees this lecture."""
    return bool(lecture.owner_id == user.pk or sees_all(user))


def may_change(user: Any, lecture: Lecture) -> bool:
    """Whether the person may rename, replace, caption, retry and delete this lecture."""
    own = lecture.owner_id == user.pk and user.has_perm("media.change_lecture")
    return bool(own or manages_all(user))


def tenant_of(user: Any) -> str:
    """Return whose quota and whose turn an upload of this person counts for.

    `settings.MEDIA_TENANT_OF` names a function of a user; without it each person is a tenant of
    their own, so that one person's hundred uploads never hold up another's.
    """
    path: str = getattr(settings, "MEDIA_TENANT_OF", "")
    tenant = str(import_string(path)(user) or "") if path else ""
    return tenant[:64] or f"person:{user.pk}"


def may_renew(user: Any, encode: Encode, session: str) -> bool:
    """Whether the person, who holds a grant for `encode` in this session, may go on watching.

    `settings.PLAYBACK_MAY_RENEW` names a function of the three, which knows who learns here; without it who holds
    a grant has it renewed.
    """
    path: str = getattr(settings, "PLAYBACK_MAY_RENEW", "")
    return not path or bool(import_string(path)(user, encode, session))
