"""Decisions and hours lie under the same signatures as the evidence: who holds the database alone is found out."""

import json
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, transaction
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from classroom.completion import services
from classroom.completion.models import Completion, Correction, CreditEntry
from classroom.completion.services.enlisting import enlist
from classroom.completion.verification import verify
from classroom.enrolment.models import Enrolment
from classroom.people.models import AuditEntry
from classroom.progress import keys, verifier
from classroom.progress.export import export_lines
from classroom.progress.models import Block, Chain, Evidence, PersonClock
from classroom.progress.services import make_checkpoint, rebuild
from tests.classroom.completion.conftest import Bureau
from tests.classroom.progress.compacting import compact
from tests.environment import ROOT
from tests.factories.completion import CompletionFactory, CreditEntryFactory
from tests.factories.enrolment import EnrolmentFactory
from tests.factories.people import UserFactory
from tests.learner import Learner

pytestmark = pytest.mark.django_db
KIND = Correction.Kind
TABLES = (PersonClock._meta.db_table, Enrolment._meta.db_table)
DIFFERS = "what it is now is not what was chained"
GONE = "its chain tells of a decision that is not here as it was: "


def complete() -> Learner:
    """A learner who played both lectures to the end, and of whom that was decided."""
    learner = Learner.on_edition(credit_hours=Decimal("1.0"))
    for lesson in learner.enrolment.edition.lessons.order_by("position"):
        learner.open(lesson)
        learner.play(0, 180, 60)
    assert services.settle(enrolment=learner.enrolment, now=learner.now) is not None
    return learner


@pytest.fixture
def learner() -> Learner:
    return complete()


def decided(enrolment: Enrolment) -> list[dict[str, Any]]:
    rows = Evidence.rows.filter(enrolment=enrolment, kind=Evidence.Kind.DECISION)
    return list(rows.order_by("index").values_list("facts", flat=True))


def found(enrolment: int | None = None) -> list[str]:
    return [words for one in verify(enrolment) for words in one.faults]


def unchained() -> list[int]:
    return [one.enrolment_id for one in verify() if one.unchained]


def holds(enrolment: Enrolment) -> bool:
    lines = json.loads(json.dumps(list(export_lines(enrolment))))
    return verifier.verify(lines, keys.public_key()).ok


def write(model: Any, **fields: Any) -> None:
    """Change all rows as somebody at the database would, past what refuses it."""
    QuerySet(model).update(**fields)


def let_go(*models: Any) -> None:
    for model in models:
        QuerySet(model).delete()


def test_a_decision_and_its_hours_join_the_chain_once(learner: Learner):
    assert services.settle(enrolment=learner.enrolment, now=learner.now) is not None
    completion, credit = decided(learner.enrolment)
    assert (completion["act"], completion["assurance"], completion["verified_s"]) == ("complete", "A1", 360)
    assert (credit["act"], credit["hours_tenths"], credit["year"]) == ("credit", 1, 2026)
    assert found() == unchained() == []
    # The chain goes on where the decision left it, whatever the clock had at hand.
    learner.play(0, 15)
    learner.open()
    assert holds(learner.enrolment)
    assert rebuild(enrolment=learner.enrolment) == []


def test_a_decision_that_is_rolled_back_leaves_no_row(learner: Learner):
    length, heads = Chain.objects.get().length, PersonClock.objects.get().heads
    with transaction.atomic():
        services.reverse_credit(entry=CreditEntry.objects.get(), reason="记录有误", by=UserFactory())
        assert Chain.objects.get().length == length + 1
        transaction.set_rollback(True)
    assert (Chain.objects.get().length, PersonClock.objects.get().heads) == (length, heads)


def test_nothing_but_a_completion_is_decided(learner: Learner):
    half = Learner.on_edition()
    half.open()
    half.play(0, 30)
    services.settle(enrolment=half.enrolment, now=half.now)
    assert decided(half.enrolment) == []


def test_what_two_persons_decided_joins_the_chain_of_whom_it_is_about(bureau: Bureau):
    bureau.decide(bureau.propose(hours=Decimal("2.0")))
    bureau.under_way.refresh_from_db()
    bureau.decide(bureau.propose(kind=KIND.ADD_HOURS, hours=Decimal("1.0")))
    bureau.decide(bureau.propose(kind=KIND.WITHDRAW, hours=None))
    told = decided(bureau.under_way)
    acts = ["complete", "credit", "credit", "reverse", "reverse", "withdraw"]
    assert [one["act"] for one in told] == acts
    assert [one.get("hours_tenths") for one in told] == [20, 20, 10, -20, -10, None]
    assert all(one["by_hand"] for one in told)
    assert found(bureau.under_way.pk) == []
    # Words and names of persons are in no row.
    assert "平台故障" not in json.dumps(told, ensure_ascii=False)
    assert holds(bureau.under_way)
    # A withdrawal that was wiped out afterwards is missed.
    QuerySet(Correction).filter(kind=KIND.WITHDRAW).update(state="rejected")
    assert any(words.startswith(f"{GONE}withdraw") for words in found(bureau.under_way.pk))


