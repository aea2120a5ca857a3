"""Every decision is decided once more from its own inputs: what was changed beside the platform is named."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db.models import QuerySet

from classroom.completion import rules, services
from classroom.completion.models import Completion, Correction, CreditEntry
from classroom.completion.services.recording import record
from classroom.completion.verification import every_completion, faults
from classroom.enrolment.models import Enrolment
from classroom.progress.models import LessonProgress
from classroom.progress.services.rebuild import rebuild
from classroom.progress.verifier import canonical
from tests.classroom.completion.conftest import Bureau
from tests.factories.people import UserFactory
from tests.learner import BEGIN, Learner

pytestmark = pytest.mark.django_db
KIND = Correction.Kind


@pytest.fixture
def done() -> Completion:
    """A decision of the rules on two lectures that were really played."""
    learner = Learner.on_edition(credit_hours=Decimal("1.0"))
    for lesson in learner.enrolment.edition.lessons.order_by("position"):
        learner.open(lesson)
        learner.play(0, 180, 60)
    made = services.settle(enrolment=learner.enrolment, now=learner.now)
    assert made is not None
    return made


def found(enrolment: int | None = None) -> list[str]:
    return [words for one in every_completion(enrolment) for words in faults(one)]


def write(model: Any, **fields: Any) -> None:
    """Change all rows as somebody at the database would, past what refuses it."""
    QuerySet(model).update(**fields)


def test_what_the_rules_decided_holds(done: Completion):
    assert found() == []
    # Also when the next report comes, and after a reversal.
    services.reverse_credit(entry=done.credit_entries.get(), reason="记录有误", by=UserFactory())
    assert found() == []


def inputs(done: Completion, **changes: Any) -> None:
    write(Completion, inputs={**done.inputs, **changes})


def inputs_with_their_digest(done: Completion) -> None:
    """The inputs of somebody who saw more, with all that follows from it: only the progress is as it was."""
    lessons = [{**one, "covered_ms": one["covered_ms"] + 60_000} for one in done.inputs["lessons"]]
    told = {**done.inputs, "lessons": lessons}
    enrolment = done.enrolment
    QuerySet(CreditEntry).delete()
    QuerySet(Completion).delete()
    write(Enrolment, state="active", completed_at=None)
    record(
        enrolment=enrolment,
        inputs=told,
        explanation=rules.evaluate(done.rule, told).as_data(),
        credit_hours=Decimal("0.1"),
        score=None,
        assurance=done.assurance,
        at=done.at,
    )


CHANGES: dict[str, tuple[Callable[[Completion], object], set[str]]] = {
    "a number in the inputs": (lambda done: inputs(done, on="2026-11-03"), {"its inputs are not those"}),
    "the digest": (lambda done: write(Completion, inputs_digest="0" * 64), {"its inputs are not those"}),
    "inputs that are none": (
        lambda done: write(Completion, inputs=[]),
        {
            "its inputs are not those", "its inputs do not lead", "its seconds", "its credit hours do not",
            "it tells of more",
        },
    ),
    "a fraction among them": (lambda done: inputs(done, exam=None, on=0.5), {"its inputs are not those"}),
    "the explanation": (
        lambda done: write(Completion, explanation={**done.explanation, "items": []}),
        {"its inputs do not lead"},
    ),
    "the rule": (
        lambda done: write(Completion, rule={"version": 1, "all": []}),
        {"its rule is not", "its inputs do not lead"},
    ),
    "the assurance": (lambda done: write(Completion, assurance="A3"), {"its seconds, score or assurance"}),
    "the score": (lambda done: write(Completion, score=Decimal("99.0")), {"its seconds, score or assurance"}),
    "the seconds": (lambda done: write(Completion, verified_seconds=9_999), {"its seconds, score or assurance"}),
    "the hours": (
        lambda done: write(Completion, credit_hours=Decimal("1.0")),
        {"its credit hours do not", "the ledger"},
    ),
    "hours in the ledger": (lambda done: write(CreditEntry, hours=Decimal("0.9")), {"the ledger"}),
    "whose hours they are": (lambda done: write(CreditEntry, user_id=UserFactory().pk), {"the ledger"}),
    "an entry that is gone": (lambda done: QuerySet(CreditEntry).delete(), {"the ledger"}),
    "the day": (lambda done: write(Completion, at=done.at - timedelta(days=400)), {"its enrolment"}),
    "the enrolment": (
        lambda done: write(Enrolment, state="withdrawn", withdrawn_at=BEGIN, completed_at=None),
        {"its enrolment"},
    ),
    "progress that is gone": (lambda done: write(LessonProgress, covered_ms=0), {"it tells of more"}),
    "all of it, by somebody who knows how": (inputs_with_their_digest, {"it tells of more"}),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_whatever_was_changed_is_named(done: Completion, name: str):
    change, words = CHANGES[name]
    change(done)
    said = found()
    assert len(said) == len(words)
    assert all(any(one.startswith(start) for one in said) for start in words)


@pytest.mark.parametrize(("level", "faulty"), [("A1", 0), ("A2", 0), ("A3", 1)])
def test_a_decision_of_before_the_facts_of_its_assurance_were_kept(done: Completion, level: str, faulty: int):
    known = {name: value for name, value in done.inputs.items() if name != "assurance"}
    write(Completion, inputs=known, inputs_digest=sha256(canonical(known)).hexdigest(), assurance=level)
    assert len(found()) == faulty


def test_a_correction_by_hand_holds_in_each_of_its_kinds(bureau: Bureau, done: Completion):
    bureau.decide(bureau.propose(hours=Decimal("2.0")))
    granted = bureau.under_way.pk
    assert found(granted) == []
    bureau.under_way.refresh_from_db()
    bureau.decide(bureau.propose(kind=KIND.ADD_HOURS, hours=Decimal("1.0")))
    assert found(granted) == []
    entry = CreditEntry.objects.get(completion__enrolment=granted, correction__kind=KIND.ADD_HOURS)
    bureau.decide(bureau.propose(kind=KIND.REVERSE_HOURS, hours=None, entry=entry))
    assert found(granted) == []
    bureau.decide(bureau.propose(kind=KIND.WITHDRAW, hours=None))
    assert found(granted) == []
    # One that was never approved gave nothing; and hours that were not proposed are nobody's.
    QuerySet(CreditEntry).filter(correction__kind=KIND.ADD_HOURS, reverses=None).update(hours=Decimal("1.5"))
    assert found(granted) == ["the ledger of credit hours does not add up to it"]
    QuerySet(Correction).filter(kind=KIND.GRANT).update(state="rejected")
    assert "no approved correction stands behind it as it says" in found(granted)


def test_progress_put_right_from_its_evidence_shows_which_decision_it_no_longer_bears_out(
    done: Completion, raised: Learner
):
    assert found() == []
    rebuild(enrolment=raised.enrolment, write=True)
    assert found(done.enrolment_id) == []
    assert found(raised.enrolment.pk) == ["it tells of more than progress has"]


def test_the_command_names_the_enrolment_and_fails(done: Completion, django_assert_num_queries: Any):
    said = StringIO()
    # The decisions, the ledger with its corrections, progress and lessons, corrections of the record; the
    # decisions in the chains, in the table and in blocks, and those of both that have no completion.
    with django_assert_num_queries(9):
        call_command("verify_completions", stdout=said)
    assert said.getvalue() == "1 completions hold.\n"
    write(Completion, assurance="A3")
    with pytest.raises(CommandError, match="3 faults"):
        call_command("verify_completions", enrolment=done.enrolment_id, stdout=said)
    assert f"FAULT  enrolment {done.enrolment_id}: its seconds, score or assurance" in said.getvalue()
    call_command("verify_completions", enrolment=0, stdout=said)
    assert said.getvalue().endswith("0 completions hold.\n")
