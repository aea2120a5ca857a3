"""Presence checks: asked at unpredictable moments of credited time, answered in one's own time.

While one waits, what is played is held; an answer in time counts it. When the time is over, what was
held is let go, and the question stands again from that moment: it is sent anew with the next report
that has something played. So a blocked or ignored question earns nothing, and a miss costs what was
played while it was open, which playing it again makes up.
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
from classroom.progress.spans import Piece, Question, Standing, Verdict, Waiting
from classroom.progress.terms import policy_of, terms_of

Facts = dict[str, Any]
# The time to answer, from the first contact after the question was sent; each extension adds as much.
WINDOW_MS = 60_000
EXTENSIONS_AT_MOST = 10
_ABSENCES_AT_MOST = 64


@dataclass(frozen=True, slots=True)
class Presence:
    """A question that waits, as the player shows it.

    `seconds_left` to the millisecond: a player that counted down whole ones would say that the time is
    over while an answer still counts.
    """

    id: uuid.UUID
    seconds_left: float
    extensions_left: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What an answer did. `seen_in`: enrolments in which a lesson came to be seen by it."""

    is_passed: bool
    seen_in: tuple[int, ...] = ()


class Asking:
    """The open question of a person while one report is taken; the caller holds the clock."""

    def __init__(self, clock: PersonClock, progress_id: int, now: int) -> None:
        self.clock, self.progress_id, self.now = clock, progress_id, now
        self.facts: dict[str, Any] = {}
        self._is_dirty = False
        self.check = (
            PresenceCheck.objects.get(pk=clock.check_open_id) if clock.check_open_id is not None else None
        )

    def hear(self) -> None:
        """Take a contact: the time begins to run with the first after the question was sent, or is over."""
        check = self.check
        if check is None:
            return
        if check.delivered_at is not None:
            if self.now > to_ms(check.expires_at):
                self._miss(check)
        elif check.sent_at is not None:
            check.delivered_at, check.expires_at = from_ms(self.now), from_ms(self.now + WINDOW_MS)
            self._is_dirty = True

    def _miss(self, check: PresenceCheck) -> None:
        """Let go what was held; the question stands again from the moment its time was over."""
        over = to_ms(check.expires_at)
        check.state = PresenceCheck.State.MISSED
        check.save(update_fields=["state"])
        _note_absence(self.clock, to_ms(check.issued_at), over)
        dropped = [[key, *piece] for key, one in check.provisional.items() for piece in one["pieces"]]
        self.facts["missed"] = {"check": str(check.pk), "dropped": dropped}
        self.check = PresenceCheck.objects.create(
            session_id=check.session_id,
            issued_at=check.expires_at,
            expires_at=from_ms(max(self.now, over) + WINDOW_MS),
        )
        self.clock.check_open = self.check

    @property
    def question(self) -> Question | None:
        """The question as the rules know it."""
        return Question(to_ms(self.check.issued_at)) if self.check else None

    @property
    def held(self) -> Intervals:
        """The media of this lesson that is held."""
        listed = self.check.provisional.values() if self.check else ()
        mine = (one["pieces"] for one in listed if one["progress"] == self.progress_id)
        return union((s, e) for pieces in mine for s, e, _, _ in pieces)

    def only_counts(self, newly: int) -> bool:
        """Whether `settle` does no more than to count down what was newly credited."""
        left = self.clock.presence_left_ms
        return self.check is None and left is not None and newly < left

    def settle(self, session: PlaySession, verdict: Verdict, newly: int, every: int, played: bool) -> None:
        """Hold what is to be held and send the question; or count down to the next and ask it."""
        check = self.check
        if check is None:
            self._count_down(session, newly, every)
            return
        if verdict.held:
            for piece in verdict.held:
                # What another session had shown and waited until now is credited to that one.
                key = verdict.session_of(piece) or str(session.pk)
                one = check.provisional.setdefault(key, {"progress": self.progress_id, "pieces": []})
                one["pieces"].append(list(piece))
        if check.sent_at is None and played:
            check.sent_at = from_ms(self.now)
            self._is_dirty = True
        if verdict.held or self._is_dirty:
            check.save(update_fields=["provisional", "sent_at", "delivered_at", "expires_at"])

    def _count_down(self, session: PlaySession, newly: int, every: int) -> None:
        if self.clock.presence_left_ms is None:
            self.clock.presence_left_ms = draw(every)
        if newly < self.clock.presence_left_ms:
            self.clock.presence_left_ms -= newly
            return
        moment = from_ms(self.now)
        self.check = PresenceCheck.objects.create(
            session=session,
            issued_at=moment,
            sent_at=moment,
            expires_at=from_ms(self.now + WINDOW_MS),
        )
        self.clock.check_open, self.clock.presence_left_ms = self.check, None
        self.facts["asked"] = str(self.check.pk)

    def presence(self) -> Presence | None:
        """Return the question for the player; None while it waits for the player to play on."""
        return _presence(self.check, self.now) if self.check and self.check.sent_at else None


