"""The one table of evidence becomes a table of ranges and one again, beside learners who report."""

import importlib
from threading import Event, Thread

import pytest
from django.apps import apps
from django.db import IntegrityError, OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from classroom.progress import keys, services, verifier
from classroom.progress.models import Evidence
from classroom.progress.services.partitions import keep_ranges, ranges
from tests.classroom.progress.compacting import lines
from tests.classroom.progress.parting import NET, SIZE, ask, end, enrolled, learner_of, lies_in
from tests.learner import Learner

migration = importlib.import_module("classroom.progress.migrations.0005_partitions")
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one table"),
]


def run(step) -> None:
    with connection.schema_editor(atomic=False) as editor:
        step(apps, editor)


@pytest.fixture(autouse=True)
def _parted_again(parted):
    yield
    run(migration.part)


@pytest.fixture
def united() -> None:
    """The table as it was before."""
    run(migration.unite)


def is_parted() -> bool:
    return ask("SELECT relkind FROM pg_class WHERE oid = 'progress_evidence'::regclass") == ["p"]


def file_of(table: str) -> int:
    return ask("SELECT relfilenode FROM pg_class WHERE oid = to_regclass(%s)", table)[0]


def learners() -> list[Learner]:
    """One in the first range, one in the next, one in the net, each with three rows."""
    found = [learner_of(9), learner_of(end() + 5)]
    keep_ranges(size=SIZE)
    found.append(learner_of(end() + 5))
    for one in found:
        one.open()
        one.play(0, 30)
    assert [len(lies_in(one)) for one in found] == [1, 1, 1]
    assert len({*lies_in(found[0]), *lies_in(found[1]), *lies_in(found[2])}) == 3
    return found


def again(learner: Learner) -> Evidence:
    """A row for a report that was stored before, at the end of the chain."""
    row = Evidence.rows.filter(enrolment=learner.enrolment, kind="watch").latest("index")
    row.pk, row.index, row._state.adding = None, row.index + 1, True
    return row


def hold_everything_promised(found: list[Learner]) -> None:
    for one in found:
        report = verifier.verify(lines(one.enrolment), keys.public_key())
        assert (report.faults, services.rebuild(enrolment=one.enrolment)) == ([], [])
        with pytest.raises(IntegrityError, match="already exists"):
            again(one).save()


def test_all_rows_are_there_after_the_way_back_and_forth_and_keep_their_numbers():
    found = learners()
    rows = list(Evidence.rows.order_by("pk").values())
    executor = MigrationExecutor(connection)
    executor.migrate([("progress", "0004_indexes_and_room")])
    assert not is_parted()
    assert list(Evidence.rows.order_by("pk").values()) == rows
    for one in found:
        one.play(30, 45)
    hold_everything_promised(found)
    assert ask("SELECT to_regclass('progress_playsession_of_enrolment')") == [None]

    rows = list(Evidence.rows.order_by("pk").values())
    MigrationExecutor(connection).migrate([("progress", "0006_decisions")])
    assert is_parted()
    assert list(Evidence.rows.order_by("pk").values()) == rows
    assert {part for one in found for part in lies_in(one)} == {"progress_evidence_from_0"}
    last = rows[-1]["id"]
    for one in found:
        one.play(45, 60)
    assert Evidence.rows.order_by("pk").filter(pk__gt=last).count() == 3
    hold_everything_promised(found)


def test_the_table_is_neither_rewritten_nor_read_while_it_is_exchanged(united):
    learner = learner_of(9)
    learner.open()
    before, told = file_of("progress_evidence"), []
    ask("SELECT set_config('client_min_messages', 'debug1', false)")
    connection.connection.add_notice_handler(lambda notice: told.append(notice.message_primary))
    try:
        run(migration.part)
    finally:
        ask("SELECT set_config('client_min_messages', 'notice', false)")
        connection.close()
    assert file_of("progress_evidence_from_0") == before
    words = 'partition constraint for table "progress_evidence_from_0" is implied by existing constraints'
    assert [one for one in told if words in one]
    assert [one for one in told if 'rewriting table "progress_evidence' in one] == []


def test_all_who_are_enrolled_and_a_whole_range_more_have_their_place_in_the_first(united, settings):
    settings.EVIDENCE_PARTITION_ENROLMENTS = SIZE
    enrolled(2 * SIZE - 1)
    run(migration.part)
    assert [(one.start, one.end) for one in ranges()] == [(0, 3 * SIZE)]


def test_reports_that_come_meanwhile_are_all_stored(united):
    learner, over = learner_of(9), Event()
    learner.open()
    failed: list[Exception] = []

    def play() -> None:
        at = 0
        try:
            while not over.is_set() or at < 30:
                learner.play(at % 150, at % 150 + 5, 5)
                at += 5
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    thread = Thread(target=play)
    thread.start()
    try:
        run(migration.part)
    finally:
        over.set()
        thread.join(30)
    assert failed == []
    learner.play(0, 15)
    report = verifier.verify(lines(learner.enrolment), keys.public_key())
    assert (report.faults, report.rows) == ([], 1 + learner.seq)
    assert (is_parted(), lies_in(learner)) == (True, ["progress_evidence_from_0"])


def test_where_somebody_stands_in_the_way_everything_goes_on_and_it_can_be_run_again(united, monkeypatch):
    monkeypatch.setattr(migration, "_TRIES", 2)
    monkeypatch.setattr(migration, "_PAUSE_S", 0)
    learner = learner_of(9)
    learner.open()
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM enrolment_enrolment")
        with pytest.raises(OperationalError, match="lock timeout"):
            run(migration.part)
        assert not is_parted()
        assert learner.play(0, 15).newly_ms == 15_000
    finally:
        other.close()
    run(migration.part)
    assert is_parted()
    hold_everything_promised([learner])
    run(migration.part)
    assert [one.name for one in ranges()] == ["progress_evidence_from_0"]


def test_an_index_that_was_cut_off_is_made_anew(united):
    learner = learner_of(9)
    learner.open()
    learner.play(0, 30)
    with connection.cursor() as cursor, pytest.raises(IntegrityError):
        cursor.execute(
            "CREATE UNIQUE INDEX CONCURRENTLY progress_evidence_from_0_once ON progress_evidence (enrolment_id)"
        )
    run(migration.part)
    hold_everything_promised([learner])


def test_a_row_of_another_enrolment_than_its_sessions_stops_it_before_anything_is_exchanged(united):
    learner, other = learner_of(9), learner_of(10)
    for one in (learner, other):
        one.open()
        one.play(0, 15)
    forged = again(learner)
    forged.enrolment, forged.seq = other.enrolment, 77
    forged.save()
    with pytest.raises(IntegrityError, match="progress_evidence_session_of_enrolment"):
        run(migration.part)
    assert not is_parted()
    ask(f"DELETE FROM progress_evidence WHERE id = {forged.pk} RETURNING id")
    run(migration.part)
    hold_everything_promised([learner, other])
    assert ask(f"SELECT count(*) FROM {NET}") == [0]
