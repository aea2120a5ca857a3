"""The two short steps before encoding: facts, then plan and chunks.

A lecture whose picture can be copied is watchable before anything is known of its kind: its copy and its
sound are begun upon a sketch of the plan, and the first encoded chunk begins with the look.
"""

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from media import av1, ffmpeg, leases, look, probe, proposals, sketch, store
from media.errors import LeaseLost
from media.facts import Facts
from media.leases import Heart, Job
from media.models import Chunk, Encode
from media.plan import Look, Options, Plan, make_plan
from media.wake import wake_on_commit

# How many workers are told at most; each gives the next hint itself.
_HINTS = 8


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
    begun = sketch.draw(facts, options) if facts.video is not None and not options.content else None
    if begun is None:
        plan = _with_av1(make_plan(facts, _seen(encode, facts, options), options), facts, options)
    else:
        plan = begun
    beating.check()
    return leases.patiently(lambda: _begin(job, plan))


def complete_plan(job: Job, beating: Heart) -> None:
    """Take the look that the copy did not wait for, if nobody has yet, and make the other chunks due.

    `job` is the chunk that cannot begin without. Raises `LeaseLost` where it belongs to another worker by now.
    """
    encode = Encode.objects.select_related("source", "lecture").get(pk=job.encode_id)
    begun = Plan.from_json(encode.plan)
    if not begun.is_sketch:
        return
    facts = Facts.from_json(encode.facts)
    options = Options.from_json(encode.lecture.options)
    plan = sketch.complete(begun, facts, _seen(encode, facts, options), options)
    plan = _with_av1(plan, facts, options)
    beating.check()
    leases.patiently(lambda: _go_on(job, plan))


def _seen(encode: Encode, facts: Facts, options: Options) -> Look:
    return Look() if options.content else look.take_look(store.local_source(encode.source), facts)


def _with_av1(plan: Plan, facts: Facts, options: Options) -> Plan:
    wanted = settings.AV1 if options.with_av1 is None else options.with_av1
    if wanted and facts.video is not None:
        return av1.beside(plan, can_encode=ffmpeg.has_encoder(av1.ENCODER))
    return plan


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
        chunks = _chunks(encode, plan)
        if plan.is_sketch:
            chunks = [chunk for chunk in chunks if chunk.kind != Chunk.Kind.VIDEO or chunk.index == 0]
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


def _go_on(job: Job, plan: Plan) -> None:
    """Write the whole plan in the place of its sketch, and the chunks that waited for it. Locks the Encode.

    Safe to repeat: who comes second finds a plan that is no sketch.
    """
    with transaction.atomic():
        encode = Encode.objects.select_for_update().get(pk=job.encode_id)
        mine = encode.chunks.filter(pk=job.chunk_id or 0, lease=job.lease, state=Chunk.State.LEASED)
        if encode.state != Encode.State.TRANSCODING or not mine.exists():
            raise LeaseLost
        if not Plan.from_json(encode.plan).is_sketch:
            return
        known = set(encode.chunks.values_list("kind", "index"))
        fresh = [chunk for chunk in _chunks(encode, plan) if (chunk.kind, chunk.index) not in known]
        Chunk.objects.bulk_create(fresh)
        encode.plan = plan.to_json()
        encode.save(update_fields=["plan"])
        wake_on_commit(min(len(fresh), _HINTS))


def _chunks(encode: Encode, plan: Plan) -> list[Chunk]:
    """Return a row for each piece of a plan, counted by kind."""
    counts: dict[str, int] = {}
    chunks = []
    for piece in plan.pieces:
        index = counts.get(piece.kind, 0)
        counts[piece.kind] = index + 1
        chunks.append(
            Chunk(encode=encode, kind=piece.kind, index=index, start_ms=piece.start_ms, end_ms=piece.end_ms)
        )
    return chunks