def forged(learner: Learner) -> None:
    """One who knows how takes the hours up, with all that hangs on them."""
    write(CreditEntry, hours=Decimal("0.9"))
    write(Completion, credit_hours=Decimal("0.9"), verified_seconds=2_500)


CHANGES: dict[str, tuple[Callable[[Learner], Any], list[str]]] = {
    "a decision that was dropped": (
        lambda _: let_go(CreditEntry, Completion),
        ["complete", "credit"],
    ),
    "a decision that says more": (forged, ["complete", "credit", DIFFERS]),
    "another explanation": (lambda _: write(Completion, explanation={"items": []}), ["complete", DIFFERS]),
    "a score": (lambda _: write(Completion, score=Decimal("99.5")), ["complete", DIFFERS]),
    "another year": (lambda _: write(CreditEntry, year=2025), ["credit", DIFFERS]),
    "another category": (lambda _: write(CreditEntry, category="public"), ["credit", DIFFERS]),
    "a reason put to it": (lambda _: write(CreditEntry, reason="补录"), ["credit", DIFFERS]),
    "a reversal that nobody made": (
        lambda learner: CreditEntryFactory(
            completion=Completion.rows.get(),
            hours=Decimal("-0.1"),
            year=2026,
            reverses=CreditEntry.objects.get(),
        ),
        [DIFFERS],
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_whatever_was_changed_beside_the_chain_is_named(learner: Learner, name: str):
    change, words = CHANGES[name]
    change(learner)
    told = [one for one in found() if one.startswith((GONE, DIFFERS))]
    assert [one.removeprefix(GONE).split(" of ")[0] if one != DIFFERS else one for one in told] == words
    assert unchained() == []


def test_a_decision_copied_to_somebody_else_has_no_row_in_their_chain(learner: Learner):
    other = EnrolmentFactory(edition=learner.enrolment.edition, completed=True)
    real = Completion.rows.values().get()
    row = Completion(**{**real, "id": None, "enrolment_id": other.pk})
    row.save()
    assert unchained() == [other.pk]
    # Nor does it get one by being enlisted: it does not hold.
    assert enlist(completion=row) == 0


def tamper(learner: Learner, change: Callable[[dict[str, Any]], None]) -> None:
    row = Evidence.rows.filter(kind=Evidence.Kind.DECISION).earliest("index")
    change(row.facts)
    QuerySet(Evidence).filter(pk=row.pk).update(facts=row.facts)


def test_a_row_made_to_fit_a_forged_decision_breaks_the_chain(learner: Learner):
    make_checkpoint()
    assert holds(learner.enrolment)
    tamper(learner, lambda facts: facts.update(assurance="A3"))
    assert not holds(learner.enrolment)
    with pytest.raises(CommandError, match="does NOT hold"):
        call_command("verify_evidence", stdout=StringIO())


def test_a_row_of_a_decision_that_is_dropped_is_missed(learner: Learner):
    make_checkpoint()
    QuerySet(Evidence).filter(kind=Evidence.Kind.DECISION).delete()
    with pytest.raises(CommandError, match="does NOT hold"):
        call_command("verify_evidence", stdout=StringIO())
    # And its completion is then one that no chain has.
    assert unchained() == [learner.enrolment.pk]


def test_a_stranger_with_an_export_and_the_key_reads_and_holds_the_decisions(
    learner: Learner, tmp_path: Path
):
    make_checkpoint()
    file = tmp_path / "evidence.jsonl"

    def said(lines: list[dict[str, Any]]) -> tuple[int, str]:
        file.write_text("\n".join(map(json.dumps, lines)))
        script = [sys.executable, "-I", str(ROOT / "classroom/progress/verifier.py"), str(file)]
        done = subprocess.run(
            [*script, "--key", keys.public_key()], capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout

    lines = list(export_lines(learner.enrolment))
    code, words = said(lines)
    assert code == 0
    assert 'decided {"act": "complete"' in words
    assert '"hours_tenths": 1' in words
    at = next(n for n, line in enumerate(lines) if line.get("body", {}).get("kind") == "decision")
    code, words = said([*lines[:at], *lines[at + 1 :]])
    assert code == 1
    changed = json.loads(json.dumps(lines))
    changed[at]["body"]["facts"]["digest"] = changed[at]["body"]["facts"]["digest"][::-1]
    assert said(changed)[0] == 1


def test_a_decision_on_more_than_was_credited_before_it_is_named_by_the_verifier(raised: Learner):
    rebuild(enrolment=raised.enrolment, write=True)
    report = verifier.verify(json.loads(json.dumps(list(export_lines(raised.enrolment)))))
    assert len(report.faults) == 1
    assert report.faults[0].endswith("decides on more than the rows before it credited")


def test_compacted_decisions_are_held_as_those_in_the_table(learner: Learner):
    before = list(export_lines(learner.enrolment))
    compact(learner)
    assert Evidence.rows.count() == 0
    assert list(export_lines(learner.enrolment))[: len(before)] == before
    assert found() == unchained() == []
    assert rebuild(enrolment=learner.enrolment) == []
    let_go(CreditEntry, Completion)
    assert [words.removeprefix(GONE)[:8] for words in found()] == ["complete", "credit o"]
    QuerySet(Block).update(key="evidence/00/gone.xz")
    assert [words[:25] for words in found()] == ["its chain cannot be read:"]


def of_before(learner: Learner) -> None:
    """As it was before decisions were chained: the newest rows, and the head that the clock has at hand."""
    QuerySet(Evidence).filter(kind=Evidence.Kind.DECISION).delete()
    PersonClock.objects.update(heads={})


def test_decisions_of_before_are_told_and_enlisted_on_purpose(learner: Learner):
    of_before(learner)
    # Hours taken back since are chained; that makes no fault of what was decided before.
    services.reverse_credit(entry=CreditEntry.objects.get(), reason="记录有误", by=UserFactory())
    said = StringIO()
    with pytest.raises(CommandError, match="no chain has them"):
        call_command("verify_completions", stdout=said)
    assert f"UNCHAINED  enrolment {learner.enrolment.pk}: decided before" in said.getvalue()
    assert len(decided(learner.enrolment)) == 1
    call_command("verify_completions", enlist=True, stdout=said)
    assert f"ENLISTED  enrolment {learner.enrolment.pk}: 2 rows" in said.getvalue()
    _, *late = decided(learner.enrolment)
    assert [(one["act"], one["enlisted"]) for one in late] == [("complete", True), ("credit", True)]
    assert AuditEntry.objects.filter(action="completion.enlist").count() == 1
    assert holds(learner.enrolment)
    # From then on it is held like any other, and nothing is enlisted twice.
    call_command("verify_completions", enlist=True, stdout=said)
    assert len(decided(learner.enrolment)) == 3
    write(Completion, assurance="A3")
    assert DIFFERS in found()


def test_what_does_not_hold_is_not_enlisted():
    CreditEntryFactory(completion=CompletionFactory(credit_hours=Decimal("3.0")))
    said = StringIO()
    with pytest.raises(CommandError, match="not all hold"):
        call_command("verify_completions", enlist=True, stdout=said)
    assert "ENLISTED" not in said.getvalue()
    assert Evidence.rows.count() == 0


def test_one_enrolment_is_asked_about_alone(learner: Learner):
    other = complete()
    let_go(CreditEntry, Completion)
    assert len(found()) == 4
    assert len(found(other.enrolment.pk)) == 2


def test_many_cost_no_more_queries_than_one(learner: Learner, django_assert_max_num_queries: Any):
    with django_assert_max_num_queries(20) as one:
        found()
    complete()
    complete()
    with django_assert_max_num_queries(len(one)):
        found()


@pytest.mark.skipif(not connection.features.has_select_for_update, reason="SQLite locks no rows")
def test_the_clock_is_taken_before_the_enrolment_as_a_report_does(bureau: Bureau):
    """Two that take them the other way round would wait for each other."""
    correction = bureau.propose(hours=Decimal("2.0"))
    learner = Learner.on_edition()
    acts: list[Callable[[], object]] = [
        lambda: services.settle(enrolment=learner.enrolment, now=learner.now),
        lambda: bureau.decide(correction),
    ]
    for act in acts:
        with CaptureQueriesContext(connection) as asked:
            act()
        locked = [query["sql"] for query in asked if " FOR NO KEY UPDATE" in query["sql"]]
        first = [next(n for n, sql in enumerate(locked) if f'FROM "{table}"' in sql) for table in TABLES]
        assert first == sorted(first)
