"""Writes of certificates: award, end (revoke, replace), render."""

from classroom.certificates.services.awarding import award
from classroom.certificates.services.ending import replace, revoke, revoke_withdrawn
from classroom.certificates.services.rendering import due, render, render_again

__all__ = ["award", "due", "render", "render_again", "replace", "revoke", "revoke_withdrawn"]
