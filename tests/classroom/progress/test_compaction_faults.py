"""Compaction that is cut off, an object that is damaged, rows that were changed: found, and nothing is lost."""

import importlib
import json
import subprocess
import sys
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import transaction
from django.db.models import QuerySet

from classroom.progress import history, keys, services, verifier
from classroom.progress.models import Block, Chain, LessonProgress
from classroom.progress.services.compaction import REST, Compacted
from media import store
from media.errors import MediaError
from tests.classroom.progress.compacting import SETTLED, by_hand, compact, left, lines, object_of, seal
from tests.environment import ROOT
from tests.learner import Learner
from tests.threads import in_threads

pytestmark = pytest.mark.django_db
DAY = 24 * REST


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


# What was damaged is found.


def flip(block: Block) -> None:
    data = bytearray(object_of(block).read_bytes())
    data[len(data) // 2] ^= 1
    object_of(block).write_bytes(data)


def cut(block: Block) -> None:
    object_of(block).write_bytes(object_of(block).read_bytes()[:-1])


def repack(block: Block) -> None:
    """Make an object that holds other rows, with all that is told of it made anew, as an operator could."""
    told = {"first": block.first, "last": block.last, "previous": block.previous_hash, "head": ""}
    chain = Chain.objects.get(pk=block.enrolment_id).genesis_hash
    data = object_of(block).read_bytes()
    rows = [body for body, _ in verifier.unpack(data, chain, history.facts_of_block(block))]
    rows[1]["received"] += 1
    told["head"] = block.previous_hash
    for row in rows:
        told["head"] = verifier.hash_row(told["head"], row)
    data = history.pack(chain, told, rows)
    object_of(block).write_bytes(data)
    block.head, block.digest = told["head"], verifier.hashlib.sha256(data).hexdigest()
    block.lessons = {
        key: {**one, "first": one["first"] and one["first"] + (one["reports"] == 5)}
        for key, one in block.lessons.items()
    }
    block.save()


def swap(block: Block) -> None:
    other = Learner.on_edition()
    other.open()
    stolen = compact(other)
    Block.objects.filter(pk=block.pk).update(key=stolen.key, digest=stolen.digest)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (flip, "not those that were sealed"),
        (cut, "not those that were sealed"),
        (lambda block: object_of(block).unlink(), "is not there"),
        (lambda block: object_of(block).write_bytes(b""), "not those that were sealed"),
        (swap, "it is of another place"),
        (lambda block: Block.objects.update(last=8), "it is of another place"),
        (lambda block: Block.objects.update(head="0" * 64), "it is of another place"),
        (lambda block: Block.objects.update(lessons={}), "told of its lessons"),
        (lambda block: block.delete(), "sealed 10 rows that are not these"),
        (repack, "sealed 10 rows that are not these"),
    ],
    ids=[
        "flipped", "cut", "dropped", "emptied", "swapped", "shortened", "rehashed", "retold", "forgotten",
        "repacked",
    ],
)  # fmt: skip
def test_a_damaged_block_is_found_by_the_command(watched, damage, words):
    damage(compact(watched))
    out = StringIO()
    with pytest.raises(CommandError, match="does NOT hold"):
        call_command("verify_evidence", "--enrolment", str(watched.enrolment.pk), stdout=out)
    assert words in out.getvalue()


def test_every_flipped_byte_of_an_object_is_found(watched):
    block = compact(watched)
    good = object_of(block).read_bytes()
    chain = Chain.objects.get(pk=block.enrolment_id).genesis_hash
    assert len(verifier.unpack(good, chain, history.facts_of_block(block))) == 10
    for at in range(len(good)):
        bad = bytearray(good)
        bad[at] ^= 1 << at % 8
        with pytest.raises(ValueError, match="not those that were sealed"):
            verifier.unpack(bytes(bad), chain, history.facts_of_block(block))


def test_a_lost_block_corrects_no_progress_and_hides_no_other_enrolment(watched):
    object_of(compact(watched)).unlink()
    other = Learner.on_edition()
    other.open()
    other.play(0, 15)
    LessonProgress.objects.filter(enrolment=other.enrolment).update(covered_ms=1)
    before = list(watched.enrolment.progress.order_by("pk").values("coverage", "covered_ms"))
    out = StringIO()
    with pytest.raises(CommandError, match="1 enrolments is not whole"):
        call_command("rebuild_progress", "--write", stdout=out)
    assert "is not there" in out.getvalue()
    assert list(watched.enrolment.progress.order_by("pk").values("coverage", "covered_ms")) == before
    assert other.progress.covered_ms == 15_000


