"""Compaction: settled evidence moves into the storage step by step; every reader sees the same chain."""

import random
from collections import Counter
from datetime import timedelta
from itertools import count

import pytest
from django.db import connection
from django.utils import timezone

from classroom.progress import history, keys, queries, services, verifier
from classroom.progress.models import Block, Chain, Evidence, PersonClock
from classroom.progress.services import compaction, presence
from classroom.progress.services.compaction import REST, Compacted
from classroom.progress.spans import Span
from classroom.progress.tasks import compact as compact_task
from tests.classroom.progress.compacting import SETTLED, compact, left, lines, object_of, seal
from tests.classroom.progress.test_fold import anything
from tests.learner import Learner

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


def proven(learner: Learner) -> verifier.Report:
    """Verify the export and the fold; return what was found."""
    report = verifier.verify(lines(learner.enrolment), keys.public_key())
    assert report.faults == []
    assert services.rebuild(enrolment=learner.enrolment) == []
    return report


def test_every_step_leaves_the_same_export_and_the_last_leaves_no_row(watched):
    at = seal(watched)
    plain, heard = lines(watched.enrolment), queries.heard(watched.enrolment)
    assert services.compact_due(now=at) == Compacted(written=1)
    assert (lines(watched.enrolment), left(watched.enrolment)) == (plain, 10)
    assert services.compact_due(now=at + REST) == Compacted(emptied=1)
    assert left(watched.enrolment) == 0
    assert lines(watched.enrolment) == plain
    assert queries.heard(watched.enrolment) == heard
    assert [one.reports for _, one in sorted(heard.items())] == [5, 2]
    report = proven(watched)
    assert (report.rows, report.sealed, report.absent) == (10, 10, 0)
    assert Chain.objects.get(pk=watched.enrolment.pk).tip == (10, plain[10]["hash"])


def test_a_block_tells_what_it_holds_and_what_sealed_it(watched):
    block = compact(watched)
    chain = Chain.objects.get(pk=watched.enrolment.pk)
    assert (block.first, block.last, block.rows) == (0, 9, 10)
    assert (block.previous_hash, block.head) == (chain.genesis_hash, chain.head)
    leaf = block.checkpoint.leaves.get(enrolment=watched.enrolment)
    assert (leaf.length, leaf.head) == (10, block.head)
    assert object_of(block).stat().st_size == block.size
    first, second = watched.enrolment.edition.lessons.filter(kind="video").order_by("position")
    assert block.lessons[str(first.pk)]["coverage"] == [[0, 60_000]]
    assert block.lessons[str(second.pk)]["coverage"] == [[0, 30_000]]


@pytest.mark.parametrize("seed", range(4))
def test_after_any_history_and_any_time_of_compaction_nothing_is_lost(seed, monkeypatch):
    monkeypatch.setattr(presence, "draw", lambda every: 20_000)
    monkeypatch.setattr(compaction, "ROWS_AT_MOST", 7)
    rng = random.Random(seed)
    learner = Learner.on_edition(policy={"presence_minutes": 10 if seed % 2 else 0})
    learner.open()
    for _ in range(3):
        for _ in range(8):
            anything(learner, rng)
        at = seal(learner)
        before, heard = lines(learner.enrolment), queries.heard(learner.enrolment)
        for _ in range(rng.randrange(1, 12)):
            at += REST
            assert services.compact_due(now=at).failed == 0
            assert lines(learner.enrolment) == before
            assert queries.heard(learner.enrolment) == heard
        learner.now = at
    assert Block.objects.filter(emptied_at__isnull=False).count() > 1
    proven(learner)


@pytest.mark.parametrize(
    ("waited", "written"), [(SETTLED - SECOND, 0), (SETTLED, 1), (SETTLED + timedelta(days=400), 1)]
)
def test_evidence_is_settled_when_the_days_are_over_and_not_before(watched, waited, written):
    seal(watched)
    assert services.compact_due(now=watched.now + waited) == Compacted(written=written)


@pytest.mark.parametrize(("waited", "emptied"), [(REST - SECOND, 0), (REST, 1)])
def test_the_rows_stay_until_the_object_has_rested(watched, waited, emptied):
    at = seal(watched)
    services.compact_due(now=at)
    assert services.compact_due(now=at + waited) == Compacted(emptied=emptied)
    assert left(watched.enrolment) == (0 if emptied else 10)


def test_the_days_are_a_setting_and_none_at_all_keeps_everything_in_the_table(watched, settings):
    seal(watched)
    settings.EVIDENCE_PLAIN_DAYS = 0
    assert services.compact_due(now=watched.now + timedelta(days=4000)) == Compacted()
    settings.EVIDENCE_PLAIN_DAYS = 1
    assert services.compact_due(now=watched.now + timedelta(days=1)) == Compacted(written=1)


def test_rows_that_no_checkpoint_sealed_stay(watched):
    assert services.compact_due(now=watched.now + timedelta(days=400)) == Compacted()
    at = seal(watched)
    watched.wait(1)
    watched.play(30, 45)
    services.compact_due(now=at)
    services.compact_due(now=at + REST)
    assert left(watched.enrolment) == 1
    assert proven(watched).rows == 11


def test_one_who_goes_on_learning_is_not_settled(watched):
    seal(watched)
    watched.wait(20 * 24 * 3600)
    watched.open()
    seal(watched)
    assert services.compact_due(now=watched.now + timedelta(days=29)) == Compacted()
    assert services.compact_due(now=watched.now + SETTLED) == Compacted(written=1)


