"""The table of evidence in ranges of enrolments: made in time, no report without a place, dropped when empty."""

import re
from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from classroom.enrolment.models import Enrolment
from classroom.progress import keys, queries, services, verifier
from classroom.progress.models import Evidence
from classroom.progress.services import Kept, partitions
from classroom.progress.services.compaction import REST
from classroom.progress.services.partitions import Range, keep_ranges, ranges
from classroom.progress.spans import Span
from classroom.progress.tasks import partition
from config.bench_heartbeat import storage
from tests.classroom.progress.compacting import compact, left, lines, seal
from tests.classroom.progress.parting import NET, SIZE, ask, end, enrolled, learner_of, lies_in, parts
from tests.learner import Learner
from tests.threads import in_threads

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one table"),
    pytest.mark.usefixtures("parted"),
]


@pytest.fixture(autouse=True)
def _somebody_learns_in_the_first_range(parted):
    enrolled(7)


def proven(learner: Learner) -> int:
    """Verify the chain and its fold; return how many rows it has."""
    report = verifier.verify(lines(learner.enrolment), keys.public_key())
    assert report.faults == []
    assert services.rebuild(enrolment=learner.enrolment) == []
    return report.rows


# Made in time.


@pytest.mark.parametrize(("ahead", "made"), [(SIZE, 0), (SIZE - 1, 1), (0, 1), (-1, 2)])
def test_a_range_is_made_as_soon_as_less_than_a_whole_one_is_ahead(ahead, made):
    top = end()
    enrolled(top - ahead)
    assert keep_ranges(size=SIZE) == Kept(made=made)
    assert end() == top + made * SIZE
    assert keep_ranges(size=SIZE) == Kept()


def test_ranges_follow_on_one_another_and_end_at_a_round_number_though_the_size_was_changed():
    top = end()
    enrolled(top + 50)
    keep_ranges(size=SIZE)
    enrolled(top + 1500)
    keep_ranges(size=1300)
    found = ranges()
    assert [one.start for one in found[1:]] == [one.end for one in found[:-1]]
    assert found[1] == Range(f"progress_evidence_from_{top}", top, top + SIZE)
    assert found[-1].end % 1300 == 0
    assert found[-1].end >= top + 1500 + 1300


def test_the_task_asks_the_settings_how_large_a_range_is(settings):
    settings.EVIDENCE_PARTITION_ENROLMENTS = SIZE
    top = end()
    for ahead in range(3):
        enrolled(top + ahead * SIZE)
    assert partition() == {"made": 3, "moved": 0, "freed": 0, "dropped": 0}


def test_a_new_range_is_like_the_first_in_all_that_holds_it_and_cleans_it():
    enrolled(end())
    keep_ranges(size=SIZE)
    held, cleaned = set(), set()
    for part in parts():
        sql = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = to_regclass(%s)"
        indexes = "SELECT regexp_replace(indexdef, '.* USING', '') FROM pg_indexes WHERE tablename = %s"
        held.add((*sorted(ask(sql, part)), *sorted(ask(indexes, part))))
        cleaned.add(tuple(ask("SELECT reloptions FROM pg_class WHERE oid = to_regclass(%s)", part)[0]))
    assert len(parts()) == 3
    assert len(held) == 1
    assert "FOREIGN KEY (session_id, enrolment_id)" in str(held)
    assert [sorted(one) for one in cleaned] == [
        [
            "autovacuum_analyze_scale_factor=0.01",
            "autovacuum_vacuum_insert_scale_factor=0.02",
            "autovacuum_vacuum_scale_factor=0.01",
        ]
    ]


def test_the_benchmark_of_storage_measures_every_range():
    first, second = learner_of(9), learner_of(end() + 5)
    first.open()
    alone = storage._bytes()["progress_evidence"]
    keep_ranges(size=SIZE)
    second.open()
    assert storage._bytes()["progress_evidence"] == 2 * alone > 0


# The net.


def test_who_reports_before_the_range_is_there_is_caught_and_moved_into_it():
    top = end()
    early, next_one = learner_of(top + 5), learner_of(top + SIZE)
    for learner in (early, next_one):
        learner.open()
        learner.play(0, 30)
        assert lies_in(learner) == [NET]
    before = lines(early.enrolment)
    assert keep_ranges(size=SIZE) == Kept(made=2, moved=6)
    assert (lies_in(early), lies_in(next_one)) == (
        [f"progress_evidence_from_{top}"],
        [f"progress_evidence_from_{top + SIZE}"],
    )
    assert ask(f"SELECT count(*) FROM {NET}") == [0]
    assert lines(early.enrolment) == before
    early.play(30, 60)
    assert lies_in(early) == [f"progress_evidence_from_{top}"]
    assert proven(early) == 5


