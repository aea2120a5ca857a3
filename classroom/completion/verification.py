"""Hold a decision against itself: its digest, what its inputs lead to, its hours in the ledger, the progress it tells of."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any

from classroom.completion import assurance, hours, rules
from classroom.completion.chained import apart, expected
from classroom.completion.models import Completion, Correction, CreditEntry
from classroom.completion.queries import automatic_of
from classroom.enrolment.models import Enrolment
from classroom.progress.history import BlockUnreadable
from classroom.progress.models import Block, Evidence
from classroom.progress.moments import from_ms
from classroom.progress.queries import chained_decisions
from classroom.progress.verifier import canonical

Facts = dict[str, Any]
# How many completions are read together.
_AT_ONCE = 500
_UNREADABLE = (ArithmeticError, AttributeError, KeyError, TypeError, ValueError)
# What `faults` reads of each completion; fetched ahead, many cost no more queries than one.
_BESIDE = ("enrolment__edition", "correction")
_LISTED = (
    "credit_entries__correction",
    "credit_entries__reverses",
    "enrolment__progress__lesson",
    "enrolment__corrections",
)


def every_completion(enrolment: int | None = None) -> Iterator[Completion]:
    """Return the decisions on one enrolment or on all, with all that `faults` reads. The operator verifies everybody's."""
    rows = Completion.objects.unscoped("the operator verifies everybody's").order_by("pk")
    if enrolment is not None:
        rows = rows.filter(enrolment=enrolment)
    return iter(rows.select_related(*_BESIDE).prefetch_related(*_LISTED).iterator(chunk_size=_AT_ONCE))


@dataclass(frozen=True, slots=True)
class Found:
    """What contradicts the decision on an enrolment, and what of it the person's chain does not have."""

    enrolment_id: int
    faults: list[str]
    completion: Completion | None = None
    unchained: Sequence[Facts] = ()


def verify(enrolment: int | None = None) -> Iterator[Found]:
    """Hold every decision against itself and against the chain of evidence, and the chain against the decisions.

    That a chain is as it was made and sealed is what `verify_evidence` sees.
    """
    every = every_completion(enrolment)
    while some := list(islice(every, _AT_ONCE)):
        chained = _chained([done.enrolment_id for done in some])
        for done in some:
            yield _held(done, chained[done.enrolment_id])
    for pk in _without_completion(enrolment):
        told = _chained([pk])[pk]
        if told:
            gone = [told] if isinstance(told, str) else list(map(_is_not_here, told))
            yield Found(pk, gone)


def _held(done: Completion, told: list[Facts] | str) -> Found:
    if isinstance(told, str):
        return Found(done.enrolment_id, [*faults(done), told], done)
    missing, gone = apart(expected(done), told)
    found = [*faults(done), *map(_is_not_here, gone)]
    if missing and (gone or any(one["act"] == "complete" for one in told)):
        # Where the decision itself was chained, nothing of it is of before.
        return Found(done.enrolment_id, [*found, "what it is now is not what was chained"], done)
    return Found(done.enrolment_id, found, done, missing)


def _chained(enrolment_ids: list[int]) -> dict[int, list[Facts] | str]:
    """Return by enrolment what its chain tells of decisions, or why that cannot be read."""
    try:
        found = chained_decisions(enrolment_ids)
    except BlockUnreadable as error:
        if len(enrolment_ids) > 1:
            return {pk: told for one in enrolment_ids for pk, told in _chained([one]).items()}
        return {enrolment_ids[0]: f"its chain cannot be read: {error}"}
    return {pk: found.get(pk, []) for pk in enrolment_ids}


def _without_completion(enrolment: int | None) -> list[int]:
    """Return the enrolments without a completion whose chain has decisions, or rows in blocks that may be some."""
    why = "the operator verifies everybody's"
    rows = Evidence.objects.unscoped(why).filter(kind=Evidence.Kind.DECISION)
    blocks = Block.objects.filter(emptied_at__isnull=False)
    found: set[int] = set()
    for some in (rows, blocks):
        own = some.filter(enrolment__completion__isnull=True)
        own = own if enrolment is None else own.filter(enrolment=enrolment)
        found.update(own.values_list("enrolment_id", flat=True))
    return sorted(found)


def _is_not_here(facts: Facts) -> str:
    day = from_ms(facts["at"]).date().isoformat()
    return f"its chain tells of a decision that is not here as it was: {facts['act']} of {day}"


def faults(completion: Completion) -> list[str]:
    """Return what contradicts a decision, in words for the operator; nothing where it stands as it was made."""
    found: list[str] = []
    for holds, words in _HELD:
        try:
            is_so = holds(completion)
        except _UNREADABLE:
            is_so = False
        if not is_so:
            found.append(words)
    return found


def _digest_is_of_the_inputs(done: Completion) -> bool:
    return done.inputs_digest == hashlib.sha256(canonical(done.inputs)).hexdigest()