def test_what_is_compacted_is_left_alone_for_ever(watched):
    block = compact(watched)
    written = object_of(block).stat().st_mtime_ns
    assert services.make_checkpoint(now=watched.now + timedelta(days=40)) is None
    assert services.compact_due(now=watched.now + timedelta(days=400)) == Compacted()
    assert object_of(block).stat().st_mtime_ns == written
    assert list(Block.objects.all()) == [block]


def test_the_task_compacts_by_the_clock_of_the_server(watched):
    seal(watched)
    Chain.objects.update(sealed_at=watched.now - timedelta(days=3000))
    assert compact_task() == {"written": 1, "emptied": 0, "failed": 0}


# What comes late.


@pytest.mark.parametrize("heads_at_hand", [True, False])
def test_a_late_report_goes_on_where_the_block_ends(watched, heads_at_hand):
    compact(watched)
    if not heads_at_hand:
        PersonClock.objects.update(heads={})
    late = watched.report(Span(30_000, 40_000, 30_000, 40_000))
    assert late.newly_ms == 0
    row = Evidence.objects.unscoped("test").get(enrolment=watched.enrolment)
    assert (row.index, row.previous_hash) == (10, Block.objects.get().head)
    watched.wait(31 * 24 * 3600)
    watched.open()
    assert watched.play(30, 45).newly_ms == 15_000
    report = proven(watched)
    assert (report.rows, report.sealed) == (13, 10)


def test_late_evidence_is_compacted_in_its_turn_into_a_block_of_its_own(watched):
    first = compact(watched)
    kept = object_of(first).read_bytes()
    watched.wait(40 * 24 * 3600)
    watched.open()
    watched.play(30, 60)
    second = compact(watched)
    assert (second.first, second.last, second.previous_hash) == (10, 12, first.head)
    assert object_of(first).read_bytes() == kept
    assert (left(watched.enrolment), proven(watched).sealed) == (0, 13)
    told = queries.heard(watched.enrolment)[second_lesson(watched)]
    assert told.reports == 4
    assert told.last_at - told.first_at > timedelta(days=40)


def second_lesson(learner: Learner) -> int:
    return learner.enrolment.edition.lessons.order_by("position")[1].pk


def test_a_report_that_was_compacted_is_a_repeat_and_answers_what_was_stored(watched):
    first = watched.enrolment.play_sessions.order_by("opened_at").first()

    def again(seq: int):
        return services.receive(
            session_id=first.pk, user_id=watched.enrolment.user_id, seq=seq, spans=[], now=watched.now
        )

    before = [again(seq) for seq in (0, 4)]
    block = compact(watched)
    after = [again(seq) for seq in (0, 4)]
    for one, other in zip(before, after, strict=True):
        assert other.is_repeat
        assert (other.newly_ms, other.refused, other.received_ms) == (
            one.newly_ms,
            one.refused,
            one.received_ms,
        )
    assert after[0].newly_ms == 15_000
    assert [one.rule for one in after[1].refused] == ["possible"]
    object_of(block).unlink()
    lost = again(0)
    assert (lost.is_repeat, lost.newly_ms, lost.covered_ms, lost.highest_seq) == (True, 0, 60_000, 4)
    assert left(watched.enrolment) == 0


# Long chains, and readers beside the sweep.


def test_a_long_chain_goes_in_blocks_one_after_another(watched, monkeypatch):
    monkeypatch.setattr(compaction, "ROWS_AT_MOST", 4)
    at, before = seal(watched), None
    before = lines(watched.enrolment)
    steps = []
    for hour in range(12):
        services.compact_due(now=at + hour * REST)
        steps.append(left(watched.enrolment))
        assert lines(watched.enrolment) == before
    assert [rows for rows, _ in Counter(steps).items()] == [10, 6, 2, 0]
    assert [(one.first, one.last) for one in Block.objects.order_by("first")] == [(0, 3), (4, 7), (8, 9)]
    assert len({one.checkpoint_id for one in Block.objects.all()}) == 1
    proven(watched)


def test_in_a_slow_sweep_each_chain_has_its_lease_and_its_rest_from_its_own_turn(watched, monkeypatch):
    other = Learner.on_edition()
    other.open()
    other.play(0, 30)
    at, turns = seal(watched), count()
    monkeypatch.setattr(timezone, "now", lambda: at + next(turns) * timedelta(minutes=11))
    assert services.compact_due() == Compacted(written=2)
    first, second = Block.objects.order_by("written_at").values_list("written_at", flat=True)
    assert second - first >= timedelta(minutes=11)


@pytest.mark.parametrize("newer", [0, 15])
def test_a_reader_sees_the_whole_chain_though_the_rows_leave_the_table_meanwhile(watched, newer):
    at = seal(watched)
    services.compact_due(now=at)
    if newer:
        # Rows that no checkpoint sealed yet: they stay in the table when those before them leave it.
        watched.play(30, 30 + newer)
    before = lines(watched.enrolment)
    left_already = []

    def leave(execute, sql, params, many, context):
        if "progress_evidence" in sql and not left_already:
            left_already.append(True)
            assert services.compact_due(now=at + REST) == Compacted(emptied=1)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(leave):
        rows = list(history.every_row(watched.enrolment.pk))
    assert left_already
    assert [row.hash for row in rows] == [line["hash"] for line in before if line["type"] == "row"]


def test_the_table_of_evidence_has_no_index_but_those_of_its_constraints(db):
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, "progress_evidence")
    indexed = {tuple(one["columns"]) for one in found.values() if one["index"] or one["unique"]}
    reports, key = ("session_id", "seq"), ("id",)
    if connection.vendor == "postgresql":
        # Over ranges of enrolments, every constraint has the enrolment in it.
        reports, key = ("enrolment_id", "session_id", "seq"), ("id", "enrolment_id")
    # SQLite finds a row by its number without an index.
    assert indexed - {key} == {("enrolment_id", "index"), reports}
