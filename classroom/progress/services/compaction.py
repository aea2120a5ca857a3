"""Compaction: what was long settled moves from the table into the storage, and stays proven.

A chain goes through three steps, each of which can be cut off and done again: its block is noted, its
object is written and read again, and after a rest, in which disks and backups catch up, the object is read
once more and the rows leave the table. Whatever does not agree leaves everything where it is.
"""

import hashlib
import logging
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from classroom.progress import history, verifier
from classroom.progress.chain import body_of_row
from classroom.progress.history import Row, facts_of_block, pack
from classroom.progress.models import Block, Chain, CheckpointLeaf, Evidence, EvidenceQuerySet
from media import store

# How long an object lies beside the rows before they go.
REST = timedelta(hours=1)
# A chain that could not be compacted is left alone for so long.
_AGAIN = timedelta(days=1)
_LEASE = timedelta(minutes=10)
# Rows of a block at most, so that a long chain costs no more memory than a short one.
ROWS_AT_MOST = 5000
_WHY = "compaction moves everybody's"
log = logging.getLogger(__name__)


class ChainBroken(Exception):
    """The rows of a chain do not agree with one another or with what sealed them; nothing was moved."""


@dataclass(slots=True)
class Compacted:
    """What one sweep did."""

    written: int = 0
    emptied: int = 0
    failed: int = 0


def due(now: datetime) -> QuerySet[Chain]:
    """Return the chains that were sealed long ago and have rows in the table, the oldest first."""
    if not settings.EVIDENCE_PLAIN_DAYS:
        return Chain.objects.none()
    free = Q(leased_until__isnull=True) | Q(leased_until__lte=now)
    before = now - timedelta(days=settings.EVIDENCE_PLAIN_DAYS)
    return Chain.objects.filter(free, sealed_at__lte=before).order_by("sealed_at", "pk")


def compact_due(*, at_most: int = 200, now: datetime | None = None) -> Compacted:
    """Take every chain that is due one step further. One that fails is logged, and rests for a day."""
    done = Compacted()
    for pk in list(due(now or timezone.now()).values_list("pk", flat=True)[:at_most]):
        # The storage may be slow: a lease and a rest begin when their chain's turn comes, not with the sweep.
        moment = now or timezone.now()
        if not due(moment).filter(pk=pk).update(leased_until=moment + _LEASE):
            continue
        try:
            _step(pk, moment, done)
        except Exception:
            log.exception("the evidence of enrolment %s was not compacted; its rows stay in the table", pk)
            Chain.objects.filter(pk=pk).update(leased_until=moment + _AGAIN)
            done.failed += 1
    return done


def _step(enrolment_id: int, now: datetime, done: Compacted) -> None:
    chain = Chain.objects.get(pk=enrolment_id)
    block = Block.objects.filter(enrolment_id=enrolment_id, emptied_at__isnull=True).first()
    if block is not None and block.written_at is not None:
        if block.written_at + REST <= now:
            empty(block=block, now=now)
            done.emptied += 1
    else:
        block = note(chain=chain, block=block)
        if block is not None:
            write(chain=chain, block=block, now=now)
            done.written += 1
    _release(chain, block)


def _release(chain: Chain, block: Block | None) -> None:
    """Say when the chain is to be looked at again; never where no row of it is left in the table.

    Where a checkpoint sealed new rows meanwhile, its word stands.
    """
    if block is not None and block.emptied_at is None and block.written_at is not None:
        Chain.objects.filter(pk=chain.pk).update(leased_until=block.written_at + REST)
        return
    Chain.objects.filter(pk=chain.pk).update(leased_until=None)
    rows_left = Evidence.objects.unscoped(_WHY).filter(enrolment_id=chain.pk).exists()
    if block is None or not rows_left:
        Chain.objects.filter(pk=chain.pk, sealed_at=chain.sealed_at).update(sealed_at=None)


