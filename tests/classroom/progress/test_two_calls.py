"""Reports in two calls of the database: the same credit, and nothing where anything has moved."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from classroom.completion.models import Completion
from classroom.enrolment.models import Enrolment
from classroom.learning import services as learning
from classroom.people.models import User
from classroom.progress import errors, services, verifier
from classroom.progress.export import export_lines
from classroom.progress.models import Evidence, LessonProgress, PersonClock, PlaySession
from classroom.progress.rows import Batch
from tests.classroom.progress.test_concurrency import at_once
from tests.learner import Learner

pytestmark = pytest.mark.django_db(transaction=True)
on_sqlite = pytest.mark.skipif(
    "connection.vendor != 'sqlite'", reason="PostgreSQL locks rows, not everything"
)


@pytest.fixture
def learner() -> Learner:
    learner = Learner.on_edition()
    learner.open()
    return learner


def sent(learner: Learner, start_s: float, seconds: float, seq: int, **more) -> dict:
    """What a player sends, without the credit of it."""
    return {
        "session_id": learner.session.pk,
        "user_id": learner.enrolment.user_id,
        "seq": seq,
        "spans": [learner.span(start_s, seconds)],
        "now": learner.now,
        **more,
    }


def stored(learner: Learner) -> list[Evidence]:
    return list(Evidence.rows.filter(session=learner.session, kind="watch"))


def test_a_report_is_one_read_and_one_write_and_credits_as_in_a_transaction(learner):
    services.take_in_two_calls(**sent(learner, 0, 15, 0))
    with CaptureQueriesContext(connection) as asked:
        credit = services.take_in_two_calls(**sent(learner, 15, 15, 1))
    first = "SELECT" if connection.vendor == "sqlite" else "BEGIN;"
    assert [one["sql"].split()[0] for one in asked] == [first, "INSERT"]
    assert (credit.newly_ms, credit.covered_ms, credit.highest_seq) == (15_000, 30_000, 1)
    locked = services.receive(**sent(learner, 30, 15, 2))
    assert (locked.newly_ms, locked.covered_ms, locked.highest_seq) == (15_000, 45_000, 2)
    assert [row.seq for row in stored(learner)] == [0, 1, 2]
    progress = learner.progress
    assert progress.coverage == [[0, 45_000]]
    assert progress.position_ms == 45_000
    found = verifier.verify(export_lines(learner.enrolment))
    assert (found.faults, found.rows) == ([], 4)


def test_within_a_transaction_the_lock_is_there_already(learner):
    with transaction.atomic():
        assert services.take_in_two_calls(**sent(learner, 0, 15, 0)) is None
    assert stored(learner) == []


def close(learner: Learner) -> None:
    PlaySession.objects.filter(pk=learner.session.pk).update(closed_at=learner.now)


def withdraw(learner: Learner) -> None:
    Enrolment.objects.unscoped("test").filter(pk=learner.enrolment.pk).update(
        state=Enrolment.State.WITHDRAWN, withdrawn_at=learner.now - timedelta(seconds=10)
    )


def another_report(learner: Learner) -> None:
    services.receive(
        session_id=learner.session.pk, user_id=learner.enrolment.user_id, seq=7, spans=[], now=learner.now
    )


def rewind(learner: Learner) -> None:
    LessonProgress.objects.filter(enrolment=learner.enrolment).update(slack_ms=1234)


def take_over(learner: Learner) -> None:
    services.open_session(enrolment=learner.enrolment, lesson=learner.lesson, now=learner.now)


def sign_out_everywhere(learner: Learner) -> None:
    User.objects.filter(pk=learner.enrolment.user_id).update(password="another")


def ask(learner: Learner) -> None:
    PersonClock.objects.filter(pk=learner.enrolment.user_id).update(absences=[[1, 2]])


@on_sqlite
@pytest.mark.parametrize(
    "change", [close, withdraw, another_report, rewind, take_over, sign_out_everywhere, ask]
)
def test_nothing_is_written_where_anything_that_was_read_has_changed(learner, change):
    def admits(person: User) -> bool:
        # Asked after the read and before the write.
        change(learner)
        return True

    services.take_in_two_calls(**sent(learner, 0, 15, 0))
    before = Evidence.rows.count()
    report = sent(learner, 15, 15, 1)
    change_rows = {another_report: 1, take_over: 1}.get(change, 0)
    assert services.take_in_two_calls(**report, admits=admits) is None
    assert Evidence.rows.count() == before + change_rows
    assert learner.progress.covered_ms == 15_000
    # In a transaction it is judged by what is true now, and counted at most once.
    again = learning.take_heartbeat(**report)
    assert again.credit.covered_ms == (20_000 if change is withdraw else 30_000)
    assert verifier.verify(export_lines(learner.enrolment)).faults == []


def test_what_leads_to_more_than_three_rows_is_taken_in_a_transaction(learner):
    services.take_in_two_calls(**sent(learner, 0, 15, 0))
    repeated = sent(learner, 0, 15, 0)
    assert services.take_in_two_calls(**repeated) is None
    assert learning.take_heartbeat(**repeated).credit.is_repeat
    last = sent(learner, 15, 165, 1)
    assert services.take_in_two_calls(**last) is None
    assert learning.take_heartbeat(**last).credit.crossed
    # Neither its state nor the head of its chain is at hand any more.
    PersonClock.objects.filter(pk=learner.enrolment.user_id).update(heads={})
    assert services.take_in_two_calls(**sent(learner, 0, 5, 2)) is None
    PersonClock.objects.filter(pk=learner.enrolment.user_id).update(sessions={})
    assert services.take_in_two_calls(**sent(learner, 0, 5, 3)) is None


def test_a_lesson_that_completes_the_course_is_settled_as_ever():
    learner = Learner.on_edition()
    for lesson in learner.enrolment.edition.lessons.all():
        learner.open(lesson)
        for number, start in enumerate(range(0, 180, 15)):
            beat = learning.take_heartbeat(**sent(learner, start, 15, number))
    assert beat.credit.crossed
    assert Completion.objects.unscoped("test").filter(enrolment=learner.enrolment).exists()


def test_presence_is_counted_down_in_two_calls_and_asked_in_a_transaction():
    learner = Learner.on_edition(policy={"presence_minutes": 1})
    learner.open()
    asked, quick = [], 0
    for number in range(12):
        report = sent(learner, number * 10, 10, number)
        credit = services.take_in_two_calls(**report)
        quick += credit is not None
        credit = credit or learning.take_heartbeat(**report).credit
        asked.append(credit.presence is not None)
    assert any(asked)
    assert quick
    # From the question on nothing is taken so.
    assert quick <= asked.index(True)
    assert verifier.verify(export_lines(learner.enrolment)).faults == []


def test_someone_elses_session_is_refused_as_ever(learner):
    report = sent(learner, 0, 15, 0) | {"user_id": Learner.on_edition().enrolment.user_id}
    with pytest.raises(errors.SessionUnknown):
        services.take_in_two_calls(**report)
    with pytest.raises(errors.SignedOut):
        services.take_in_two_calls(**sent(learner, 0, 15, 0), admits=lambda person: False)
    assert stored(learner) == []


def test_a_crowd_of_reports_at_once_loses_none_and_counts_none_twice(learner):
    reports = [sent(learner, number, 1, number) for number in range(24)]
    order = [reports[start::6] for start in range(6)]
    acts = [
        lambda mine=mine: [learning.take_heartbeat(**one | {"now": learner.now}) for one in mine]
        for mine in order
    ]
    at_once(*acts)
    assert learner.progress.coverage == [[0, 24_000]]
    assert sorted(row.seq for row in stored(learner)) == list(range(24))
    found = verifier.verify(export_lines(learner.enrolment))
    assert (found.faults, found.rows) == ([], 25)


def test_a_write_that_fails_for_another_reason_says_so_and_leaves_nothing_behind(learner, monkeypatch):
    take = Batch.take

    def broken(batch: Batch) -> tuple[list[str], list[object]]:
        texts, values = take(batch)
        return [*texts, "UPDATE no_such_table SET a = %s"], [*values, 1]

    with monkeypatch.context() as patched:
        patched.setattr(Batch, "take", broken)
        with pytest.raises(DatabaseError, match="no_such_table"):
            services.take_in_two_calls(**sent(learner, 0, 15, 0))
    assert stored(learner) == []
    # The connection is as before: no transaction is left open, no lock is held.
    at_once(lambda: learning.take_heartbeat(**sent(learner, 0, 15, 0)))
    assert services.take_in_two_calls(**sent(learner, 15, 15, 1)).covered_ms == 30_000


def test_what_was_read_is_let_go_where_nothing_is_written(learner):
    services.take_in_two_calls(**sent(learner, 0, 15, 0))
    with pytest.raises(ZeroDivisionError):
        services.take_in_two_calls(**sent(learner, 15, 15, 1), admits=lambda person: 1 / 0 > 0)
    assert services.take_in_two_calls(**sent(learner, 0, 15, 0)) is None
    with transaction.atomic():
        assert learner.progress.covered_ms == 15_000
    at_once(lambda: learning.take_heartbeat(**sent(learner, 15, 15, 1)))
    assert learner.progress.covered_ms == 30_000
