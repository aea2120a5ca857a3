"""The front page of a learner: the next step first, then what is due, what was earned, the whole scale."""

import re
from typing import Any

from django.utils import timezone

from classroom.learning.pages import Taken
from classroom.learning.pages_mine import MyLearning, my_learning
from classroom.people.models import User

_CHINESE = re.compile("[\u4e00-\u9fff\u3400-\u4dbf]{3,4}")
_MOST_DUE = 4
_MOST_CERTIFICATES = 3
EXPIRES_SOON_DAYS = 90


def given_name(name: str) -> str:
    """Return what one is called among colleagues: without the surname where that leaves two characters."""
    return name[-2:] if _CHINESE.fullmatch(name) else name


def certified(mine: MyLearning) -> list[tuple[Taken, int | None]]:
    """Return the courses with a certificate that holds, with the days until it ends (None: without end)."""
    today = timezone.localdate()
    held = []
    for taken in mine.done:
        if taken.certificate is None:
            continue
        until = taken.certificate.valid_until
        days = (until - today).days if until else None
        if days is None or days >= 0:
            held.append((taken, days))
    return held


def home_page(user: User) -> dict[str, Any]:
    """Return what the front page adds for this learner."""
    mine = my_learning(user)
    everything = [*mine.overdue, *mine.soon, *mine.under_way, *mine.done]
    held = certified(mine)
    return {
        "mine": mine,
        "given_name": given_name(user.name),
        "today": timezone.localdate(),
        "next": mine.next,
        "dated": [*mine.overdue, *mine.soon][:_MOST_DUE],
        "certified": held[:_MOST_CERTIFICATES],
        "certified_count": len(held),
        "expires_soon_days": EXPIRES_SOON_DAYS,
        # The newest enrolment of a course decides where it is taken more than once.
        "curriculum_progress": {
            taken.code: 1.0 if taken.is_completed else taken.percent / 100 for taken in reversed(everything)
        },
    }