def _note_absence(clock: PersonClock, start: int, end: int) -> None:
    missed = insert(intervals(clock.absences), start, end)
    clock.absences = [list(one) for one in missed[-_ABSENCES_AT_MOST:]]


def _presence(check: PresenceCheck, now: int) -> Presence:
    return Presence(
        id=check.pk,
        seconds_left=max(0, to_ms(check.expires_at) - now) / 1000,
        extensions_left=EXTENSIONS_AT_MOST - check.extensions,
    )


def waiting_of(stored: list[list[Any]]) -> tuple[Waiting, ...]:
    """Return what waits as the rules take it. Rows of former days do not name the session."""
    return tuple((s, e, a, b, whose[0] if whose else "") for s, e, a, b, *whose in stored)


def waited_facts(verdict: Verdict) -> Facts:
    """Return what a row says of the pieces that other sessions had shown: whose they are, and when."""
    waited = [[whose, a, b] for _, _, a, b, whose in verdict.waited if whose]
    return {"waited": waited} if waited else {}


def draw(every: int) -> int:
    """Return after how much newly credited time (ms) to ask: unpredictable, `every` on average."""
    return every // 2 + secrets.randbelow(every)


class _Again(Exception):
    """Between reading and locking, another question stood or another lesson came under it."""


def answer_check(*, check_id: uuid.UUID, user_id: int, now: datetime | None = None) -> Answer:
    """Take a person's answer: "I am here". A second answer changes nothing.

    Whichever of their questions is answered, the one that waits now is. Locks the progress rows of
    what is held, then the person's clock. Raises `CheckUnknown` for nobody's or another person's.
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
    waiting = PersonClock.objects.filter(pk=user_id).values_list("check_open_id", flat=True).first()
    if waiting not in (None, check.pk):
        check = own.get(pk=waiting)
    rows = _locked_progress(check)
    clock = PersonClock.objects.select_for_update(no_key=True).get(pk=user_id)
    check.refresh_from_db(fields=["state", "provisional", "delivered_at", "expires_at", "answered_at"])
    if clock.check_open_id is None:
        return Answer(check.state == PresenceCheck.State.PASSED)
    if (
        clock.check_open_id != check.pk
        or {one["progress"] for one in check.provisional.values()} - rows.keys()
    ):
        raise _Again
    passed = check.delivered_at is None or now <= to_ms(check.expires_at)
    check.state = PresenceCheck.State.PASSED if passed else PresenceCheck.State.MISSED
    check.answered_at = from_ms(now)
    clock.check_open, clock.presence_left_ms = None, draw(policy_of(check.session.policy).presence or 1)
    if not passed:
        _note_absence(clock, to_ms(check.issued_at), now)
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
        facts: Facts = {"check": str(check.pk), "state": str(check.state)}
        if passed and pieces:
            verdict, seen = _release(session, rows[session.progress_id], clock, pieces, now)
            kept = [list(piece) for piece in verdict.kept]
            facts |= waited_facts(verdict)
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
                facts=facts,
            ),
        )
    return seen_in


def _release(
    session: PlaySession, progress: LessonProgress, clock: PersonClock, pieces: list[Piece], now: int
) -> tuple[Verdict, bool]:
    """Credit held pieces, and what waited behind them; return what it is and whether the lesson is seen now."""
    policy = policy_of(session.policy)
    before = Standing(
        coverage=intervals(progress.coverage),
        slack=progress.slack_ms,
        waiting=waiting_of(progress.waiting),
        life=intervals(clock.life),
        folded_until=clock.folded_until,
    )
    terms = terms_of(policy, str(session.pk), session.duration_ms, to_ms(session.opened_at))
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
    return verdict, seen


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
    if check.delivered_at is None:
        # Nothing was heard since it was sent, so its time begins only now.
        check.delivered_at, check.expires_at = from_ms(moment), from_ms(moment + WINDOW_MS)
    if check.extensions >= EXTENSIONS_AT_MOST or moment > to_ms(check.expires_at):
        raise errors.NoMoreTime
    check.extensions += 1
    check.expires_at = from_ms(to_ms(check.expires_at) + WINDOW_MS)
    check.save(update_fields=["extensions", "expires_at", "delivered_at"])
    return _presence(check, moment)
