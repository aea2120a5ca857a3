"""A viewing of a draft's lecture: judged by the learner's own rules, kept in the cache for a while, never in a row."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.core.cache import cache
from django.utils import timezone

from classroom.progress.errors import SessionUnknown
from classroom.progress.intervals import Intervals, insert, size, union
from classroom.progress.moments import to_ms
from classroom.progress.reach import was_reached
from classroom.progress.services.credit import Credit
from classroom.progress.services.presence import EXTENSIONS_AT_MOST, WINDOW_MS, Presence, draw
from classroom.progress.spans import (
    Piece,
    Question,
    Refused,
    Span,
    Standing,
    Terms,
    Verdict,
    heard_at,
    is_seen,
    judge,
    missing,
    release,
)
from classroom.progress.terms import GRANT_MS, policy_of, terms_of
from courses.catalogue.policy import Policy


@dataclass
class Check:
    """A question whether one is there, and what was played since it was put."""

    id: uuid.UUID
    asked: int
    until: int
    extensions: int = 0
    held: tuple[Piece, ...] = ()


@dataclass
class Viewing:
    """One opening of a lecture and how far one has come in it. Times are milliseconds."""

    id: uuid.UUID
    person: int
    terms: Terms
    percent: int
    every: int
    standing: Standing
    next_check: int
    seen: set[int] = field(default_factory=set)
    # When the last report came.
    heard: int = 0
    check: Check | None = None

    @property
    def covered(self) -> int:
        """How much would be verified."""
        return size(self.standing.coverage)

    @property
    def missing(self) -> Intervals:
        """What would still be to be watched."""
        return missing(self.standing.coverage, self.terms.duration, self.terms.tolerance)

    @property
    def is_seen(self) -> bool:
        """Whether the lecture would count as seen."""
        return is_seen(self.standing.coverage, self.terms.duration, self.terms.tolerance, self.percent)

    @property
    def highest(self) -> int:
        """The report up to which none is missing; -1 before the first."""
        number = -1
        while number + 1 in self.seen:
            number += 1
        return number

    def presence(self, now: int) -> Presence | None:
        """Return the question that waits, as the player shows it."""
        if self.check is None:
            return None
        left = max(0, (self.check.until - now) // 1000)
        return Presence(self.check.id, left, EXTENSIONS_AT_MOST - self.check.extensions)


def open_viewing(*, person: int, policy: Policy, duration_ms: int, now: datetime | None = None) -> Viewing:
    """Begin a viewing by the draft's rules; it begins at nothing each time."""
    name, moment, rules = uuid.uuid4(), to_ms(now or timezone.now()), policy_of(policy.to_dict())
    terms = terms_of(rules, str(name), duration_ms, moment)
    viewing = Viewing(
        id=name,
        person=person,
        terms=terms,
        percent=rules.coverage_percent,
        every=rules.presence,
        standing=Standing(heard=heard_at([], moment, terms.allowance)),
        next_check=draw(rules.presence) if rules.presence else 0,
        heard=moment,
    )
    _keep(viewing)
    return viewing


def take_report(
    *, person: int, viewing_id: uuid.UUID, seq: int, spans: Iterable[Span], now: datetime | None = None
) -> Credit:
    """Judge a report as a learner's would be, and remember where that leads. Sent again, it changes nothing.

    What comes back is what a learner would be told; its rows do not exist.

    Raises `SessionUnknown` for another person's viewing and for one that is forgotten.
    """
    viewing, moment = _kept(person, viewing_id), to_ms(now or timezone.now())
    before = viewing.covered
    if seq in viewing.seen:
        return _credit(viewing, moment)
    viewing.seen.add(seq)
    viewing.heard = max(viewing.heard, moment)
    _miss(viewing, moment)
    check = viewing.check
    verdict = judge(
        spans,
        terms=viewing.terms,
        standing=viewing.standing,
        now=moment,
        question=Question(check.asked) if check else None,
    )
    viewing.standing = verdict.standing
    if check is not None:
        check.held += verdict.held
    elif viewing.every and viewing.covered >= viewing.next_check:
        viewing.check = Check(uuid.uuid4(), moment, moment + WINDOW_MS)
    _keep(viewing)
    return _credit(viewing, moment, viewing.covered - before, verdict.refused)