def test_what_is_too_much_to_move_stays_in_the_net_and_the_ranges_go_on_behind_it(monkeypatch, caplog):
    monkeypatch.setattr(partitions, "_MOVED_AT_MOST", 3)
    top = end()
    many, few = learner_of(top), learner_of(top + SIZE)
    for learner, until in ((many, 45), (few, 30)):
        learner.open()
        learner.play(0, until)
    assert keep_ranges(size=SIZE) == Kept(made=1, moved=3)
    assert f"{top} to {top + SIZE} stays in the net" in caplog.text
    assert (lies_in(many), lies_in(few)) == ([NET], [f"progress_evidence_from_{top + SIZE}"])
    many.play(45, 60)
    assert (lies_in(many), proven(many)) == ([NET], 5)
    at = seal(many)
    services.compact_due(now=at)
    services.compact_due(now=at + REST)
    assert (left(many.enrolment), proven(many)) == (0, 5)
    assert keep_ranges(size=SIZE) == Kept()


# What is promised over all ranges.


def evidence_like(row: Evidence, **changes: object) -> Evidence:
    values = {field.attname: getattr(row, field.attname) for field in Evidence._meta.concrete_fields[1:]}
    return Evidence(**{**values, "index": row.index + 1, **changes})


OF_THE_SESSION = "progress_evidence_session_of_enrolment"


@pytest.mark.parametrize(
    ("of", "changes", "refused"),
    [
        ("the same", {}, r"Key \(enrolment_id, session_id, seq\)"),
        ("the same", {"seq": 99, "index": 1}, r"Key \(enrolment_id, index\)"),
        ("the same range", {}, OF_THE_SESSION),
        ("the same range", {"seq": 99}, OF_THE_SESSION),
        ("the next range", {}, OF_THE_SESSION),
        ("no range", {}, OF_THE_SESSION),
    ],
)
def test_a_report_is_stored_once_whatever_enrolment_a_second_row_is_of(of, changes, refused):
    learner = learner_of(9)
    learner.open()
    learner.play(0, 15)
    numbers = {"the same": 9, "the same range": enrolled(8).pk, "the next range": enrolled(end() + 5).pk}
    keep_ranges(size=SIZE)
    numbers["no range"] = enrolled(end() + 5).pk
    row = Evidence.rows.get(kind="watch")
    with pytest.raises(IntegrityError, match=refused):
        evidence_like(row, enrolment_id=numbers[of], **changes).save()
    assert Evidence.rows.filter(kind="watch").count() == 1


# What is asked of the database.


def statements(work: Callable[[], object]) -> list[str]:
    """What it asks; of a cursor in the database, what that is over."""
    with CaptureQueriesContext(connection) as found:
        work()
    asked = [re.sub(r"^DECLARE .*? FOR ", "", one["sql"]) for one in found.captured_queries]
    return [sql for sql in asked if re.match("SELECT|INSERT|UPDATE|DELETE", sql)]


def plan(sql: str) -> str:
    """How it is done where reading a whole table is the last resort, as it is where tables are large."""
    ask("SELECT set_config('enable_seqscan', 'off', false)")
    try:
        return "\n".join(ask(f"EXPLAIN {sql.replace('%', '%%')}"))
    finally:
        ask("SELECT set_config('enable_seqscan', 'on', false)")


def test_a_report_is_four_statements_sent_as_two_and_whoever_follows_a_chain_meets_one_range():
    learner = learner_of(9)
    learner.open()
    span = learner.span(0, 15)
    enrolled(end())
    keep_ranges(size=SIZE)
    sent = statements(lambda: learner.report(span))
    assert len(sent) == 2
    assert [one.split()[0] for sql in sent for one in sql.split("; ")] == [
        "SELECT",
        "INSERT",
        "UPDATE",
        "UPDATE",
    ]
    at = seal(learner)

    def read():
        learner.report(span, seq=0)
        lines(learner.enrolment)
        queries.heard(learner.enrolment)
        services.rebuild(enrolment=learner.enrolment)
        services.compact_due(now=at)
        services.compact_due(now=at + REST)

    asked = [sql for sql in statements(read) if "progress_evidence" in sql]
    assert {sql.split()[0] for sql in asked} == {"SELECT", "DELETE"}
    assert len(parts()) == 3
    for sql in asked:
        found = plan(sql)
        assert "progress_evidence_from_0" in found, sql
        assert [one for one in parts() if one in found] == ["progress_evidence_from_0"], sql
        assert "Seq Scan" not in found, sql


def test_a_checkpoint_finds_the_newest_rows_of_every_range_by_an_index():
    learner = learner_of(9)
    learner.open()
    enrolled(end())
    keep_ranges(size=SIZE)
    asked = [sql for sql in statements(services.make_checkpoint) if 'FROM "progress_evidence"' in sql]
    assert len(asked) == 2
    for sql in asked:
        found = plan(sql)
        assert all(part in found for part in parts())
        assert "Seq Scan" not in found


# Dropped when empty.


def closed(learner: Learner) -> None:
    Enrolment.rows.filter(pk=learner.enrolment.pk).update(
        state=Enrolment.State.COMPLETED, completed_at=learner.now
    )


@pytest.fixture
def settled() -> Learner:
    """Who completed, in a range of their own whose evidence was all compacted."""
    top = end()
    enrolled(top - 1)
    keep_ranges(size=SIZE)
    learner = learner_of(top + 5)
    learner.open()
    learner.play(0, 30)
    assert lies_in(learner) == [f"progress_evidence_from_{top}"]
    compact(learner)
    closed(learner)
    return learner


