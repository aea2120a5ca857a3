"""The chain, the checkpoints and the verifier: whatever is changed later is found by a stranger."""

import contextlib
import copy
import json
import random
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
import rfc8785
from django.core.management import call_command
from django.core.management.base import CommandError
from hypothesis import given
from hypothesis import strategies as st

from classroom.progress import keys, services, verifier
from classroom.progress.export import checkpoint_line, export_lines
from classroom.progress.merkle import path_to, root_of
from classroom.progress.models import Chain, Checkpoint, CheckpointLeaf, LessonProgress
from classroom.progress.spans import Span
from classroom.progress.tasks import checkpoint
from tests.classroom.progress.compacting import by_hand
from tests.environment import ROOT
from tests.factories.progress import LessonProgressFactory
from tests.learner import Learner

FACTS = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abcxyz_", max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.text("abcxyz_", max_size=6), FACTS, max_size=5))
def test_canonical_json_is_rfc_8785(facts):
    assert verifier.canonical(facts) == rfc8785.dumps(facts)


def test_fractions_have_no_place():
    with pytest.raises(ValueError, match="fraction"):
        verifier.canonical({"a": [1, {"b": 0.5}]})


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 8, 9, 33])
def test_every_leaf_is_proven_and_no_other(size):
    leaves = [verifier.hash_leaf(f"{n:064x}", n, "0" * 64) for n in range(size)]
    root = root_of(leaves).hex()
    for position, leaf in enumerate(leaves):
        path = [step.hex() for step in path_to(position, leaves)]
        assert verifier.root_from(leaf, position, size, path) == root
        assert verifier.root_from(verifier.hash_leaf("f" * 64, 0, "0" * 64), position, size, path) != root
        if size > 1:
            assert verifier.root_from(leaf, (position + 1) % size, size, path) != root
            assert verifier.root_from(leaf, position, size, path[:-1]) != root
    assert verifier.root_from(leaves[0], size, size, []) is None
    with pytest.raises(ValueError, match="leaf"):
        root_of([])


@pytest.fixture
def export(db) -> list[dict]:
    """The sealed evidence of a learner who watched a minute, among others."""
    other = Learner.on_edition()
    other.open()
    learner = Learner.on_edition()
    learner.open()
    learner.play(0, 60)
    learner.report(Span(120_000, 130_000, 60_000, 61_000))
    services.make_checkpoint()
    return list(export_lines(learner.enrolment))


def faults(lines: list[dict]) -> list[str]:
    return verifier.verify(json.loads(json.dumps(lines)), keys.public_key()).faults


def test_an_untouched_export_holds(export):
    report = verifier.verify(export, keys.public_key())
    assert report.faults == []
    assert (report.rows, report.sealed) == (6, 6)
    assert list(report.covered_ms.values()) == [60_000]


def test_every_dropped_row_is_found(export):
    rows = [number for number, line in enumerate(export) if line["type"] == "row"]
    for number in rows:
        assert faults(export[:number] + export[number + 1 :]), number


def test_rows_in_another_order_and_rows_twice_are_found(export):
    swapped = [*export]
    swapped[2], swapped[3] = swapped[3], swapped[2]
    assert faults(swapped)
    assert faults([*export[:3], export[2], *export[3:]])


def test_every_flipped_byte_is_found(export):
    rng = random.Random(20261123)
    text = "\n".join(json.dumps(line) for line in export)
    read = 0
    for _ in range(600):
        at = rng.randrange(len(text))
        flipped = text[:at] + chr(ord(text[at]) ^ (1 << rng.randrange(7))) + text[at + 1 :]
        try:
            changed = [json.loads(line) for line in flipped.split("\n")]
        except ValueError:
            continue
        read += 1
        assert faults(changed) or proves_the_same(export, changed), (at, flipped[max(0, at - 20) : at + 20])
    assert read > 200


