"""What follows for one person's courses, and the certificates of those that are complete.

First everything is settled, then everything is awarded: enrolments are locked before completions, and
those before the year's counter of certificates. The enrolments of a person are locked in one order, what
is asked for before what asks for it, so that two requests of one person never wait for each other.
"""

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from django.db import transaction

from classroom.certificates.models import Certificate
from classroom.certificates.services import award
from classroom.certificates.tasks import render_soon
from classroom.completion.models import Completion
from classroom.completion.queries import unlocked_by
from classroom.completion.rules import courses_before
from classroom.completion.services import settle
from classroom.enrolment.models import Enrolment

log = logging.getLogger(__name__)


def settle_courses(enrolment_ids: Collection[int], now: datetime | None = None) -> list[Completion]:
    """Settle these enrolments of one person, and with them the courses that waited for theirs.

    Returns the completions that there are now, those of `enrolment_ids` first. Call it in a transaction.
    """
    every = Enrolment.objects.unscoped("the conductor settles everybody's").select_related("course")
    done: list[Completion] = []
    unlocked: list[Enrolment] = []
    for enrolment in _in_order(every.filter(pk__in=enrolment_ids)):
        was_complete = enrolment.state == Enrolment.State.COMPLETED
        completion = settle(enrolment=enrolment, now=now)
        if completion is not None:
            done.append(completion)
            unlocked += [] if was_complete else unlocked_by(completion)
    return done + _settle_waiting([one for one in unlocked if one.pk not in enrolment_ids], now)


def settle_unlocked(completion: Completion, now: datetime | None = None) -> list[Completion]:
    """Settle the person's courses that waited for this one: in them nothing more will be watched."""
    return _settle_waiting(unlocked_by(completion), now)


def _settle_waiting(unlocked: list[Enrolment], now: datetime | None) -> list[Completion]:
    done: list[Completion] = []
    waiting = _in_order(unlocked)
    while waiting:
        completion = settle(enrolment=waiting.pop(0), now=now)
        if completion is not None:
            done.append(completion)
            waiting = _in_order([*waiting, *unlocked_by(completion)])
    return done


def _in_order(enrolments: Iterable[Enrolment]) -> list[Enrolment]:
    """Return enrolments of one person, each once: what is asked for before what asks for it, then by age."""
    found = list({one.pk: one for one in enrolments}.values())
    if len(found) < 2:
        return found
    every = Enrolment.objects.unscoped("one person's, by the filter").order_by("pk")
    own = every.filter(user_id=found[0].user_id).exclude(state=Enrolment.State.WITHDRAWN)
    asked: dict[str, set[str]] = defaultdict(set)
    for code, rule in own.values_list("course__code", "edition__rule"):
        asked[code].update(courses_before(rule))
    rank = _ranks(asked)
    return sorted(found, key=lambda one: (rank.get(one.course.code, 0), one.pk))


def _ranks(asked: dict[str, set[str]]) -> dict[str, int]:
    """Return for each course how many lie before it, one asking for the next; a ring ends with the round."""
    rank = dict.fromkeys(asked, 0)
    for _ in asked:
        for code, before in asked.items():
            rank[code] = max((rank[one] + 1 for one in before if one in rank), default=0)
    return rank


def award_each(completions: Sequence[Completion], now: datetime | None = None) -> list[Certificate | None]:
    """Award each completion, and have the certificates rendered; None for one that has to wait.

    Locks all of the completions before the first award takes the year's counter. Call it in a transaction.
    """
    if len(completions) > 1:
        every = Completion.objects.unscoped("the award is the system's own act")
        rows = every.filter(pk__in=[one.pk for one in completions]).order_by("pk")
        list(rows.select_for_update(no_key=True).values_list("pk"))
    return [award_one(completion, now) for completion in completions]


def award_one(completion: Completion, now: datetime | None = None) -> Certificate | None:
    """Award and have it rendered. One that cannot be made now never costs a watched second or an exam."""
    try:
        with transaction.atomic():
            certificate = award(completion=completion, now=now)
    except Exception:
        log.exception("completion %s has no certificate yet; the sweep will try again", completion.pk)
        return None
    render_soon(certificate)
    return certificate