def test_an_object_that_was_put_back_makes_the_evidence_whole_again(watched):
    block = compact(watched)
    kept = object_of(block).read_bytes()
    object_of(block).unlink()
    with pytest.raises(CommandError):
        run("verify_evidence")
    object_of(block).write_bytes(kept)
    assert "The evidence holds." in run("verify_evidence")
    assert "0 differences" in run("rebuild_progress")


# What is cut off is taken up again.


@pytest.fixture
def plain(watched) -> list[dict]:
    """The export of `watched` before compaction, sealed."""
    seal(watched)
    return lines(watched.enrolment)


def finish(learner: Learner, after) -> None:
    """Let the sweep run as often as it needs."""
    for step in range(1, 4):
        services.compact_due(now=learner.now + SETTLED + after + step * REST)


def away(*args, **kwargs):
    raise MediaError("storage", "away")


def stored_and_killed(put):
    def killed(key, data):
        put(key, data)
        raise KeyboardInterrupt

    return killed


def test_a_storage_that_is_away_costs_nothing_and_the_next_day_it_is_done(watched, plain, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(store, "put", away)
        assert services.compact_due(now=watched.now + SETTLED) == Compacted(failed=1)
    assert services.compact_due(now=watched.now + SETTLED + DAY - REST) == Compacted()
    assert (left(watched.enrolment), lines(watched.enrolment)) == (10, plain)
    finish(watched, DAY)
    assert (left(watched.enrolment), lines(watched.enrolment)) == (0, plain)


def test_a_worker_killed_after_it_wrote_leaves_a_block_that_the_next_one_takes(watched, plain, monkeypatch):
    monkeypatch.setattr(store, "put", stored_and_killed(store.put))
    with pytest.raises(KeyboardInterrupt):
        services.compact_due(now=watched.now + SETTLED)
    monkeypatch.undo()
    block = Block.objects.get()
    assert (block.written_at, object_of(block).exists()) == (None, True)
    assert services.compact_due(now=watched.now + SETTLED + REST / 60) == Compacted(), "its lease still runs"
    finish(watched, REST)
    assert Block.objects.get().digest == block.digest
    assert (left(watched.enrolment), lines(watched.enrolment)) == (0, plain)


def test_a_worker_killed_while_rows_leave_has_removed_none(watched, plain, monkeypatch):
    services.compact_due(now=watched.now + SETTLED)
    delete = QuerySet.delete

    def killed(rows):
        delete(rows)
        raise KeyboardInterrupt

    monkeypatch.setattr(QuerySet, "delete", killed)
    with pytest.raises(KeyboardInterrupt), transaction.atomic():
        services.compact_due(now=watched.now + SETTLED + REST)
    monkeypatch.undo()
    assert (left(watched.enrolment), Block.objects.get().emptied_at) == (10, None)
    finish(watched, REST)
    assert (left(watched.enrolment), lines(watched.enrolment)) == (0, plain)


def test_what_lies_in_the_objects_place_is_never_overwritten(watched, plain, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(store, "put", away)
        services.compact_due(now=watched.now + SETTLED)
    torn = object_of(Block.objects.get())
    torn.parent.mkdir(parents=True)
    torn.write_bytes(b"torn")
    finish(watched, DAY)
    block = Block.objects.get()
    assert torn.read_bytes() == b"torn"
    assert object_of(block) != torn
    assert (left(watched.enrolment), lines(watched.enrolment)) == (0, plain)


def test_an_object_lost_while_it_rests_is_written_again_from_the_rows(watched, plain):
    services.compact_due(now=watched.now + SETTLED)
    object_of(Block.objects.get()).unlink()
    assert services.compact_due(now=watched.now + SETTLED + REST) == Compacted(failed=1)
    assert left(watched.enrolment) == 10
    finish(watched, DAY + REST)
    assert (left(watched.enrolment), lines(watched.enrolment)) == (0, plain)


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows.filter(index=1).update(kept=[[0, 15_001, 0, 15_001]]),
        lambda rows: rows.filter(index=9).update(hash="0" * 64),
        lambda rows: rows.filter(index=3).delete(),
        lambda rows: rows.filter(index=9).delete(),
    ],
)
@pytest.mark.parametrize("is_written", [False, True])
def test_a_chain_that_was_changed_stays_where_it_is_and_holds_up_no_other(watched, change, is_written):
    other = Learner.on_edition()
    other.open()
    at = seal(watched)
    if is_written:
        services.compact_due(now=at)
    change(by_hand().filter(enrolment=watched.enrolment))
    kept = left(watched.enrolment)
    done = services.compact_due(now=at + REST)
    assert done == (Compacted(emptied=1, failed=1) if is_written else Compacted(written=1, failed=1))
    assert left(watched.enrolment) == kept
    with pytest.raises(CommandError, match="does NOT hold"):
        run("verify_evidence")