def proves_the_same(lines: list[dict], changed: list[dict]) -> bool:
    """Whether only a name was changed that proves nothing: the short name of the key."""
    some = [[{k: v for k, v in line.items() if k != "key"} for line in one] for one in (lines, changed)]
    plain = json.loads(json.dumps(some))
    return plain[0] == plain[1] or any(
        "key" not in line for line in changed if line.get("type") == "checkpoint"
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda e: e[2]["body"]["kept"].append([170_000, 180_000, 0, 10]), "hash does not follow"),
        (lambda e: e[0]["genesis"].update(person="someone else"), "genesis"),
        (lambda e: e[-1].update(root="0" * 64), "not signed"),
        (lambda e: e[-1].update(signature="0" * 128), "not signed"),
        (lambda e: e[-1]["leaf"].update(length=2), "sealed 2 rows"),
        (lambda e: e[-1]["leaf"].update(path=[]), "another root"),
        (lambda e: next(iter(e[-2]["lessons"].values())).append([170_000, 180_000]), "add up"),
        (lambda e: e.append({"type": "poem"}), "unknown type"),
        (lambda e: e.insert(0, {"type": "row"}), "genesis"),
        (lambda e: e[1].pop("body"), "cannot be read"),
        (lambda e: e.clear(), "empty"),
    ],
)
def test_what_is_changed_is_named(export, change, words):
    lines = copy.deepcopy(json.loads(json.dumps(export)))
    change(lines)
    assert any(words in fault for fault in faults(lines)), faults(lines)


def forged(export: list[dict], change) -> list[str]:
    """Change a row and recompute every hash after it, as an operator could; the checkpoint stays."""
    lines = copy.deepcopy(json.loads(json.dumps(export)))
    change(lines)
    head = lines[0]["hash"]
    for line in lines:
        if line["type"] == "row":
            head = line["hash"] = verifier.hash_row(head, line["body"])
    return faults(lines)


def test_a_chain_made_anew_is_found_by_the_checkpoint(export):
    def more(lines):
        lines[2]["body"]["spans"][0][4] = 999

    assert any("sealed" in fault for fault in forged(export, more))


def test_credit_that_breaks_the_promises_is_found_even_in_a_chain_made_anew(export):
    def fast(lines):
        lines[2]["body"]["kept"][0][1] = 18_001

    def twice(lines):
        lines[3]["body"]["kept"][0][2:] = lines[2]["body"]["kept"][0][2:]

    def beyond(lines):
        lines[2]["body"]["kept"][0][1] = 999_000

    def early(lines):
        lines[2]["body"]["kept"][0][2] = 5

    assert any("faster" in fault for fault in forged(export, fast))
    assert any("twice" in fault for fault in forged(export, twice))
    assert any("no part of a lecture" in fault for fault in forged(export, beyond))
    assert any("outside its session" in fault for fault in forged(export, early))


def test_another_key_signed_nothing_here(export):
    other = "ab" * 32
    assert any("not signed" in fault for fault in verifier.verify(export, other).faults)
    assert verifier.verify(export).faults == []
    assert verifier.verify(export, other, keys.public_key()).faults == []


@pytest.mark.django_db
def test_what_a_former_key_signed_is_verified_for_ever(settings):
    learner = Learner.on_edition()
    learner.open()
    learner.play(0, 15)
    services.make_checkpoint()
    settings.EVIDENCE_KEY_FALLBACKS, settings.EVIDENCE_KEY = [settings.EVIDENCE_KEY], "a key of another year"
    later = Learner.on_edition()
    later.open()
    services.make_checkpoint()
    call_command("verify_evidence", stdout=StringIO())
    settings.EVIDENCE_KEY_FALLBACKS = []
    with pytest.raises(CommandError, match="2 faults"):
        call_command("verify_evidence", stdout=StringIO())


def verified(*words: str) -> str:
    """Return what `verify_evidence` finds, whether it holds or not."""
    said = StringIO()
    with contextlib.suppress(CommandError):
        call_command("verify_evidence", *words, stdout=said)
    return said.getvalue()


