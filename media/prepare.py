"""The two short steps before encoding: facts, then plan and chunks."""

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from media import av1, ffmpeg, leases, look, probe, proposals, store
from media.errors import LeaseLost
from media.facts import Facts
from media.leases import Heart, Job
from media.models import Chunk, Encode
from media.plan import Look, Options, Plan, make_plan


def find_facts(job: Job, beating: Heart) -> None:
    """Probe the source: received -> probed. Raises `UnusableSource` with the trainer's reason."""
    encode = _mine(job)
    facts = probe.probe(store.local_source(encode.source))
    beating.check()
    leases.patiently(lambda: _advance(job, facts))


def lay_out(job: Job, beating: Heart) -> int:
    """Plan the work: probed -> transcoding. Return how many chunks are due."""
    encode = _mine(job)
    facts = Facts.from_json(encode.facts)
    options = Options.from_json(encode.lecture.options)
    seen = Look() if options.content else look.take_look(store.local_source(encode.source), facts)
    plan = make_plan(facts, seen, options)
    with_av1 = settings.AV1 if options.with_av1 is None else options.with_av1
    if with_av1 and facts.video is not None:
        plan = av1.beside(plan, can_encode=ffmpeg.has_encoder(av1.ENCODER))
    beating.check()
    return leases.patiently(lambda: _begin(job, plan))


def _mine(job: Job) -> Encode:
    encode = Encode.objects.select_related("source", "lecture").get(pk=job.encode_id)
    if encode.lease != job.lease:
        raise LeaseLost
    return encode


def _advance(job: Job, facts: Facts) -> None:
    """Write the facts, and with them the captions that lie in the file as work of its own."""
    rows = Encode.objects.filter(pk=job.encode_id, lease=job.lease, state=Encode.State.RECEIVED)
    with transaction.atomic():
        changed = rows.update(
            state=Encode.State.PROBED,
            facts=facts.to_json(),
            warnings=list(facts.warnings),
            duration_ms=facts.duration_ms,
            started_at=timezone.now(),
            attempts=0,
            lease=None,
            leased_until=None,
            due_at=timezone.now(),
        )
        if not changed:
            raise LeaseLost
        proposals.expect_embedded(encode_id=job.encode_id, facts=facts)


def _begin(job: Job, plan: Plan) -> int:
    """Write plan and chunks in one transaction. Locks the Encode; chunks exist once, by constraint."""
    with transaction.atomic():
        encode = Encode.objects.select_for_update().get(pk=job.encode_id)
        if encode.lease != job.lease or encode.state != Encode.State.PROBED:
            raise LeaseLost
        counts: dict[str, int] = {}
        chunks = []
        for piece in plan.pieces:
            index = counts.get(piece.kind, 0)
            counts[piece.kind] = index + 1
            chunks.append(
                Chunk(
                    encode=encode, kind=piece.kind, index=index, start_ms=piece.start_ms, end_ms=piece.end_ms
                )
            )
        encode.chunks.all().delete()
        Chunk.objects.bulk_create(chunks)
        encode.plan = plan.to_json()
        encode.planned_ms = plan.planned_ms
        encode.duration_ms = plan.duration_ms
        encode.state = Encode.State.TRANSCODING
        encode.attempts = 0
        encode.lease = encode.leased_until = None
        encode.due_at = timezone.now()
        encode.save()
        return len(chunks)
