"""Crediting a report: lock, judge, append one evidence row, update the fold. All in one transaction."""

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from classroom.enrolment.models import Enrolment
from classroom.people.models import User
from classroom.progress import chain, errors, history, rows, spans, two_calls
from classroom.progress.intervals import Intervals, intervals, size, union
from classroom.progress.models import Evidence, LessonProgress, PersonClock, PlaySession
from classroom.progress.moments import from_ms, to_ms
from classroom.progress.services.presence import Asking, Presence, waited_facts, waiting_of
from classroom.progress.services.sessions import keep_at_hand
from classroom.progress.spans import Refused, Span, Standing, Verdict
from classroom.progress.terms import Policy, policy_of, terms_of

# Wall time older than this can earn no more; a device that was away longer loses what it kept.
LIFE_HORIZON_MS = 7 * 24 * 3600 * 1000
LIFE_AT_MOST = 128
# How many reports may be missing before one that arrives.
_EARLY_AT_MOST = 512


@dataclass(frozen=True, slots=True)
class Credit:
    """What a report changed, for the conductor and for the learner. Times are milliseconds.

    `crossed`: with this report the lesson came to be seen. `missing`: what is still to be watched;
    `waiting`: what of it was shown already, and counts once what lies before it is.
    """

    enrolment_id: int
    lesson_id: int
    newly_ms: int
    covered_ms: int
    duration_ms: int
    coverage: Intervals
    furthest_ms: int
    missing: Intervals
    waiting: Intervals
    refused: tuple[Refused, ...]
    highest_seq: int
    crossed: bool
    is_seen: bool
    has_lease: bool
    is_course_complete: bool
    received_ms: int
    session_ms: int
    presence: Presence | None = None
    is_repeat: bool = False


class _MoreCalls(Exception):
    """A report is taken in two calls, and leads to more than that."""


@dataclass(slots=True)
class _Case:
    """One session with all the rows that a report to it may change: locked, or else read in `two_calls`."""

    session: PlaySession
    progress: LessonProgress
    clock: PersonClock
    state: dict[str, Any]
    policy: Policy
    opened: int
    begun: two_calls.Report | None = None

    def need_more(self) -> None:
        """Call before whatever two calls cannot do; raises `_MoreCalls` where there are no more."""
        if self.begun is not None:
            raise _MoreCalls

    def write(self, batch: rows.Batch) -> None:
        """Write what was gathered. Raises `two_calls.Moved`."""
        if self.begun is None:
            batch.write()
        else:
            self.begun.write(batch)

    def has(self, seq: int) -> bool:
        """Whether the report of this number was received before."""
        return seq <= self.state["seq"] or seq in self.state["early"]

    def note(self, seq: int) -> None:
        """Note the number as received; the contiguous run may grow over those that came early."""
        early = {*self.state["early"], seq}
        highest = self.state["seq"]
        while highest + 1 in early:
            highest += 1
            early.discard(highest)
        if len(early) > _EARLY_AT_MOST:
            raise errors.TooFarAhead
        self.state |= {"seq": highest, "early": sorted(early)}


def credit(*, session: PlaySession, seq: int, spans: Iterable[Span], now: datetime | None = None) -> Credit:
    """Credit one report of `session`; see `receive`."""
    return receive(session_id=session.pk, user_id=session.clock_id, seq=seq, spans=spans, now=now)


@transaction.atomic
def receive(
    *,
    session_id: uuid.UUID,
    user_id: int,
    seq: int,
    spans: Iterable[Span],
    position_ms: int | None = None,
    now: datetime | None = None,
) -> Credit:
    """Take one report in a transaction of its own; see `take_report`."""
    return take_report(
        session_id=session_id, user_id=user_id, seq=seq, spans=spans, position_ms=position_ms, now=now
    )


def take_report(
    *,
    session_id: uuid.UUID,
    user_id: int,
    seq: int,
    spans: Iterable[Span],
    position_ms: int | None = None,
    now: datetime | None = None,
    admits: Callable[[User], bool] | None = None,
) -> Credit:
    """Credit the report `seq` of a person's own session, once; a repeat returns what was stored.

    Locks the lesson's progress row and the person's clock by one read, appends one evidence row and updates
    both: four statements, the writing ones sent as one to PostgreSQL, however much evidence there is. A
    presence check that waits costs two more. Call inside a transaction: a savepoint of its own would cost two
    round trips. `admits` is asked about the person's row (key, password, active) before anything else. Raises
    `SessionUnknown`, also for another person's, `SignedOut` where they are not admitted, and `TooFarAhead`.
    """
    session = rows.locked_session(session_id, user_id)
    case = _case_of(session, admits)
    return _take(case, seq, spans, position_ms, to_ms(now or timezone.now()))