@pytest.mark.django_db
def test_a_chain_that_was_dropped_whole_is_missed(tmp_path):
    gone, kept = Learner.on_edition(), Learner.on_edition()
    for learner in (gone, kept):
        learner.open()
        learner.play(0, 15)
    services.make_checkpoint()
    assert "FAULT" not in verified()
    copies = tmp_path / "copies.jsonl"
    copies.write_text("".join(json.dumps(checkpoint_line(one)) + "\n" for one in Checkpoint.objects.all()))
    assert "FAULT" not in verified("--checkpoints", str(copies))
    by_hand().filter(enrolment=gone.enrolment).delete()
    Chain.objects.filter(pk=gone.enrolment.pk).delete()
    said = verified()
    assert f"FAULT  enrolment {gone.enrolment.pk}: progress without evidence" in said
    assert "FAULT  checkpoint 0 sealed chains that are not here" in said
    CheckpointLeaf.objects.filter(enrolment=gone.enrolment).delete()
    assert "FAULT  checkpoint 0 sealed chains that are not here" in verified()
    CheckpointLeaf.objects.all().delete()
    Checkpoint.objects.all().delete()
    said = verified("--checkpoints", str(copies))
    assert "FAULT  checkpoint 0 was published, and is not here as it was" in said


@pytest.mark.django_db
def test_progress_that_no_evidence_bears_out_is_found():
    forged = LessonProgressFactory(coverage=[[0, 60_000]], covered_ms=60_000, furthest_ms=60_000)
    with pytest.raises(CommandError, match="differs from its evidence"):
        call_command("rebuild_progress", stdout=StringIO())
    call_command("rebuild_progress", "--write", stdout=StringIO())
    forged.refresh_from_db()
    assert (forged.coverage, forged.covered_ms) == ([], 0)


@pytest.mark.django_db
def test_checkpoints_follow_on_one_another_and_hold_only_what_moved():
    assert services.make_checkpoint() is None
    first, second = Learner.on_edition(), Learner.on_edition()
    first.open()
    second.open()
    assert checkpoint() == 0
    assert checkpoint() is None
    second.play(0, 15)
    assert checkpoint() == 1
    one, two = Checkpoint.objects.order_by("number")
    assert (one.size, two.size, two.previous_hash) == (2, 1, one.hash)
    leaf = CheckpointLeaf.objects.get(checkpoint=two)
    assert (leaf.enrolment, leaf.length) == (second.enrolment, 2)
    assert faults(list(export_lines(first.enrolment))) == []
    assert faults(list(export_lines(second.enrolment))) == []


@pytest.mark.django_db
def test_without_evidence_there_is_nothing_to_export():
    assert list(export_lines(Learner.on_edition().enrolment)) == []


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_the_commands_verify_export_and_find_a_change_in_the_database(tmp_path: Path):
    learner = Learner.on_edition()
    learner.open()
    learner.play(0, 30)
    services.make_checkpoint()
    assert "The evidence holds." in run("verify_evidence")
    path = tmp_path / "evidence.jsonl"
    run("verify_evidence", "--enrolment", str(learner.enrolment.pk), "--export", str(path))
    assert "3 rows, 3 sealed, 30 s" in run("verify_evidence", "--file", str(path))
    assert "0 differences" in run("rebuild_progress")
    with pytest.raises(CommandError, match="Name an enrolment"):
        run("verify_evidence", "--export", str(path))
    rows = by_hand().filter(kind="watch")
    rows.filter(seq=0).update(kept=[[0, 180_000, 1, 2]])
    with pytest.raises(CommandError, match="does NOT hold"):
        run("verify_evidence", "--enrolment", str(learner.enrolment.pk))
    LessonProgress.objects.update(covered_ms=1)
    with pytest.raises(CommandError, match="differs"):
        run("rebuild_progress", "--enrolment", str(learner.enrolment.pk))
    assert "corrected" in run("rebuild_progress", "--write")
    Checkpoint.objects.update(size=7)
    with pytest.raises(CommandError, match="does NOT hold"):
        run("verify_evidence")


def test_the_script_runs_alone_with_only_an_export_and_a_key(export, tmp_path: Path):
    script = tmp_path / "verifier.py"
    script.write_text((ROOT / "classroom/progress/verifier.py").read_text())
    path = tmp_path / "evidence.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in export))

    def result(*more: str) -> subprocess.CompletedProcess:
        command = [sys.executable, "-I", str(script), str(path), *more]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    good = result("--key", keys.public_key())
    assert (good.returncode, good.stdout.splitlines()[-1]) == (0, "The evidence holds.")
    assert "not checked" in result().stdout
    path.write_text(path.read_text().replace("15000", "15001", 1))
    bad = result("--key", keys.public_key())
    assert bad.returncode == 1
    assert "FAULT" in bad.stdout