def _inputs_lead_to_it(done: Completion) -> bool:
    """Whether the rule, asked once more, says of the same inputs the same."""
    told, again = rules.outcome_from(done.explanation), rules.evaluate(done.rule, done.inputs)
    if done.correction is None:
        return again.satisfied and told == again
    return told.satisfied and automatic_of(done) == again


def _rule_is_the_editions(done: Completion) -> bool:
    return bool(done.rule == done.enrolment.edition.rule)


def _seconds_score_and_assurance_follow(done: Completion) -> bool:
    exam = done.inputs["exam"]
    tenths = exam["score_tenths"] if exam else None
    if done.correction is not None and exam and not exam["is_passed"]:
        tenths = None
    score = None if tenths is None else Decimal(tenths) / 10
    told = (done.verified_seconds, done.score, done.assurance)
    return told == (hours.verified_seconds(done.inputs), score, _known_level(done))


def _known_level(done: Completion) -> str | None:
    """Return the level that the facts kept with the inputs lead to.

    Before they were kept, nothing led to the highest; of the others of that time nothing can be said any more.
    """
    if done.correction is not None:
        return assurance.DECLARED
    if "assurance" in done.inputs:
        return assurance.level(done.inputs["assurance"])
    return None if done.assurance == assurance.SUPERVISED else str(done.assurance)


def _hours_follow(done: Completion) -> bool:
    edition = done.enrolment.edition
    if done.correction is not None:
        return done.credit_hours == done.correction.hours
    earned = hours.credit_hours(hours.verified_seconds(done.inputs), edition.credit_hours, edition.policy)
    return done.credit_hours == earned


def _two_persons_made_it(done: Completion) -> bool:
    """Whether a decision by hand is that of an approved correction of this very record."""
    by_hand = done.correction
    if by_hand is None:
        return "correction" not in done.inputs
    return (
        (by_hand.kind, by_hand.state) == (Correction.Kind.GRANT, Correction.State.APPROVED)
        and by_hand.enrolment_id == done.enrolment_id
        and done.inputs["correction"] == str(by_hand.key)
    )


def _ledger_adds_up(done: Completion) -> bool:
    """Whether what was decided was entered once, and all else in the ledger by a correction or as a reversal."""
    entries = {entry.pk: entry for entry in done.credit_entries.all()}
    earned = [entry for entry in entries.values() if entry.reverses_id is None]
    first = [entry for entry in earned if entry.correction_id == done.correction_id]
    total = sum((entry.hours for entry in entries.values()), Decimal(0))
    return (
        [entry.hours for entry in first] == [done.credit_hours]
        and all(entry.user_id == done.enrolment.user_id for entry in entries.values())
        and all(_was_added(entry) for entry in earned if entry not in first)
        and all(_takes_back(entry, entries) for entry in entries.values() if entry not in earned)
        and 0 <= total <= done.enrolment.edition.credit_hours
    )


def _was_added(entry: CreditEntry) -> bool:
    by = entry.correction
    approved = (Correction.Kind.ADD_HOURS, Correction.State.APPROVED, entry.hours)
    return by is not None and (by.kind, by.state, by.hours) == approved


def _takes_back(entry: CreditEntry, entries: dict[int, CreditEntry]) -> bool:
    earned = entries[entry.reverses_id or 0]
    return earned.reverses_id is None and (entry.hours, entry.year) == (-earned.hours, earned.year)


def _enrolment_is_marked(done: Completion) -> bool:
    """Whether the enrolment is complete since then, unless two persons withdrew the completion."""
    enrolment = done.enrolment
    withdrawn = any(
        (one.kind, one.state) == (Correction.Kind.WITHDRAW, Correction.State.APPROVED)
        for one in enrolment.corrections.all()
    )
    if withdrawn:
        return enrolment.state == Enrolment.State.WITHDRAWN
    return (enrolment.state, enrolment.completed_at) == (Enrolment.State.COMPLETED, done.at)


def _progress_bears_it_out(done: Completion) -> bool:
    """Whether no lecture was told to be seen further than progress, the fold of the evidence, has it now."""
    seen = {str(row.lesson.key): row.covered_ms for row in done.enrolment.progress.all()}
    return all(fact["covered_ms"] <= seen.get(fact["key"], 0) for fact in done.inputs["lessons"])


_HELD: tuple[tuple[Callable[[Completion], bool], str], ...] = (
    (_digest_is_of_the_inputs, "its inputs are not those of its digest"),
    (_rule_is_the_editions, "its rule is not that of its edition"),
    (_inputs_lead_to_it, "its inputs do not lead to this decision and explanation"),
    (_seconds_score_and_assurance_follow, "its seconds, score or assurance do not follow from its inputs"),
    (_hours_follow, "its credit hours do not follow from its inputs"),
    (_two_persons_made_it, "no approved correction stands behind it as it says"),
    (_ledger_adds_up, "the ledger of credit hours does not add up to it"),
    (_enrolment_is_marked, "its enrolment is not marked as it says"),
    (_progress_bears_it_out, "it tells of more than progress has"),
)
