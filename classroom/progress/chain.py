"""An enrolment's hash chain: its genesis, and rows that are appended under the person's clock."""

from dataclasses import dataclass, field
from typing import Any

from classroom.enrolment.models import Enrolment
from classroom.progress import rows, verifier
from classroom.progress.models import Chain, Evidence, PersonClock
from classroom.progress.moments import from_ms, to_ms
from classroom.progress.terms import facts_of, policy_of
from courses.catalogue.models import EditionLesson

# How many heads a clock keeps at hand; the others are read from the last row of their chain.
_HEADS_AT_HAND = 6


@dataclass(frozen=True, slots=True)
class Entry:
    """A row before it has its place in the chain."""

    enrolment_id: int
    lesson_id: int | None
    kind: str
    received: int
    session_id: Any = None
    seq: int | None = None
    spans: list[list[int]] = field(default_factory=list)
    kept: list[list[int]] = field(default_factory=list)
    refused: list[list[Any]] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)


def body_of(row: Evidence | Entry, index: int, received: int) -> dict[str, Any]:
    """Return what of a row is hashed. It names no person: the genesis has the pseudonym."""
    return {
        "index": index,
        "kind": str(row.kind),
        "session": str(row.session_id) if row.session_id else None,
        "seq": row.seq,
        "received": received,
        "spans": row.spans,
        "kept": row.kept,
        "refused": row.refused,
        "facts": row.facts,
    }


def body_of_row(row: Evidence) -> dict[str, Any]:
    """Return the hashed facts of a stored row."""
    return body_of(row, row.index, to_ms(row.received_at))


def genesis_of(enrolment: Enrolment) -> dict[str, Any]:
    """Return the facts that a chain begins with: person, edition, bytes of its lectures, policy."""
    edition = enrolment.edition
    lessons = EditionLesson.objects.filter(edition=edition).select_related("encode").order_by("position")
    return {
        "version": 1,
        "person": str(enrolment.user.pseudonym),
        "course": edition.course.code,
        "edition": edition.number,
        "edition_digest": edition.digest,
        "period": enrolment.period,
        "enrolled": to_ms(enrolment.enrolled_at),
        "policy": facts_of(policy_of(edition.policy)),
        "lessons": [
            {
                "key": str(lesson.key),
                "kind": str(lesson.kind),
                "encode": str(lesson.encode_id) if lesson.encode_id else None,
                "encode_digest": lesson.encode.digest if lesson.encode else None,
                "duration_ms": lesson.duration_ms,
            }
            for lesson in lessons
        ],
    }


def ensure_chain(enrolment: Enrolment) -> Chain:
    """Return the chain of an enrolment, begun where there is none. The caller holds the person's clock."""
    chain = Chain.objects.filter(pk=enrolment.pk).first()
    if chain is None:
        genesis = genesis_of(enrolment)
        chain = Chain.objects.create(
            enrolment=enrolment, genesis=genesis, genesis_hash=verifier.hash_genesis(genesis)
        )
    return chain


def append(clock: PersonClock, entry: Entry, batch: rows.Batch | None = None) -> Evidence:
    """Append a row to the chain of its enrolment and move the head in `clock.heads`.

    The caller holds the lock of the clock and saves `heads` with it. One insert, at once or with the other
    statements of `batch`, and one read where the chain was not in use lately.
    """
    key = str(entry.enrolment_id)
    length, head = clock.heads.pop(key, None) or _tip(entry.enrolment_id)
    row = Evidence(
        enrolment_id=entry.enrolment_id,
        lesson_id=entry.lesson_id,
        session_id=entry.session_id,
        kind=entry.kind,
        seq=entry.seq,
        index=length,
        received_at=from_ms(entry.received),
        spans=entry.spans,
        kept=entry.kept,
        refused=entry.refused,
        facts=entry.facts,
        previous_hash=head,
        hash=verifier.hash_row(head, body_of(entry, length, entry.received)),
    )
    (batch or rows).insert(row)
    clock.heads[key] = [length + 1, row.hash]
    while len(clock.heads) > _HEADS_AT_HAND:
        # Any but the newest: PostgreSQL keeps no order of keys.
        clock.heads.pop(next(other for other in clock.heads if other != key))
    return row


def _tip(enrolment_id: int) -> tuple[int, str]:
    return Chain.objects.get(pk=enrolment_id).tip
