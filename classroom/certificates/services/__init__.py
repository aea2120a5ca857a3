"""Writes of certificates: award, end (revoke, replace), render."""

from classroom.certificates.services.awarding import award
from classroom.certificates.services.ending import replace, revoke, revoke_withdrawn
from classroom.certificates.services.rendering import due, render, render_again, render_lost

__all__ = ["award", "due", "render", "render_again", "render_lost", "replace", "revoke", "revoke_withdrawn"]
