"""Opening a session: what is granted, to whom, for which bytes."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from classroom.enrolment.models import Enrolment
from classroom.people.devices import device_of
from classroom.people.ids import keyed_digest
from classroom.progress import chain, errors
from classroom.progress.models import Evidence, LessonProgress, PersonClock, PlaySession
from classroom.progress.moments import from_ms, to_ms
from classroom.progress.terms import facts_of, policy_of
from courses.catalogue.models import EditionLesson
from media.models import Encode

# How many sessions a clock keeps at hand; an older one is written back to its row.
_SESSIONS_AT_HAND = 4


def hold_clock(user_id: int) -> PersonClock:
    """Lock and return a person's clock, made where absent. Call it in a transaction.

    Whoever will chain a decision takes it before the enrolment, as a report does.
    """
    clocks = PersonClock.objects.select_for_update(no_key=True)
    clock = clocks.filter(pk=user_id).first()
    if clock is None:
        PersonClock.objects.get_or_create(user_id=user_id)
        clock = clocks.get(pk=user_id)
    return clock


def lock(enrolment: Enrolment, lesson: EditionLesson) -> tuple[LessonProgress, PersonClock]:
    """Lock and return the progress of a lesson and then the person's clock, made where absent."""
    progress, _ = LessonProgress.objects.get_or_create(enrolment=enrolment, lesson=lesson)
    progress = LessonProgress.objects.select_for_update(no_key=True).get(pk=progress.pk)
    return progress, hold_clock(enrolment.user_id)


def _granted_encode(enrolment: Enrolment, lesson: EditionLesson) -> Encode:
    if enrolment.state == Enrolment.State.WITHDRAWN:
        raise errors.NotLearning
    if lesson.edition_id != enrolment.edition_id:
        raise errors.LessonNotGranted
    if lesson.kind != EditionLesson.Kind.VIDEO or lesson.encode is None:
        raise errors.LessonNotPlayable
    return lesson.encode


@transaction.atomic
def open_session(
    *,
    enrolment: Enrolment,
    lesson: EditionLesson,
    device: str = "",
    address: str = "",
    agent: str = "",
    now: datetime | None = None,
) -> PlaySession:
    """Grant a viewing of one lesson on one device, begin its evidence, and take the crediting lease.

    The session that had the lease learns it with its next heartbeat; what it still holds back counts.
    Of `address` only a keyed hash is kept and of `agent` its family. Locks the lesson's progress row
    and the person's clock. Raises `NotLearning`, `LessonNotGranted`, `LessonNotPlayable`.
    """
    encode = _granted_encode(enrolment, lesson)
    opened = to_ms(now or timezone.now())
    progress, clock = lock(enrolment, lesson)
    policy = policy_of(enrolment.edition.policy)
    session = PlaySession.objects.create(
        enrolment=enrolment,
        lesson=lesson,
        progress=progress,
        clock=clock,
        encode=encode,
        policy=enrolment.edition.policy,
        duration_ms=lesson.duration_ms,
        opened_at=from_ms(opened),
        heard=[[opened, opened + policy.allowance]],
        device=(device or device_of(agent))[:64],
        address_digest=keyed_digest(address, settings.PSEUDONYM_KEY) if address else "",
        agent_family=device_of(agent)[:32],
    )
    chain.ensure_chain(enrolment)
    chain.append(clock, _opening(session, lesson, opened, facts_of(policy)))
    keep_at_hand(clock, session, {"seq": -1, "early": [], "heard": session.heard})
    clock.session = session
    clock.save(update_fields=["session", "sessions", "heads"])
    return session


def _opening(session: PlaySession, lesson: EditionLesson, opened: int, policy: dict[str, Any]) -> chain.Entry:
    """Return the evidence row that says what was granted."""
    return chain.Entry(
        enrolment_id=session.enrolment_id,
        lesson_id=session.lesson_id,
        kind=Evidence.Kind.OPEN,
        received=opened,
        session_id=session.pk,
        facts={
            "lesson": str(lesson.key),
            "encode": str(session.encode_id),
            "duration_ms": session.duration_ms,
            "policy": policy,
            "address": session.address_digest,
            "agent": session.agent_family,
        },
    )


def keep_at_hand(clock: PersonClock, session: PlaySession, state: dict[str, Any]) -> None:
    """Put a session's state into the clock as the newest; write the oldest back to their rows.

    Each bears its turn: PostgreSQL keeps no order of keys.
    """

    def turn(key: str) -> int:
        return int(clock.sessions[key].get("turn", 0))

    newest = 1 + max(map(turn, clock.sessions), default=0)
    clock.sessions[str(session.pk)] = {**state, "turn": newest}
    while len(clock.sessions) > _SESSIONS_AT_HAND:
        key = min(clock.sessions, key=turn)
        old = clock.sessions.pop(key)
        PlaySession.objects.filter(pk=key).update(
            heard=old["heard"], highest_seq=old["seq"], early=old["early"]
        )
