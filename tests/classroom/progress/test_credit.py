"""Crediting reports against the database: one evidence row each, the fold, the lease, many devices."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from classroom.enrolment.models import Enrolment
from classroom.progress import errors, services, verifier
from classroom.progress.chain import body_of_row
from classroom.progress.models import Chain, Evidence, LessonProgress, PersonClock, PlaySession
from classroom.progress.moments import from_ms, to_ms
from classroom.progress.spans import Refused, Rule, Span
from tests.factories.catalogue import EditionLessonFactory
from tests.factories.people import UserFactory
from tests.learner import BEGIN, Learner

pytestmark = pytest.mark.django_db


def test_an_opened_session_says_what_is_granted(learner):
    session = learner.open()
    assert session.encode == learner.lesson.encode
    assert session.policy == learner.enrolment.edition.policy
    assert session.device == "Chrome, Windows"
    assert session.address_digest
    assert "192.0.2.7" not in session.address_digest
    row = Evidence.rows.get(session=session)
    assert row.kind == Evidence.Kind.OPEN
    assert row.facts["encode"] == str(session.encode_id)
    assert row.facts["lesson"] == str(learner.lesson.key)
    chain = Chain.objects.get(enrolment=learner.enrolment)
    assert chain.genesis["person"] == str(learner.enrolment.user.pseudonym)
    assert chain.genesis["edition_digest"] == learner.enrolment.edition.digest
    assert (chain.length, chain.head) == (1, row.hash)


def test_a_session_is_refused_where_nothing_could_count(learner):
    foreign = EditionLessonFactory()
    with pytest.raises(errors.LessonNotGranted):
        services.open_session(enrolment=learner.enrolment, lesson=foreign)
    reading = EditionLessonFactory(edition=learner.enrolment.edition, reading=True)
    with pytest.raises(errors.LessonNotPlayable):
        services.open_session(enrolment=learner.enrolment, lesson=reading)
    learner.enrolment.state = Enrolment.State.WITHDRAWN
    with pytest.raises(errors.NotLearning):
        learner.open()


def test_playing_a_lecture_through_is_credited_and_crosses_once(learner):
    learner.open()
    crossed = [learner.play(start, start + 15).crossed for start in range(0, 180, 15)]
    assert crossed == [False] * 11 + [True]
    progress = learner.progress
    assert progress.coverage == [[0, 180_000]]
    assert (progress.covered_ms, progress.furthest_ms) == (180_000, 180_000)
    assert progress.position_ms == 180_000
    assert not learner.play(0, 15).crossed


def test_every_report_is_one_row_of_the_chain(learner):
    learner.open()
    learner.play(0, 45)
    rows = list(Evidence.rows.filter(enrolment=learner.enrolment).order_by("index"))
    assert [row.index for row in rows] == [0, 1, 2, 3]
    assert [row.seq for row in rows] == [None, 0, 1, 2]
    head = Chain.objects.get(enrolment=learner.enrolment).genesis_hash
    for row in rows:
        assert row.previous_hash == head
        head = verifier.hash_row(head, body_of_row(row))
        assert row.hash == head
    assert rows[1].kept == [[0, 15_000, to_ms(BEGIN), to_ms(BEGIN) + 15_000]]
    assert rows[1].spans == [[0, 15_000, 0, 15_000, 1000]]
    assert rows[1].received_at == from_ms(to_ms(BEGIN) + 15_000)


def test_a_repeat_returns_what_was_stored_and_writes_nothing(learner):
    learner.open()
    span = learner.span(0, 15)
    ahead = Span(100_000, 110_000, 15_000, 25_000)
    learner.wait(10)
    first = learner.report(span, ahead)
    learner.wait(5)
    again = learner.report(span, ahead, seq=0)
    assert again.is_repeat
    assert not first.is_repeat
    for name in ("covered_ms", "coverage", "refused", "highest_seq", "received_ms", "session_ms", "missing"):
        assert getattr(again, name) == getattr(first, name), name
    assert Evidence.rows.filter(kind="watch").count() == 1


def test_a_repeat_long_after_counts_as_a_contact(learner):
    learner.open()
    span = learner.span(0, 15)
    learner.report(span)
    learner.wait(14 * 60)
    learner.report(span, seq=0)
    learner.wait(10 * 60)
    assert learner.report(learner.span(15, 15)).covered_ms == 30_000


def test_reports_in_any_order_end_alike_and_tell_the_contiguous_run(learner):
    learner.open()
    spans = [learner.span(start, 15) for start in range(0, 60, 15)]
    assert learner.report(spans[2], seq=2).highest_seq == -1
    assert learner.report(spans[0], seq=0).highest_seq == 0
    assert learner.report(spans[3], seq=3).covered_ms == 15_000
    last = learner.report(spans[1], seq=1)
    assert last.highest_seq == 3
    assert last.coverage == [(0, 60_000)]
    assert learner.progress.waiting == []


def test_a_number_far_ahead_is_refused_and_nothing_changes(learner):
    learner.open()
    clock = PersonClock.objects.get(pk=learner.enrolment.user_id)
    clock.sessions[str(learner.session.pk)]["early"] = list(range(2, 2 + 2 * 512, 2))
    clock.save()
    with pytest.raises(errors.TooFarAhead):
        learner.report(seq=5000)
    assert Evidence.rows.filter(kind="watch").count() == 0


def test_another_persons_session_is_unknown(learner):
    learner.open()
    with pytest.raises(errors.SessionUnknown):
        services.receive(session_id=learner.session.pk, user_id=UserFactory().pk, seq=0, spans=[])
    with pytest.raises(errors.SessionUnknown):
        services.receive(session_id=uuid.uuid4(), user_id=learner.enrolment.user_id, seq=0, spans=[])


def test_a_second_device_takes_the_lease_and_what_the_first_held_back_counts(learner):
    first = learner.open()
    kept_back = learner.span(0, 20)
    second = Learner(learner.enrolment, learner.lesson, now=learner.now)
    second.open()
    assert second.report(second.span(0, 10)).has_lease
    answer = services.receive(
        session_id=first.pk, user_id=learner.enrolment.user_id, seq=0, spans=[kept_back], now=second.now
    )
    assert not answer.has_lease
    assert answer.coverage == [(0, 20_000)]


def test_two_devices_at_once_earn_one_life(learner):
    learner.open()
    other = Learner(learner.enrolment, learner.enrolment.edition.lessons.last(), now=learner.now)
    other.open()
    mine, theirs = learner.span(0, 60), other.span(0, 60)
    assert learner.report(mine).covered_ms == 60_000
    answer = other.report(theirs)
    assert answer.covered_ms == 0
    assert answer.refused == (Refused(Rule.LIFE, 0, 60_000),)


def test_nothing_counts_after_withdrawal_but_what_was_before_does(learner):
    learner.open()
    span = learner.span(0, 20)
    learner.enrolment.state = Enrolment.State.WITHDRAWN
    learner.enrolment.withdrawn_at = BEGIN + timedelta(seconds=10)
    learner.enrolment.save()
    answer = learner.report(span)
    assert answer.coverage == [(0, 10_000)]
    assert answer.refused == (Refused(Rule.GRANT, 10_000, 20_000),)


def test_reloading_every_second_loses_nothing(learner):
    for second in range(60):
        learner.open()
        learner.report(learner.span(second, 1))
        learner.wait(0.2)
    assert learner.progress.coverage == [[0, 60_000]]
    clock = PersonClock.objects.get(pk=learner.enrolment.user_id)
    assert len(clock.sessions) <= 4


def test_a_session_put_aside_by_many_others_still_counts(learner):
    old = learner.open()
    span = learner.span(0, 20)
    for _ in range(6):
        learner.open()
    assert PlaySession.objects.get(pk=old.pk).highest_seq == -1
    answer = services.receive(
        session_id=old.pk, user_id=learner.enrolment.user_id, seq=0, spans=[span], now=learner.now
    )
    assert answer.covered_ms == 20_000
    again = services.receive(
        session_id=old.pk, user_id=learner.enrolment.user_id, seq=0, spans=[span], now=learner.now
    )
    assert again.is_repeat


def test_chains_that_were_not_in_use_go_on_from_their_last_row(learner):
    learner.open()
    learner.play(0, 15)
    PersonClock.objects.filter(pk=learner.enrolment.user_id).update(heads={})
    learner.play(15, 30)
    indexes = (
        Evidence.rows.filter(enrolment=learner.enrolment).order_by("index").values_list("index", flat=True)
    )
    assert list(indexes) == [0, 1, 2]


def test_a_position_told_late_does_not_overwrite_a_newer_one(learner):
    first = learner.open()
    span = learner.span(0, 10)
    other = Learner(learner.enrolment, learner.lesson, now=learner.now)
    other.open()
    other.report(other.span(0, 40), position_ms=40_000)
    services.receive(
        session_id=first.pk,
        user_id=learner.enrolment.user_id,
        seq=0,
        spans=[span],
        position_ms=10_000,
        now=other.now,
    )
    assert learner.progress.position_ms == 40_000


def test_a_heartbeat_costs_the_same_however_much_evidence_there_is(learner):
    learner.open()
    learner.play(0, 15)
    with CaptureQueriesContext(
        connection,
    ) as few:
        learner.report(learner.span(15, 5))
    for start in range(20, 120, 1):
        learner.play(start, start + 1)
    with CaptureQueriesContext(connection) as many:
        learner.report(learner.span(120, 5))
    sent = [one["sql"] for one in many.captured_queries if "SAVEPOINT" not in one["sql"]]
    statements = [statement.split()[0] for sql in sent for statement in sql.split("; ")]
    assert statements == ["SELECT", "INSERT", "UPDATE", "UPDATE"]
    assert len(few) == len(many)


def test_an_empty_report_is_a_contact_and_leaves_progress(learner):
    learner.open()
    learner.wait(60)
    answer = learner.report()
    assert (answer.covered_ms, answer.highest_seq, answer.refused) == (0, 0, ())


def test_readings_are_confirmed_once_and_lectures_never(learner):
    reading = EditionLessonFactory(edition=learner.enrolment.edition, reading=True)
    row = services.acknowledge_reading(enrolment=learner.enrolment, lesson=reading, now=BEGIN)
    assert row.acknowledged_at == BEGIN
    later = services.acknowledge_reading(
        enrolment=learner.enrolment, lesson=reading, now=BEGIN + timedelta(days=1)
    )
    assert later.acknowledged_at == BEGIN
    assert Evidence.rows.filter(kind=Evidence.Kind.READ).count() == 1
    with pytest.raises(errors.LessonNotReadable):
        services.acknowledge_reading(enrolment=learner.enrolment, lesson=learner.lesson)
    with pytest.raises(errors.LessonNotGranted):
        services.acknowledge_reading(enrolment=learner.enrolment, lesson=EditionLessonFactory(reading=True))
    learner.enrolment.state = Enrolment.State.WITHDRAWN
    with pytest.raises(errors.NotLearning):
        services.acknowledge_reading(enrolment=learner.enrolment, lesson=reading)


def test_a_position_is_kept_within_the_lecture(learner):
    row = services.save_position(
        enrolment=learner.enrolment, lesson=learner.lesson, position_ms=10**9, now=BEGIN
    )
    assert row.position_ms == 180_000
    older = BEGIN - timedelta(minutes=1)
    row = services.save_position(enrolment=learner.enrolment, lesson=learner.lesson, position_ms=5, now=older)
    assert row.position_ms == 180_000
    with pytest.raises(errors.LessonNotGranted):
        services.save_position(enrolment=learner.enrolment, lesson=EditionLessonFactory(), position_ms=1)


def test_rebuilding_proves_that_progress_is_the_fold_and_corrects_it(learner):
    reading = EditionLessonFactory(edition=learner.enrolment.edition, reading=True)
    services.acknowledge_reading(enrolment=learner.enrolment, lesson=reading, now=BEGIN)
    learner.open()
    learner.play(0, 60)
    learner.report(Span(90_000, 100_000, 60_000, 61_000))
    assert services.rebuild(enrolment=learner.enrolment) == []
    LessonProgress.objects.filter(pk=learner.progress.pk).update(coverage=[[0, 170_000]], covered_ms=170_000)
    found = services.rebuild(enrolment=learner.enrolment)
    assert [one.field for one in found] == ["coverage", "covered_ms"]
    assert learner.progress.covered_ms == 170_000
    services.rebuild(enrolment=learner.enrolment, write=True)
    assert learner.progress.coverage == [[0, 60_000]]
    assert services.rebuild(enrolment=learner.enrolment) == []
