"""The evidence of one enrolment as lines that the stand-alone verifier reads."""

from collections.abc import Iterator
from typing import Any

from classroom.enrolment.models import Enrolment
from classroom.progress import verifier
from classroom.progress.chain import body_of_row
from classroom.progress.merkle import path_to
from classroom.progress.models import Chain, Checkpoint, CheckpointLeaf, Evidence, LessonProgress
from classroom.progress.moments import to_ms


def export_lines(enrolment: Enrolment) -> Iterator[dict[str, Any]]:
    """Return genesis, rows, progress and the last checkpoint that seals the chain; nothing without evidence.

    The caller has checked that the reader may see it. It names no person but by pseudonym.
    """
    chain = Chain.objects.filter(pk=enrolment.pk).first()
    if chain is None:
        return
    yield {"type": "genesis", "genesis": chain.genesis, "hash": chain.genesis_hash}
    rows = Evidence.objects.unscoped("the caller checked who reads").filter(enrolment=enrolment)
    for row in rows.order_by("index").iterator():
        yield {"type": "row", "body": body_of_row(row), "hash": row.hash}
    progress = LessonProgress.objects.filter(enrolment=enrolment).select_related("lesson").order_by("pk")
    yield {"type": "progress", "lessons": {str(one.lesson.key): one.coverage for one in progress}}
    leaf = (
        CheckpointLeaf.objects.filter(enrolment=enrolment)
        .select_related("checkpoint")
        .order_by("-length")
        .first()
    )
    if leaf is not None:
        yield {"type": "checkpoint", **checkpoint_line(leaf.checkpoint), "leaf": _leaf(leaf)}


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


def _leaf(leaf: CheckpointLeaf) -> dict[str, Any]:
    """Return one chain's place in the tree, with the path that leads from it to the root."""
    rows = CheckpointLeaf.objects.filter(checkpoint=leaf.checkpoint_id).order_by("position")
    hashes = [
        verifier.hash_leaf(start, length, head)
        for start, length, head in rows.values_list("enrolment__chain__genesis_hash", "length", "head")
    ]
    path = [step.hex() for step in path_to(leaf.position, hashes)]
    return {"position": leaf.position, "length": leaf.length, "head": leaf.head, "path": path}
