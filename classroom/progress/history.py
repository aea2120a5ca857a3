"""A chain from its beginning, wherever its rows are: in the table, or in blocks in the storage."""

import lzma
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from classroom.progress import verifier
from classroom.progress.chain import body_of_row
from classroom.progress.intervals import union
from classroom.progress.models import Block, Chain, Evidence, PlaySession
from courses.catalogue.models import EditionLesson
from media import store
from media.errors import MediaError

_PACKING = [{"id": lzma.FILTER_LZMA2, "preset": 6, "dict_size": 1 << 20}]
_WHY = "a chain is read whole, the caller checked who reads"


class BlockUnreadable(Exception):
    """The object of a block is gone or is not what was sealed; the message says which."""

    def __init__(self, block: Block, why: str) -> None:
        super().__init__(f"rows {block.first} to {block.last} of enrolment {block.enrolment_id}: {why}")
        self.block, self.why = block, why


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it was hashed, and the lesson that it is of; a decision is of none."""

    body: dict[str, Any]
    hash: str
    lesson_id: int | None


def facts_of_block(block: Block) -> dict[str, Any]:
    """Return what the verifier has to know of a block."""
    return {
        "first": block.first,
        "last": block.last,
        "previous": block.previous_hash,
        "head": block.head,
        "digest": block.digest,
    }


def pack(chain: str, block: Mapping[str, Any], bodies: Iterable[Mapping[str, Any]]) -> bytes:
    """Return the object of a block: what it is, and its rows as they were hashed, one a line, compressed."""
    told = {"chain": chain, **{name: block[name] for name in verifier.OF_BLOCK}}
    lines = (verifier.canonical(dict(one)) for one in (told, *bodies))
    return lzma.compress(b"\n".join(lines), filters=_PACKING)


def pieces(enrolment_id: int) -> Iterator[Row | Block]:
    """Return the rows of a chain in their order; those that left the table as the block that holds them.

    Rows may leave the table at any moment: each pass looks for them in the table and then once more for
    the block that they went to.
    """
    at, table = 0, Evidence.objects.unscoped(_WHY).filter(enrolment_id=enrolment_id).order_by("index")
    while True:
        block = _emptied(enrolment_id, at).order_by("first").first()
        rows = table.filter(index__gte=at)
        if block is not None:
            rows = rows.filter(index__lt=block.first)
        for row in rows.iterator():
            if row.index > at and _emptied(enrolment_id, at).filter(first__lt=row.index).exists():
                # Those before it have left since the look for a block: look again.
                break
            yield Row(body_of_row(row), row.hash, row.lesson_id)
            at = row.index + 1
        else:
            if block is not None:
                yield block
                at = block.last + 1
            elif not _emptied(enrolment_id, at).exists():
                return


def _emptied(enrolment_id: int, at: int) -> "Any":
    return Block.objects.filter(enrolment_id=enrolment_id, first__gte=at, emptied_at__isnull=False)


def rows_of(block: Block) -> list[Row]:
    """Fetch the rows of a block and hold them to all that is known of it. Raises `BlockUnreadable`."""
    chain = Chain.objects.get(pk=block.enrolment_id)
    try:
        found = verifier.unpack(store.get(block.key), chain.genesis_hash, facts_of_block(block))
        rows = list(_with_lessons(block.enrolment_id, found))
    except MediaError as error:
        raise BlockUnreadable(block, f"its object {block.key} is not there: {error}") from error
    except (KeyError, TypeError, ValueError) as error:
        raise BlockUnreadable(block, f"its object {block.key}: {error}") from error
    if summary(rows) != block.lessons:
        raise BlockUnreadable(block, "what is told of its lessons is not what its rows add up to")
    return rows


def _with_lessons(enrolment_id: int, found: Iterable[tuple[dict[str, Any], str]]) -> Iterator[Row]:
    """Say of each row which lesson it is of: that of its session, or the one that it names itself, if any."""
    watched: dict[uuid.UUID, int] = dict(
        PlaySession.objects.filter(enrolment_id=enrolment_id).values_list("pk", "lesson_id")
    )
    named = EditionLesson.objects.filter(edition__enrolments=enrolment_id).values_list("key", "pk")
    read = {str(key): pk for key, pk in named}
    for body, head in found:
        session = body["session"]
        if body["kind"] == Evidence.Kind.DECISION:
            yield Row(body, head, None)
        else:
            yield Row(body, head, watched[uuid.UUID(session)] if session else read[body["facts"]["lesson"]])


def every_row(enrolment_id: int) -> Iterator[Row]:
    """Return all rows of a chain in their order. Raises `BlockUnreadable` where some are lost."""
    for piece in pieces(enrolment_id):
        if isinstance(piece, Block):
            yield from rows_of(piece)
        else:
            yield piece


def summary(rows: Iterable[Row]) -> dict[str, Any]:
    """Return lesson by lesson what rows add up to: coverage, and how many reports from when to when."""
    lessons: dict[str, Any] = {}
    for row in rows:
        if row.lesson_id is None:
            continue
        one = lessons.setdefault(
            str(row.lesson_id), {"coverage": [], "reports": 0, "first": None, "last": None}
        )
        if row.body["kept"]:
            parts = [*map(tuple, one["coverage"]), *((s, e) for s, e, _, _ in row.body["kept"])]
            one["coverage"] = [list(part) for part in union(parts)]
        if row.body["kind"] == Evidence.Kind.WATCH:
            received = row.body["received"]
            one["reports"] += 1
            one["first"] = min(received, one["first"] or received)
            one["last"] = max(received, one["last"] or received)
    return lessons


def stored_report(enrolment_id: int, session_id: uuid.UUID, seq: int) -> dict[str, Any] | None:
    """Return the hashed facts of a report that was received before; None where its block cannot be read."""
    rows_in_table = Evidence.objects.unscoped(_WHY).filter(enrolment_id=enrolment_id)
    row = rows_in_table.filter(session_id=session_id, seq=seq).first()
    if row is not None:
        return body_of_row(row)
    for block in _emptied(enrolment_id, 0).order_by("-first"):
        try:
            rows = rows_of(block)
        except BlockUnreadable:
            continue
        for one in rows:
            if one.body["session"] == str(session_id) and one.body["seq"] == seq:
                return one.body
    return None
