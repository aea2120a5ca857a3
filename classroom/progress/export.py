"""The evidence of one enrolment as lines that the stand-alone verifier reads."""

from collections.abc import Iterator
from typing import Any

from classroom.enrolment.models import Enrolment
from classroom.progress import verifier
from classroom.progress.history import BlockUnreadable, Row, facts_of_block, pieces, rows_of
from classroom.progress.merkle import path_to, root_of
from classroom.progress.models import Block, Chain, Checkpoint, CheckpointLeaf, LessonProgress
from classroom.progress.moments import to_ms


def export_lines(enrolment: Enrolment, *, every: bool = False) -> Iterator[dict[str, Any]]:
    """Return genesis, rows, progress and the last checkpoint that seals the chain; nothing without evidence.

    With `every`, each checkpoint that sealed a part of it: whoever kept one of them has what to compare it with.

    Compacted or not, the lines are the same; a block that cannot be read stands there as such, with the
    reason. The caller has checked that the reader may see it. It names no person but by pseudonym.
    """
    chain = Chain.objects.filter(pk=enrolment.pk).first()
    if chain is None:
        return
    yield {"type": "genesis", "genesis": chain.genesis, "hash": chain.genesis_hash}
    for piece in pieces(enrolment.pk):
        yield from _lines_of(piece)
    progress = LessonProgress.objects.filter(enrolment=enrolment).select_related("lesson").order_by("pk")
    yield {"type": "progress", "lessons": {str(one.lesson.key): one.coverage for one in progress}}
    leaves = (
        CheckpointLeaf.objects.filter(enrolment=enrolment).select_related("checkpoint").order_by("length")
    )
    for leaf in leaves if every else list(leaves.reverse()[:1]):
        yield {"type": "checkpoint", **checkpoint_line(leaf.checkpoint), "leaf": _leaf(leaf)}


def _lines_of(piece: Row | Block) -> Iterator[dict[str, Any]]:
    try:
        rows = rows_of(piece) if isinstance(piece, Block) else [piece]
    except BlockUnreadable as error:
        yield {"type": "block", **facts_of_block(error.block), "why": error.why}
        return
    for row in rows:
        yield {"type": "row", "body": row.body, "hash": row.hash}


def checkpoint_line(checkpoint: Checkpoint) -> dict[str, Any]:
    """Return a checkpoint as it is hashed, signed and published."""
    return {
        "number": checkpoint.number,
        "at": to_ms(checkpoint.at),
        "root": checkpoint.root,
        "size": checkpoint.size,
        "previous": checkpoint.previous_hash,
        "hash": checkpoint.hash,
        "key": checkpoint.key_id,
        "signature": checkpoint.signature,
    }


def has_its_leaves(checkpoint: Checkpoint) -> bool:
    """Whether the chains that a checkpoint sealed lead to its root: a chain that was dropped is missed."""
    hashes = _leaf_hashes(checkpoint.pk)
    return len(hashes) == checkpoint.size and root_of(hashes).hex() == checkpoint.root


def _leaf_hashes(checkpoint_id: int) -> list[bytes]:
    rows = CheckpointLeaf.objects.filter(checkpoint=checkpoint_id).order_by("position")
    # A chain that is gone has no beginning to tell: its leaf is then another one.
    return [
        verifier.hash_leaf(start or "", length, head)
        for start, length, head in rows.values_list("enrolment__chain__genesis_hash", "length", "head")
    ]


def _leaf(leaf: CheckpointLeaf) -> dict[str, Any]:
    """Return one chain's place in the tree, with the path that leads from it to the root."""
    path = [step.hex() for step in path_to(leaf.position, _leaf_hashes(leaf.checkpoint_id))]
    return {"position": leaf.position, "length": leaf.length, "head": leaf.head, "path": path}
