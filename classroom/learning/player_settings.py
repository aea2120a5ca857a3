"""How a person likes to watch, on whichever device: the speed, and captions off or in a language.

Of two choices the newest stands, by the server's clock. A device that could not be heard says how long ago
its choice was made: so nobody's clock need be right, and what was chosen elsewhere since is not undone.
"""

import re
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from classroom.learning.models import PlayerSettings
from classroom.people.models import User
from classroom.progress.moments import to_ms
from media.forms import LANGUAGES
from media.models import Track

RATES = (0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0)
OFF = "off"
# A device that was away for longer than this says a year: its choice is old either way.
OLDEST = timedelta(days=366)
_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")


def is_language(tag: str) -> bool:
    """Return whether captions may be in this language: trainers can choose it, or some lecture has it."""
    if tag in dict(LANGUAGES):
        return True
    return _TAG.fullmatch(tag) is not None and Track.objects.filter(language=tag).exists()


def settings_of(user: User) -> PlayerSettings | None:
    """Return what a person chose, None where nothing was; no query where the user was read with it."""
    try:
        return user.player_settings
    except PlayerSettings.DoesNotExist:
        return None


def told(row: PlayerSettings | None) -> dict[str, Any]:
    """Return what a player is told: each choice and when it was made, so that it can keep the newest."""
    return {
        "rate": row.rate if row else None,
        "rate_at_ms": to_ms(row.rate_at) if row and row.rate_at else 0,
        "captions": (row.captions or None) if row else None,
        "captions_at_ms": to_ms(row.captions_at) if row and row.captions_at else 0,
    }


@transaction.atomic
def choose(
    *,
    user: User,
    rate: float | None = None,
    captions: str | None = None,
    age: timedelta = timedelta(0),
    now: datetime | None = None,
) -> PlayerSettings:
    """Keep what a person chose `age` ago, unless it was chosen anew since; return what stands now.

    Locks the person's row. What a course allows does not matter here: the wish outlives the course.
    """
    at = (now or timezone.now()) - age
    row, _ = PlayerSettings.objects.select_for_update().get_or_create(user=user)
    if rate is not None and _is_newest(at, row.rate_at):
        row.rate, row.rate_at = rate, at
    if captions is not None and _is_newest(at, row.captions_at):
        row.captions, row.captions_at = captions, at
    row.save()
    return row


def _is_newest(at: datetime, before: datetime | None) -> bool:
    return before is None or at >= before
