"""Checkpoints that somebody kept: a past that was rewritten by the holder of the key is found with them."""

import json
import subprocess
import sys
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from classroom.progress import keys, services, verifier
from classroom.progress.export import checkpoint_line, export_lines
from classroom.progress.merkle import root_of
from classroom.progress.models import Chain, Checkpoint, CheckpointLeaf
from tests.classroom.progress.compacting import by_hand
from tests.environment import ROOT
from tests.learner import Learner

pytestmark = pytest.mark.django_db


def seal(learner: Learner) -> None:
    """Sign all heads, so long after the last report that none is still being written."""
    learner.now += timedelta(minutes=5)
    services.make_checkpoint(now=learner.now)


@pytest.fixture
def learner() -> Learner:
    """Somebody who watched three times a quarter of a minute, each sealed by a checkpoint of its own."""
    learner = Learner.on_edition()
    learner.open()
    for start in (0, 15, 30):
        learner.play(start, start + 15)
        seal(learner)
    return learner


def published() -> list[dict]:
    return [checkpoint_line(one) for one in Checkpoint.objects.order_by("number")]


def told(learner: Learner) -> list[dict]:
    return list(export_lines(learner.enrolment, every=True))


def faults(lines: list[dict], copies: list[dict]) -> list[str]:
    return verifier.verify(lines, keys.public_key(), copies=copies).faults


def rehash(learner: Learner) -> None:
    """Make every hash of a chain anew over rows that were changed by hand."""
    head = Chain.objects.get(pk=learner.enrolment.pk).genesis_hash
    bodies = [line["body"] for line in export_lines(learner.enrolment) if line["type"] == "row"]
    for body in bodies:
        row = by_hand().filter(enrolment=learner.enrolment, index=body["index"])
        before, head = head, verifier.hash_row(head, body)
        row.update(previous_hash=before, hash=head)


def sign_anew(*checkpoints: Checkpoint) -> None:
    """Make checkpoints anew over the rows as they are now, as the holder of the key can."""
    previous = "0" * 64
    for one in Checkpoint.objects.order_by("number"):
        if one in checkpoints:
            leaves = []
            for leaf in CheckpointLeaf.objects.filter(checkpoint=one).order_by("position"):
                row = by_hand().get(enrolment=leaf.enrolment, index=leaf.length - 1)
                CheckpointLeaf.objects.filter(pk=leaf.pk).update(head=row.hash)
                start = Chain.objects.get(pk=leaf.enrolment_id).genesis_hash
                leaves.append(verifier.hash_leaf(start, leaf.length, row.hash))
            facts = {**checkpoint_line(one), "root": root_of(leaves).hex(), "previous": previous}
            Checkpoint.objects.filter(pk=one.pk).update(
                root=facts["root"],
                previous_hash=previous,
                hash=verifier.hash_checkpoint(facts),
                signature=keys.signing_key().sign(verifier.signed_bytes(facts)).hex(),
            )
        previous = Checkpoint.objects.get(pk=one.pk).hash


def rewrite(learner: Learner) -> None:
    """Change what is told of the first report, and all hashes after it."""
    by_hand().filter(enrolment=learner.enrolment, seq=0).update(facts={"told": "anew"})
    rehash(learner)


@pytest.fixture
def rewritten(learner) -> tuple[list[dict], list[dict]]:
    """An export of a past that was rewritten and signed anew whole, and what had been published before."""
    copies = published()
    rewrite(learner)
    sign_anew(*Checkpoint.objects.all())
    return told(learner), copies


def test_an_export_shows_each_checkpoint_that_sealed_a_part(learner):
    lines = [line for line in told(learner) if line["type"] == "checkpoint"]
    assert [(line["number"], line["leaf"]["length"]) for line in lines] == [(0, 2), (1, 3), (2, 4)]
    assert [line["number"] for line in export_lines(learner.enrolment) if line["type"] == "checkpoint"] == [2]


@pytest.mark.parametrize("kept", [slice(None), slice(0, 1), slice(1, 2), slice(0, 0)])
def test_what_was_never_touched_agrees_with_whichever_copies(learner, kept):
    assert faults(told(learner), published()[kept]) == []


def test_what_came_after_the_copies_is_no_fault(learner):
    copies = published()
    learner.play(45, 60)
    assert faults(told(learner), copies) == []
    seal(learner)
    assert faults(told(learner), copies) == []


def test_a_row_that_was_being_written_while_a_checkpoint_was_made_is_no_fault(learner):
    learner.play(45, 60)
    late = learner.now + timedelta(milliseconds=verifier.UNSEEN_MS - 1)
    other = Learner.on_edition()
    other.open()
    held = by_hand().filter(enrolment=learner.enrolment, seq=3)
    facts = held.values().get()
    held.delete()
    services.make_checkpoint(now=late)
    by_hand().create(**facts)
    seal(learner)
    assert faults(told(learner), published()) == []


