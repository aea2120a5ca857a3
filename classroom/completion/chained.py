"""What of a decision joins the person's chain of evidence, and whether the chain and the tables tell the same."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from classroom.completion.models import Completion, Correction, CreditEntry
from classroom.progress.moments import to_ms
from classroom.progress.verifier import canonical

_ENLISTED = "enlisted"


def of_completion(done: Completion) -> dict[str, Any]:
    """Return what is chained of a completion: what it says, and a digest of all that it rests on."""
    return _with_digest(
        {
            "act": "complete",
            "at": to_ms(done.at),
            "assurance": str(done.assurance),
            "hours_tenths": int(done.credit_hours * 10),
            "score_tenths": None if done.score is None else int(done.score * 10),
            "verified_s": done.verified_seconds,
            "by_hand": done.correction_id is not None,
        },
        # What was written down, not what the rules make of it: a rule may hold a fraction.
        _text([done.rule, done.inputs, done.inputs_digest, done.explanation]),
    )


def of_entry(entry: CreditEntry) -> dict[str, Any]:
    """Return what is chained of an entry of the ledger. Its reason is in words, and only in the digest."""
    return _with_digest(
        {
            "act": "credit" if entry.reverses_id is None else "reverse",
            "at": to_ms(entry.at),
            "hours_tenths": int(entry.hours * 10),
            "year": entry.year,
            "category": entry.category,
            "by_hand": entry.correction_id is not None,
        },
        _text([entry.reason, _key(entry.correction), to_ms(entry.reverses.at) if entry.reverses else None]),
    )


def of_withdrawal(correction: Correction) -> dict[str, Any]:
    """Return what is chained where two persons withdrew a completion."""
    words = [correction.reason, correction.text, correction.decision]
    return _with_digest(
        {"act": "withdraw", "at": to_ms(_decided(correction)), "by_hand": True},
        _text([_key(correction), *words]),
    )


def _decided(correction: Correction) -> datetime:
    return correction.decided_at or correction.proposed_at


def _key(correction: Correction | None) -> str | None:
    return str(correction.key) if correction else None


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _with_digest(facts: dict[str, Any], rest: str) -> dict[str, Any]:
    return {**facts, "digest": hashlib.sha256(canonical(facts) + rest.encode()).hexdigest()}


def expected(done: Completion) -> list[dict[str, Any]]:
    """Return what the chain must tell of a completion, its ledger and its withdrawal, in that order."""
    withdrawn = [
        one
        for one in done.enrolment.corrections.all()
        if (one.kind, one.state) == (Correction.Kind.WITHDRAW, Correction.State.APPROVED)
    ]
    entries = sorted(done.credit_entries.all(), key=lambda entry: entry.pk)
    return [of_completion(done), *map(of_entry, entries), *map(of_withdrawal, withdrawn)]


def enlisted(facts: dict[str, Any]) -> dict[str, Any]:
    """Return a decision as it is chained later than it was made: the row says so."""
    return {**facts, _ENLISTED: True}


def apart(
    wanted: Iterable[dict[str, Any]], found: Iterable[dict[str, Any]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return which of the decisions that are here the chain does not have, and which that it has are not here."""
    have = Counter(_text({name: one[name] for name in one if name != _ENLISTED}) for one in found)
    missing = []
    for one in wanted:
        text = _text(one)
        if have[text]:
            have[text] -= 1
        else:
            missing.append(one)
    return missing, [json.loads(text) for text in have.elements()]
