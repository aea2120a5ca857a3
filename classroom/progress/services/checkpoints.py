"""Checkpoints: one signature over all chain heads that moved since the last."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from classroom.progress import keys, verifier
from classroom.progress.merkle import root_of
from classroom.progress.models import Chain, Checkpoint, CheckpointLeaf, Evidence
from classroom.progress.moments import from_ms, to_ms

# Rows are numbered before they are committed: this many before the last are looked at again.
_LOOK_BACK = 2000
_NONE = "0" * 64


@transaction.atomic
def make_checkpoint(*, now: datetime | None = None) -> Checkpoint | None:
    """Sign the heads of the chains that moved; None where none did.

    Locks the last checkpoint, so that they follow on one another.
    """
    last = Checkpoint.objects.select_for_update().order_by("-number").first()
    begin = max(0, last.until_evidence - _LOOK_BACK) if last else 0
    moved, until = _moved(begin)
    if not moved:
        return None
    leaves = [verifier.hash_leaf(start, length, head) for _, start, length, head in moved]
    facts: dict[str, Any] = {
        "number": last.number + 1 if last else 0,
        "at": to_ms(now or timezone.now()),
        "root": root_of(leaves).hex(),
        "size": len(leaves),
        "previous": last.hash if last else _NONE,
    }
    checkpoint = Checkpoint.objects.create(
        number=facts["number"],
        at=from_ms(facts["at"]),
        root=facts["root"],
        size=facts["size"],
        until_evidence=until,
        previous_hash=facts["previous"],
        hash=verifier.hash_checkpoint(facts),
        key_id=keys.key_id(keys.public_key()),
        signature=keys.signing_key().sign(verifier.signed_bytes(facts)).hex(),
    )
    CheckpointLeaf.objects.bulk_create(
        [
            CheckpointLeaf(
                checkpoint=checkpoint, enrolment_id=pk, position=position, length=length, head=head
            )
            for position, (pk, _, length, head) in enumerate(moved)
        ],
        batch_size=500,
    )
    Chain.objects.filter(pk__in=[pk for pk, *_ in moved]).update(sealed_at=checkpoint.at)
    return checkpoint


def _moved(begin: int) -> tuple[list[tuple[int, str, int, str]], int]:
    """Return the chains with rows after `begin` that no checkpoint sealed yet, and the last row's id.

    A chain is (enrolment, genesis hash, length, head), in the order of the enrolments.
    """
    rows = Evidence.objects.unscoped("checkpoints seal everybody's").filter(pk__gt=begin)
    until = rows.aggregate(last=Max("pk"))["last"] or begin
    heads: dict[int, tuple[int, str]] = {}
    for pk, index, head in (
        rows.filter(pk__lte=until)
        .order_by("enrolment_id", "index")
        .values_list("enrolment_id", "index", "hash")
    ):
        heads[pk] = (index + 1, head)
    sealed = dict(
        CheckpointLeaf.objects.filter(enrolment_id__in=heads)
        .values("enrolment_id")
        .annotate(length=Max("length"))
        .values_list("enrolment_id", "length")
    )
    starts = dict(Chain.objects.filter(pk__in=heads).values_list("pk", "genesis_hash"))
    moved = [
        (pk, starts[pk], length, head)
        for pk, (length, head) in heads.items()
        if length > sealed.get(pk, 0) and pk in starts
    ]
    return moved, until