def take_in_two_calls(
    *,
    session_id: uuid.UUID,
    user_id: int,
    seq: int,
    spans: Iterable[Span],
    position_ms: int | None = None,
    now: datetime | None = None,
    admits: Callable[[User], bool] | None = None,
) -> Credit | None:
    """Credit a report as `take_report` does, in one read and one write of its own; see `two_calls`.

    Returns None, with nothing written, where that cannot be: inside a transaction, where another report came
    between, or where this one leads to more than three rows (a repeat, a presence check, a lesson that
    comes to be seen, a session not at hand). `take_report` is for those. Raises the same.
    """
    if not two_calls.are_possible():
        return None
    try:
        with two_calls.begun(session_id, user_id) as begun:
            case = _case_of(begun.session, admits, begun)
            return _take(case, seq, spans, position_ms, to_ms(now or timezone.now()))
    except (_MoreCalls, two_calls.Moved):
        return None


def _take(case: _Case, seq: int, reported: Iterable[Span], position_ms: int | None, received: int) -> Credit:
    if case.has(seq):
        case.need_more()
        return _repeated(case, seq, received)
    case.note(seq)
    reported = list(reported)
    asking = _asking(case, received)
    if asking:
        asking.hear()
    before = _standing(case, asking)
    verdict = _judge(case, reported, before, received, asking)
    newly = size(verdict.standing.coverage) - case.progress.covered_ms
    if asking:
        if not asking.only_counts(newly):
            case.need_more()
        asking.settle(case.session, verdict, newly, case.policy.presence, bool(reported))
    batch = rows.Batch()
    _append(batch, case, seq, reported, verdict, received, asking.facts if asking else {})
    _save_progress(batch, case, verdict.standing, reported, position_ms, received)
    _save_clock(batch, case, verdict.standing, received)
    credit = _credit(case, before.coverage, verdict, newly, received, asking)
    if credit.crossed:
        case.need_more()
    case.write(batch)
    return credit


def _case_of(
    session: PlaySession | None,
    admits: Callable[[User], bool] | None,
    begun: two_calls.Report | None = None,
) -> _Case:
    """Return what a report to this session may change, or raise why it may not."""
    if session is None:
        raise errors.SessionUnknown
    if admits is not None and not admits(session.clock.user):
        raise errors.SignedOut
    state = session.clock.sessions.get(str(session.pk))
    if begun is not None and (state is None or str(session.enrolment_id) not in session.clock.heads):
        raise _MoreCalls
    if state is None:
        # Written back to its row, perhaps while this report waited for the clock: what was read is too old.
        session.refresh_from_db(fields=["highest_seq", "early", "heard"])
        state = {"seq": session.highest_seq, "early": session.early, "heard": session.heard}
    policy = policy_of(session.policy)
    opened = to_ms(session.opened_at)
    return _Case(session, session.progress, session.clock, state, policy, opened, begun)


def _asking(case: _Case, now: int) -> Asking | None:
    if not case.policy.presence:
        return None
    if case.clock.check_open_id is not None:
        case.need_more()
    return Asking(case.clock, case.progress.pk, now)


def _standing(case: _Case, asking: Asking | None) -> Standing:
    progress, clock = case.progress, case.clock
    return Standing(
        coverage=intervals(progress.coverage),
        slack=progress.slack_ms,
        waiting=waiting_of(progress.waiting),
        held=asking.held if asking else [],
        life=intervals(clock.life),
        folded_until=clock.folded_until,
        absences=intervals(clock.absences),
        heard=intervals(case.state["heard"]),
    )


def _judge(
    case: _Case, reported: list[Span], standing: Standing, received: int, asking: Asking | None
) -> Verdict:
    session = case.session
    ends = [to_ms(one) for one in (session.closed_at, session.enrolment.withdrawn_at) if one]
    return spans.judge(
        reported,
        terms=terms_of(case.policy, str(session.pk), session.duration_ms, case.opened, *ends),
        standing=standing,
        now=received,
        question=asking.question if asking else None,
    )


def _append(
    batch: rows.Batch,
    case: _Case,
    seq: int,
    reported: list[Span],
    verdict: Verdict,
    received: int,
    facts: dict[str, Any],
) -> None:
    if verdict.held:
        facts = {**facts, "held": [list(piece) for piece in verdict.held]}
    facts = {**facts, **waited_facts(verdict)}
    chain.append(
        case.clock,
        chain.Entry(
            enrolment_id=case.session.enrolment_id,
            lesson_id=case.session.lesson_id,
            kind=Evidence.Kind.WATCH,
            received=received,
            session_id=case.session.pk,
            seq=seq,
            spans=[[one.s, one.e, one.t0, one.t1, one.rate] for one in reported],
            kept=[list(piece) for piece in verdict.kept],
            refused=[[one.rule, one.s, one.e] for one in verdict.refused],
            facts=facts,
        ),
        batch,
    )