def test_without_copies_a_past_that_was_signed_anew_would_hold(rewritten):
    assert faults(rewritten[0], []) == []


@pytest.mark.parametrize("kept", [0, 1, 2])
def test_one_copy_is_enough_to_find_that_the_past_was_rewritten(rewritten, kept):
    lines, copies = rewritten
    found = faults(lines, [copies[kept]])
    assert f"checkpoint {kept} is not, or does not follow on, the one that was published" in found


def test_a_rewritten_chain_cannot_be_told_to_have_been_sealed_later(rewritten):
    lines, copies = rewritten
    last = [line for line in lines if line["type"] != "checkpoint" or line["number"] == 2]
    assert faults(last, copies[:1]) == ["row 0 is older than checkpoint 0, which did not seal it"]


def test_a_row_that_was_put_in_with_a_date_of_long_ago_is_found(learner):
    copies = published()
    before = learner.now
    learner.now -= timedelta(minutes=12)
    learner.report()
    learner.now = before
    seal(learner)
    assert faults(told(learner), copies) == ["row 4 is older than checkpoint 1, which did not seal it"]
    assert faults(told(learner), []) == []


def changed(copy: dict) -> list[dict]:
    return [{**copy, "at": copy["at"] + 1}]


def forged(copy: dict) -> list[dict]:
    facts = {**copy, "root": "ab" * 32}
    return [{**facts, "hash": verifier.hash_checkpoint(facts)}]


@pytest.mark.parametrize("make", [changed, forged])
def test_a_copy_that_is_none_of_the_platforms_is_told_to_be_worth_nothing(learner, make):
    found = faults(told(learner), make(published()[0]))
    assert "the copy of checkpoint 0 was changed or is not signed by this key" in found


def test_two_pasts_that_were_both_signed_are_told(rewritten, learner):
    both = [*rewritten[1], *published()]
    found = verifier.faults_of_copies(both, keys.public_key())
    assert "the copy of checkpoint 0 contradicts another: two pasts were published" in found
    assert verifier.faults_of_copies(both[:3], keys.public_key()) == []


def test_the_script_alone_takes_the_list_as_it_was_published(rewritten, tmp_path: Path):
    lines, copies = rewritten
    files = {name: tmp_path / name for name in ("verifier.py", "export", "page", "lines", "none")}
    files["verifier.py"].write_text((ROOT / "classroom/progress/verifier.py").read_text())
    files["export"].write_text("\n".join(map(json.dumps, lines)))
    files["page"].write_text(json.dumps({"count": 3, "next": None, "results": copies[::-1]}))
    files["lines"].write_text("\n".join(map(json.dumps, copies)))
    files["none"].write_text("")

    def result(kept: str) -> tuple[int, str]:
        names = [str(files[name]) for name in ("verifier.py", "export")]
        command = [
            sys.executable,
            "-I",
            *names,
            "--key",
            keys.public_key(),
            "--checkpoints",
            str(files[kept]),
        ]
        ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        return ran.returncode, ran.stdout

    assert result("none")[0] == 0
    for kept in ("page", "lines"):
        code, said = result(kept)
        assert (code, said.count("FAULT")) == (1, 3)
        assert said.endswith("The evidence does NOT hold.\n")


def run(*arguments: str) -> str:
    out = StringIO()
    try:
        call_command("verify_evidence", *arguments, stdout=out)
    except CommandError as error:
        return f"{out.getvalue()}{error}"
    return out.getvalue()


def test_the_command_holds_export_and_database_against_the_published_list(learner, tmp_path: Path):
    copies, export = tmp_path / "copies.json", tmp_path / "export.jsonl"
    copies.write_bytes(Client().get("/api/evidence/checkpoints/").content)
    exported = ["--enrolment", str(learner.enrolment.pk), "--export", str(export)]
    run(*exported)
    for asked in (["--file", str(export)], []):
        assert "The evidence holds." in run(*asked, "--checkpoints", str(copies))
    rewrite(learner)
    sign_anew(*Checkpoint.objects.all())
    run(*exported)
    for asked in (["--file", str(export)], []):
        assert "The evidence holds." in run(*asked)
        assert "does NOT hold" in run(*asked, "--checkpoints", str(copies))


def test_a_past_under_the_newest_checkpoint_alone_is_found_by_the_older_ones_in_the_database(learner):
    rewrite(learner)
    sign_anew(Checkpoint.objects.latest("number"))
    said = run()
    one = f"FAULT  enrolment {learner.enrolment.pk}: checkpoint"
    assert [line for line in said.splitlines() if "FAULT" in line] == [
        f"{one} 0 sealed 2 rows that are not these",
        f"{one} 1 sealed 3 rows that are not these",
    ]
    assert one not in run("--enrolment", str(Learner.on_edition().enrolment.pk))