def _credit(viewing: Viewing, now: int, newly: int = 0, refused: tuple[Refused, ...] = ()) -> Credit:
    return Credit(
        enrolment_id=0,
        lesson_id=0,
        newly_ms=newly,
        covered_ms=viewing.covered,
        duration_ms=viewing.terms.duration,
        coverage=viewing.standing.coverage,
        furthest_ms=viewing.standing.furthest,
        missing=viewing.missing,
        waiting=union((s, e) for s, e, *_ in viewing.standing.waiting),
        refused=refused,
        highest_seq=viewing.highest,
        crossed=False,
        is_seen=viewing.is_seen,
        has_lease=True,
        is_course_complete=False,
        received_ms=now,
        session_ms=now - viewing.terms.opened,
        presence=viewing.presence(now),
    )


def _miss(viewing: Viewing, now: int) -> None:
    """Let go what was held once the time to answer is over; the question stands again from there."""
    check = viewing.check
    if check is None or now <= check.until:
        return
    standing = viewing.standing
    absences = insert(standing.absences, check.asked, check.until)
    viewing.standing = replace(standing, held=[], absences=absences)
    viewing.check = Check(uuid.uuid4(), check.until, now + WINDOW_MS)


def has_shown(*, person: int, viewing_id: uuid.UUID, moment: int, now: datetime | None = None) -> bool:
    """Whether a moment of the lecture was played in this viewing, by the rule that holds for learners.

    Raises `SessionUnknown`.
    """
    viewing = _kept(person, viewing_id)
    terms = viewing.terms
    waiting = [(s, e) for s, e, *_ in viewing.standing.waiting]
    held = [(s, e) for s, e, *_ in viewing.check.held] if viewing.check else []
    return was_reached(
        moment,
        [*viewing.standing.coverage, *waiting, *held],
        quiet=to_ms(now or timezone.now()) - viewing.heard,
        cap=terms.cap,
        tolerance=terms.tolerance,
    )


def answer_check(*, person: int, viewing_id: uuid.UUID, now: datetime | None = None) -> bool:
    """Take "I am here"; return whether it came in time. Raises `SessionUnknown`."""
    viewing, moment = _kept(person, viewing_id), to_ms(now or timezone.now())
    before = viewing.check
    _miss(viewing, moment)
    check = viewing.check
    if check is not None:
        verdict: Verdict = release(check.held, terms=viewing.terms, standing=viewing.standing, now=moment)
        viewing.standing, viewing.check = verdict.standing, None
        viewing.next_check = viewing.covered + draw(viewing.every)
        _keep(viewing)
    return check is before


def extend_check(*, person: int, viewing_id: uuid.UUID, now: datetime | None = None) -> Presence | None:
    """Give another minute to answer, as often as learners have; None where no question waits.

    Raises `SessionUnknown`.
    """
    viewing, moment = _kept(person, viewing_id), to_ms(now or timezone.now())
    check = viewing.check
    if check is not None and check.extensions < EXTENSIONS_AT_MOST:
        check.extensions += 1
        check.until = max(check.until, moment) + WINDOW_MS
        _keep(viewing)
    return viewing.presence(moment)


def _key(person: int, viewing_id: uuid.UUID) -> str:
    return f"learning:preview:{person}:{viewing_id}"


def _keep(viewing: Viewing) -> None:
    cache.set(_key(viewing.person, viewing.id), viewing, GRANT_MS // 1000)


def _kept(person: int, viewing_id: uuid.UUID) -> Viewing:
    viewing: Viewing | None = cache.get(_key(person, viewing_id))
    if viewing is None:
        raise SessionUnknown
    return viewing