def _save_progress(
    batch: rows.Batch,
    case: _Case,
    after: Standing,
    reported: list[Span],
    position_ms: int | None,
    received: int,
) -> None:
    """Write the fold. A position told late never overwrites a newer one from another device."""
    progress = case.progress
    progress.coverage = [list(one) for one in after.coverage]
    progress.covered_ms = size(after.coverage)
    progress.furthest_ms = after.coverage[-1][1] if after.coverage else 0
    progress.slack_ms = after.slack
    progress.waiting = [list(piece) for piece in after.waiting]
    progress.updated_at = from_ms(received)
    if position_ms is None and reported:
        position_ms = reported[-1].e
    at = min(received, case.opened + max((one.t1 for one in reported), default=received - case.opened))
    if position_ms is not None and (progress.position_at is None or to_ms(progress.position_at) <= at):
        progress.position_ms = min(position_ms, case.session.duration_ms)
        progress.position_at = from_ms(at)
    batch.update(
        progress,
        *("coverage", "covered_ms", "furthest_ms", "slack_ms", "waiting"),
        *("updated_at", "position_ms", "position_at"),
    )


def _save_clock(batch: rows.Batch, case: _Case, after: Standing, received: int) -> None:
    clock = case.clock
    life, folded = spans.fold_life(after.life, clock.folded_until, received, LIFE_HORIZON_MS, LIFE_AT_MOST)
    clock.life, clock.folded_until = [list(one) for one in life], folded
    keep_at_hand(clock, case.session, {**case.state, "heard": [list(one) for one in after.heard]})
    batch.update(
        clock,
        *("life", "folded_until", "sessions", "heads", "check_open", "absences", "presence_left_ms"),
    )


def _credit(
    case: _Case,
    before: Intervals,
    verdict: Verdict,
    newly: int,
    received: int,
    asking: Asking | None,
    is_repeat: bool = False,
) -> Credit:
    coverage, duration, policy = verdict.standing.coverage, case.session.duration_ms, case.policy
    seen = spans.is_seen(coverage, duration, policy.tolerance, policy.coverage_percent)
    was = seen and spans.is_seen(before, duration, policy.tolerance, policy.coverage_percent)
    return Credit(
        enrolment_id=case.session.enrolment_id,
        lesson_id=case.session.lesson_id,
        newly_ms=newly,
        covered_ms=case.progress.covered_ms,
        duration_ms=duration,
        coverage=coverage,
        furthest_ms=verdict.standing.furthest,
        missing=spans.missing(coverage, duration, policy.tolerance),
        waiting=union((s, e) for s, e, *_ in verdict.standing.waiting),
        refused=verdict.refused,
        highest_seq=case.state["seq"],
        crossed=seen and not was,
        is_seen=seen,
        has_lease=case.clock.session_id == case.session.pk,
        is_course_complete=case.session.enrolment.state == Enrolment.State.COMPLETED,
        received_ms=received,
        session_ms=received - case.opened,
        presence=asking.presence() if asking else None,
        is_repeat=is_repeat,
    )


def _repeated(case: _Case, seq: int, now: int) -> Credit:
    """Return what a report earned when it was first received; nothing is credited again.

    The server hears from the session all the same, which matters to one whose acknowledgement was
    lost long ago: the contact is kept where it would be missed.
    """
    # Where the storage has lost it, it is durable all the same: what it earned was credited.
    stored = history.stored_report(case.session.enrolment_id, case.session.pk, seq)
    row = stored or {"refused": [], "kept": [], "received": now}
    heard = intervals(case.state["heard"])
    if heard[-1][1] < now + case.policy.allowance // 2:
        later = spans.heard_at(heard, now, case.policy.allowance)
        keep_at_hand(case.clock, case.session, {**case.state, "heard": [list(one) for one in later]})
        case.clock.save(update_fields=["sessions"])
    asking = _asking(case, now)
    standing = _standing(case, asking)
    refused = tuple(Refused(rule, s, e) for rule, s, e in row["refused"])
    verdict = Verdict(standing, (), (), refused)
    newly = size((s, e) for s, e, _, _ in row["kept"])
    return _credit(case, standing.coverage, verdict, newly, row["received"], asking, is_repeat=True)