@pytest.mark.django_db(transaction=True)
def test_sweeps_at_once_make_one_block_and_empty_it_once():
    learner = Learner.on_edition()
    learner.open()
    learner.play(0, 30)
    at = seal(learner)
    before = lines(learner.enrolment)
    done: list[Compacted] = []
    for step in range(2):
        assert in_threads(4, lambda _, at=at + step * REST: done.append(services.compact_due(now=at))) == []
    assert (sum(one.written for one in done), sum(one.emptied for one in done)) == (1, 1)
    assert (Block.objects.count(), left(learner.enrolment)) == (1, 0)
    assert lines(learner.enrolment) == before


def test_chains_of_before_are_told_when_they_were_sealed(watched, monkeypatch):
    other = Learner.on_edition()
    seal(watched)
    other.open()
    sealed = Chain.objects.get(pk=watched.enrolment.pk).sealed_at
    Chain.objects.update(sealed_at=None)
    migration = importlib.import_module("classroom.progress.migrations.0003_when_sealed")
    monkeypatch.setattr(migration, "_AT_ONCE", 1)
    migration.note(apps, None)
    assert Chain.objects.get(pk=watched.enrolment.pk).sealed_at == sealed
    assert Chain.objects.get(pk=other.enrolment.pk).sealed_at is None


# The verifier, with an export whose block is elsewhere.


@pytest.fixture
def folder(watched, tmp_path):
    """An export without the rows of its block, and the object in a folder beside it."""
    block = compact(watched)
    data = object_of(block).read_bytes()
    object_of(block).unlink()
    told = [{k: v for k, v in line.items() if k != "why"} for line in lines(watched.enrolment)]
    (tmp_path / "blocks").mkdir()
    (tmp_path / "blocks" / f"{block.digest}.xz").write_bytes(data)
    (tmp_path / "evidence.jsonl").write_text("\n".join(json.dumps(line) for line in told))
    (tmp_path / "verifier.py").write_text((ROOT / "classroom/progress/verifier.py").read_text())
    return tmp_path


def alone(folder, *more: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-I", "verifier.py", "evidence.jsonl", "--key", keys.public_key(), *more]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_script_alone_reads_blocks_from_a_folder_and_says_where_it_has_none(folder):
    whole = alone(folder, "--blocks", "blocks")
    assert (whole.returncode, whole.stdout.splitlines()[-1]) == (0, "The evidence holds.")
    assert "10 rows, 10 of them under a checkpoint, 90 s credited" in whole.stdout
    without = alone(folder)
    assert without.returncode == 3
    assert "Of 10 rows only the hash of their block is here" in without.stdout
    (stored,) = (folder / "blocks").iterdir()
    stored.write_bytes(stored.read_bytes()[:-1] + b"?")
    bad = alone(folder, "--blocks", "blocks")
    assert bad.returncode == 1
    assert "not those that were sealed" in bad.stdout


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda block: block.update(first=1), "stands in its place"),
        (lambda block: block.update(last=-1), "stands in its place"),
        (lambda block: block.update(last=8), "not these"),
        (lambda block: block.update(previous="0" * 64), "does not follow"),
        (lambda block: block.update(head="0" * 64), "not these"),
        (lambda block: block.pop("head"), "cannot be read"),
    ],
)
def test_a_block_whose_word_is_false_is_found_without_its_rows(folder, change, words):
    told = [json.loads(line) for line in (folder / "evidence.jsonl").read_text().split("\n")]
    assert verifier.verify(told, keys.public_key()).faults == []
    change(told[1])
    assert any(words in fault for fault in verifier.verify(told, keys.public_key()).faults)
