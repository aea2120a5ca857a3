"""Presence checks: asked at unpredictable moments of credited time, answered in one's own time.

While one waits, what is played is held; an answer in time counts it, a late one lets it go, and from
the answer on time counts again. So a blocked or ignored question earns nothing, and a miss costs what
was played between the question and the answer, which playing it again makes up.
"""

import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from classroom.progress import chain, errors, spans
from classroom.progress.intervals import Intervals, insert, intervals, size, union
from classroom.progress.models import Evidence, LessonProgress, PersonClock, PlaySession, PresenceCheck
from classroom.progress.moments import from_ms, to_ms
from classroom.progress.spans import Piece, Question, Standing, Verdict
from classroom.progress.terms import policy_of, terms_of

# The time to answer, from the first contact after the question was sent; each extension adds as much.
WINDOW_MS = 60_000
EXTENSIONS_AT_MOST = 10
_ABSENCES_AT_MOST = 64


@dataclass(frozen=True, slots=True)
class Presence:
    """A question that waits, as the player shows it. Missed ones wait too: answering lets time count again."""

    id: uuid.UUID
    seconds_left: int
    is_missed: bool
    extensions_left: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What an answer did. `seen_in`: enrolments in which a lesson came to be seen by it."""

    is_passed: bool
    seen_in: tuple[int, ...] = ()


class Asking:
    """The open question of a person while one report is credited; the caller holds the clock."""

    def __init__(self, clock: PersonClock, progress_id: int, now: int, *, is_contact: bool = True) -> None:
        self.clock, self.progress_id, self.now = clock, progress_id, now
        self.check = (
            PresenceCheck.objects.get(pk=clock.check_open_id) if clock.check_open_id is not None else None
        )
        self._is_dirty = False
        if self.check is not None and self.check.delivered_at is None and is_contact:
            self.check.delivered_at, self.check.expires_at = from_ms(now), from_ms(now + WINDOW_MS)
            self._is_dirty = True

    @property
    def question(self) -> Question | None:
        """The question as the rules know it."""
        if self.check is None:
            return None
        return Question(to_ms(self.check.issued_at), self.now > to_ms(self.check.expires_at))

    @property
    def held(self) -> Intervals:
        """The media of this lesson that is held."""
        listed = self.check.provisional.values() if self.check else ()
        mine = (one["pieces"] for one in listed if one["progress"] == self.progress_id)
        return union((s, e) for pieces in mine for s, e, _, _ in pieces)

    def after(self, session: PlaySession, verdict: Verdict, newly: int, every: int) -> dict[str, Any]:
        """Hold what is to be held; or count down to the next question and ask it. Returns facts for the row."""
        if self.check is not None:
            self._hold(session, verdict.held)
            return {}
        if self.clock.presence_left_ms is None:
            self.clock.presence_left_ms = draw(every)
        if newly < self.clock.presence_left_ms:
            self.clock.presence_left_ms -= newly
            return {}
        self.check = PresenceCheck.objects.create(
            session=session, issued_at=from_ms(self.now), expires_at=from_ms(self.now + WINDOW_MS)
        )
        self.clock.check_open, self.clock.presence_left_ms = self.check, None
        return {"asked": str(self.check.pk)}

    def _hold(self, session: PlaySession, pieces: tuple[Piece, ...]) -> None:
        assert self.check is not None  # noqa: S101 - only called where a question waits
        if pieces:
            mine = self.check.provisional.setdefault(
                str(session.pk), {"progress": self.progress_id, "pieces": []}
            )
            mine["pieces"] += [list(piece) for piece in pieces]
        if pieces or self._is_dirty:
            self.check.save(update_fields=["provisional", "delivered_at", "expires_at"])

    def presence(self) -> Presence | None:
        """Return the question for the player."""
        return _presence(self.check, self.now) if self.check else None


def _presence(check: PresenceCheck, now: int) -> Presence:
    left = to_ms(check.expires_at) - now
    return Presence(
        id=check.pk,
        seconds_left=max(0, left // 1000),
        is_missed=left < 0,
        extensions_left=EXTENSIONS_AT_MOST - check.extensions if left >= 0 else 0,
    )


def draw(every: int) -> int:
    """Return after how much newly credited time (ms) to ask: unpredictable, `every` on average."""
    return every // 2 + secrets.randbelow(every)


class _Again(Exception):
    """Another lesson came under the question between reading it and locking."""


def answer_check(*, check_id: uuid.UUID, user_id: int, now: datetime | None = None) -> Answer:
    """Take a person's answer: "I am here". A second answer changes nothing.

    Locks the progress rows of what is held, then the person's clock. Raises `CheckUnknown`.
    """
    for _ in range(4):
        try:
            return _answer(check_id, user_id, to_ms(now or timezone.now()))
        except _Again:
            continue
    raise errors.CheckUnknown


@transaction.atomic
def _answer(check_id: uuid.UUID, user_id: int, now: int) -> Answer:
    own = PresenceCheck.objects.select_related("session__enrolment").filter(session__clock_id=user_id)
    check = own.filter(pk=check_id).first()
    if check is None:
        raise errors.CheckUnknown
    rows = _locked_progress(check)
    clock = PersonClock.objects.select_for_update(no_key=True).get(pk=user_id)
    check.refresh_from_db(fields=["state", "provisional", "delivered_at", "expires_at", "answered_at"])
    if clock.check_open_id != check.pk:
        return Answer(check.state == PresenceCheck.State.PASSED)
    if {one["progress"] for one in check.provisional.values()} - rows.keys():
        raise _Again
    passed = check.delivered_at is None or now <= to_ms(check.expires_at)
    check.state = PresenceCheck.State.PASSED if passed else PresenceCheck.State.MISSED
    check.answered_at = from_ms(now)
    clock.check_open, clock.presence_left_ms = None, draw(policy_of(check.session.policy).presence or 1)
    if not passed:
        missed = insert(intervals(clock.absences), to_ms(check.issued_at), now)
        clock.absences = [list(one) for one in missed[-_ABSENCES_AT_MOST:]]
    seen_in = _settle_held(check, rows, clock, now, passed)
    check.save(update_fields=["state", "answered_at"])
    clock.save(update_fields=["check_open", "presence_left_ms", "absences", "heads", "life"])
    return Answer(passed, tuple(seen_in))


def _locked_progress(check: PresenceCheck) -> dict[int, LessonProgress]:
    ids = {one["progress"] for one in check.provisional.values()} | {check.session.progress_id}
    rows = LessonProgress.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
    return {row.pk: row for row in rows}


def _settle_held(
    check: PresenceCheck, rows: dict[int, LessonProgress], clock: PersonClock, now: int, passed: bool
) -> list[int]:
    """Credit or let go what was held, one evidence row a session; return where a lesson came to be seen."""
    sessions = {str(check.session_id): check.session}
    others = PlaySession.objects.select_related("enrolment").filter(pk__in=check.provisional.keys())
    sessions |= {str(one.pk): one for one in others}
    seen_in = []
    for key, session in sessions.items():
        held = check.provisional.get(key, {"pieces": []})["pieces"]
        pieces: list[Piece] = [(s, e, a, b) for s, e, a, b in held]
        kept: list[list[int]] = []
        if passed and pieces:
            kept, seen = _release(session, rows[session.progress_id], clock, pieces, now)
            seen_in += [session.enrolment_id] if seen else []
        chain.append(
            clock,
            chain.Entry(
                enrolment_id=session.enrolment_id,
                lesson_id=session.lesson_id,
                kind=Evidence.Kind.PRESENCE,
                received=now,
                session_id=session.pk,
                kept=kept,
                refused=[] if passed else [[spans.Rule.PRESENT, s, e] for s, e, _, _ in pieces],
                facts={"check": str(check.pk), "state": str(check.state)},
            ),
        )
    return seen_in


def _release(
    session: PlaySession, progress: LessonProgress, clock: PersonClock, pieces: list[Piece], now: int
) -> tuple[list[list[int]], bool]:
    """Credit held pieces, and what waited behind them; return what is kept and whether the lesson is seen now."""
    policy = policy_of(session.policy)
    before = Standing(
        coverage=intervals(progress.coverage),
        slack=progress.slack_ms,
        waiting=tuple((s, e, a, b) for s, e, a, b in progress.waiting),
        life=intervals(clock.life),
        folded_until=clock.folded_until,
    )
    terms = terms_of(policy, session.duration_ms, to_ms(session.opened_at))
    verdict = spans.release(pieces, terms=terms, standing=before, now=now)
    after = verdict.standing
    progress.coverage = [list(one) for one in after.coverage]
    progress.covered_ms = size(after.coverage)
    progress.furthest_ms = after.coverage[-1][1] if after.coverage else 0
    progress.slack_ms, progress.waiting = after.slack, [list(piece) for piece in after.waiting]
    progress.updated_at = from_ms(now)
    progress.save(
        update_fields=["coverage", "covered_ms", "furthest_ms", "slack_ms", "waiting", "updated_at"]
    )
    clock.life = [list(one) for one in after.life]
    rule = (session.duration_ms, policy.tolerance, policy.coverage_percent)
    seen = spans.is_seen(after.coverage, *rule) and not spans.is_seen(before.coverage, *rule)
    return [list(piece) for piece in verdict.kept], seen


@transaction.atomic
def extend_check(*, check_id: uuid.UUID, user_id: int, now: datetime | None = None) -> Presence:
    """Give a person another minute to answer. Locks the check.

    Raises `CheckUnknown` where it is not open or not theirs, `NoMoreTime` after the last extension or
    when the time is over.
    """
    moment = to_ms(now or timezone.now())
    own = PresenceCheck.objects.filter(session__clock_id=user_id, state=PresenceCheck.State.OPEN)
    check = own.select_for_update(of=("self",), no_key=True).filter(pk=check_id).first()
    if check is None:
        raise errors.CheckUnknown
    if check.extensions >= EXTENSIONS_AT_MOST or moment > to_ms(check.expires_at):
        raise errors.NoMoreTime
    check.extensions += 1
    check.delivered_at = check.delivered_at or from_ms(moment)
    check.expires_at = from_ms(to_ms(check.expires_at) + WINDOW_MS)
    check.save(update_fields=["extensions", "expires_at", "delivered_at"])
    return _presence(check, moment)