def is_there(learner: Learner) -> bool:
    return any(one.start <= learner.enrolment.pk < one.end for one in ranges())


def test_an_empty_range_in_which_nobody_learns_any_more_is_dropped(settled):
    before = lines(settled.enrolment)
    enrolled(ranges()[1].end)
    assert keep_ranges(size=SIZE) == Kept(made=1, dropped=1)
    assert not is_there(settled)
    assert lines(settled.enrolment) == before
    assert keep_ranges(size=SIZE) == Kept()


def test_a_range_that_may_still_be_enrolled_into_stays(settled):
    enrolled(ranges()[1].end - 1, withdrawn=True, withdrawn_at=settled.now)
    assert keep_ranges(size=SIZE).dropped == 0
    assert is_there(settled)


def test_a_range_in_which_somebody_is_under_way_stays(settled):
    enrolled(settled.enrolment.pk + 1)
    enrolled(ranges()[1].end)
    assert keep_ranges(size=SIZE).dropped == 0
    assert is_there(settled)


@pytest.mark.parametrize("sealed", [True, False])
def test_a_range_with_a_row_in_it_stays_sealed_or_not(settled, sealed):
    settled.report(Span(30_000, 40_000, 30_000, 40_000))
    if sealed:
        seal(settled)
    enrolled(ranges()[1].end)
    assert keep_ranges(size=SIZE).dropped == 0
    assert (left(settled.enrolment), is_there(settled)) == (1, True)


def test_a_row_that_comes_just_before_the_drop_keeps_the_range(settled, monkeypatch):
    monkeypatch.setattr(partitions, "_has_rows", lambda one: False)
    settled.report(Span(30_000, 40_000, 30_000, 40_000))
    enrolled(ranges()[1].end)
    assert keep_ranges(size=SIZE).dropped == 0
    assert left(settled.enrolment) == 1


def test_a_late_report_to_a_dropped_range_is_stored_proven_and_compacted_in_its_turn(settled):
    enrolled(ranges()[1].end)
    keep_ranges(size=SIZE)
    old = settled.report(Span(0, 15_000, 0, 15_000), seq=0)
    assert (old.is_repeat, old.newly_ms) == (True, 15_000)
    settled.wait(31 * 24 * 3600)
    settled.open()
    assert settled.play(30, 60).newly_ms == 15_000
    assert lies_in(settled) == [NET]
    assert keep_ranges(size=SIZE) == Kept()
    again = evidence_like(Evidence.rows.filter(kind="watch").latest("index"))
    with pytest.raises(IntegrityError, match="progress_evidence_default_enrolment_id_session_id_seq_key"):
        again.save()
    compact(settled)
    assert (left(settled.enrolment), proven(settled)) == (0, 6)


def test_an_empty_range_that_is_waited_for_gives_its_room_back_and_stays(settled, monkeypatch):
    monkeypatch.setattr(partitions, "_EMPTY_BYTES", 0)
    Enrolment.rows.filter(pk=settled.enrolment.pk).update(state=Enrolment.State.ACTIVE, completed_at=None)
    enrolled(ranges()[1].end)
    name, sql = ranges()[1].name, "SELECT pg_total_relation_size(to_regclass(%s))"
    room = ask(sql, name)[0]
    assert keep_ranges(size=SIZE).freed == 2
    assert ask(sql, name)[0] < room
    settled.report(Span(30_000, 40_000, 30_000, 40_000))
    assert (lies_in(settled), proven(settled)) == ([name], 4)


# At once.


def test_two_that_look_after_the_ranges_at_once_make_and_drop_each_once(settled):
    enrolled(ranges()[1].end + 3 * SIZE)
    done: list[Kept] = []
    assert in_threads(3, lambda _: done.append(keep_ranges(size=SIZE))) == []
    assert sum(one.made for one in done) == 4
    assert sum(one.dropped for one in done) == 4
    starts = [one.start for one in ranges()]
    assert len(starts) == len(set(starts))


def test_reports_that_come_while_ranges_are_made_are_all_stored():
    top = end()
    learners = [learner_of(top + n * SIZE) for n in range(3)]
    for learner in learners:
        learner.open()

    def work(number: int) -> None:
        if number < 3:
            learners[number].play(0, 150, 5)
        else:
            keep_ranges(size=SIZE)

    assert in_threads(4, work) == []
    keep_ranges(size=SIZE)
    assert [proven(learner) for learner in learners] == [31] * 3
    assert [learner.progress.covered_ms for learner in learners] == [150_000] * 3
    assert all(len(lies_in(learner)) == 1 and lies_in(learner) != [NET] for learner in learners)


def test_a_table_in_use_all_the_while_is_left_to_the_next_time(monkeypatch, caplog):
    monkeypatch.setattr(partitions, "_TRIES", 2)
    monkeypatch.setattr(partitions, "_PAUSE_S", 0)
    enrolled(end())
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM progress_evidence")
        assert keep_ranges(size=SIZE) == Kept()
        assert "looked after later" in caplog.text
    finally:
        other.close()
    assert keep_ranges(size=SIZE) == Kept(made=1)