def note(*, chain: Chain, block: Block | None = None) -> Block | None:
    """Note which rows of a chain go into its next block; None where none are sealed.

    A block that was noted before and never written is noted anew: another release may pack other bytes.
    Raises `ChainBroken`.
    """
    last = Block.objects.filter(enrolment_id=chain.pk, emptied_at__isnull=False).order_by("-first").first()
    first, previous = (last.last + 1, last.head) if last else (0, chain.genesis_hash)
    leaf = CheckpointLeaf.objects.filter(enrolment_id=chain.pk).order_by("-length").first()
    if leaf is None or leaf.length <= first:
        return None
    if block is None:
        block = Block(enrolment_id=chain.pk, first=first, last=min(leaf.length, first + ROWS_AT_MOST) - 1)
    block.previous_hash, block.checkpoint_id = previous, leaf.checkpoint_id
    rows = _rows(block)
    _hold(rows, block, leaf)
    block.head, block.lessons = rows[-1].hash, history.summary(rows)
    data = _packed(chain, block)
    block.digest, block.size = hashlib.sha256(data).hexdigest(), len(data)
    block.key = f"evidence/{block.digest[:2]}/{block.digest}.xz"
    block.save()
    return block


def _rows(block: Block) -> list[Row]:
    """Return the rows of the table that the block is over, in their order."""
    return [Row(body_of_row(row), row.hash, row.lesson_id) for row in _in_table(block).order_by("index")]


def _in_table(block: Block) -> QuerySet[Evidence]:
    return Evidence.objects.unscoped(_WHY).filter(
        enrolment_id=block.enrolment_id, index__gte=block.first, index__lte=block.last
    )


def _hold(rows: list[Row], block: Block, leaf: CheckpointLeaf) -> None:
    """Raise `ChainBroken` unless the rows are whole, follow on one another and are what was sealed."""
    if [row.body["index"] for row in rows] != list(range(block.first, block.last + 1)):
        raise ChainBroken(f"rows are missing between {block.first} and {block.last}")
    head = block.previous_hash
    for row in rows:
        head = verifier.hash_row(head, row.body)
        if head != row.hash:
            raise ChainBroken(f"row {row.body['index']} was changed, or one before it")
    if leaf.length == block.last + 1 and head != leaf.head:
        raise ChainBroken(f"checkpoint {leaf.checkpoint_id} sealed other rows")


def _packed(chain: Chain, block: Block) -> bytes:
    return pack(chain.genesis_hash, facts_of_block(block), (row.body for row in _rows(block)))


def write(*, chain: Chain, block: Block, now: datetime) -> None:
    """Store the object of a block and read it again. What is there already is never replaced.

    Raises `MediaError` where the storage fails and `BlockUnreadable` where it gives back something else.
    """
    data = _packed(chain, block)
    if store.size(block.key) >= 0 and store.get(block.key) != data:
        block.key = f"evidence/{block.digest[:2]}/{block.digest}-{uuid.uuid4().hex[:8]}.xz"
    if store.size(block.key) < 0:
        store.put(block.key, data)
    history.rows_of(block)
    block.written_at = now
    block.save(update_fields=["key", "written_at"])


def empty(*, block: Block, now: datetime) -> None:
    """Read the object of a block once more, and let its rows leave the table. Twice is once.

    Locks the block. Raises `BlockUnreadable`, and `ChainBroken` where the table says something else.
    """
    try:
        kept = history.rows_of(block)
    except history.BlockUnreadable:
        # The rows are still here: the object is written again.
        Block.objects.filter(pk=block.pk, emptied_at__isnull=True).update(written_at=None)
        raise
    with transaction.atomic():
        if not Block.objects.filter(pk=block.pk, emptied_at__isnull=True).update(emptied_at=now):
            return
        if _rows(block) != kept:
            raise ChainBroken(f"the table and the object of rows {block.first} to {block.last} differ")
        cast(EvidenceQuerySet, Evidence.objects.unscoped("rows leave for their block")).leave_for(block)
    block.emptied_at = now
