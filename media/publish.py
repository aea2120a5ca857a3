"""The last step: what was made is checked as a whole, and only then becomes what viewers get."""

import hashlib
import json
import logging

from django.db import transaction
from django.utils import timezone

from media import leases, package, store
from media.errors import LeaseLost, OutputBroken
from media.facts import Facts
from media.leases import Heart, Job
from media.models import Chunk, Encode, Lecture
from media.plan import Plan
from media.signals import encode_published

_log = logging.getLogger(__name__)


def publish(job: Job, beating: Heart) -> Encode:
    """Package and publish the claimed encode. Safe to repeat at any point.

    Raises `OutputBroken` where a segment is missing or not what was recorded: never publishes half.
    """
    encode = Encode.objects.select_related("lecture", "source").get(pk=job.encode_id)
    if encode.lease != job.lease:
        raise LeaseLost
    plan, facts = Plan.from_json(encode.plan), Facts.from_json(encode.facts)
    chunks = finished_chunks(encode)
    made = package.assemble(plan, chunks)
    left_out = {chunk.outputs["unreadable"] for chunk in chunks if chunk.outputs.get("unreadable")}
    package.check_whole(plan, made, left_out)
    check_files(encode, made, beating)
    package.write_extras(encode, plan, facts, chunks)
    beating.check()
    warnings = list(dict.fromkeys([*encode.warnings, *(["audio_unreadable"] if left_out else [])]))
    result = leases.patiently(lambda: _flip(job, plan, made, warnings))
    sweep_strays(encode)
    return result


def finished_chunks(encode: Encode) -> list[Chunk]:
    """Return the chunks of an encode in their order."""
    return list(encode.chunks.order_by("kind", "index"))


def check_files(encode: Encode, made: dict[str, package.Assembled], beating: Heart) -> None:
    """Read every segment back and compare it with its hash; raise `OutputBroken` for the first that differs.

    The chunk of a broken segment becomes due again, so that trying again mends it.
    """
    prefix = f"lectures/{encode.pk}"
    for whole in made.values():
        for init, segments in whole.parts:
            keys = [(segment["key"], segment["sha256"]) for segment in segments]
            for key, sha256 in keys:
                beating.check()
                full = f"{prefix}/{key}"
                if store.size(full) < 0 or hashlib.sha256(store.get(full)).hexdigest() != sha256:
                    _redo(encode, key)
                    raise OutputBroken("not_whole", key)
            if store.size(f"{prefix}/{init}") <= 0:
                _redo(encode, keys[0][0])
                raise OutputBroken("not_whole", init)


def _redo(encode: Encode, key: str) -> None:
    """Make the chunk due again whose segment was lost, and the encode with it. Locks the Encode.

    Raises `LeaseLost` where another worker has it by now: what that one published stays published.
    """
    with transaction.atomic():
        locked = Encode.objects.select_for_update().get(pk=encode.pk)
        if locked.lease != encode.lease or locked.state != Encode.State.PACKAGING:
            raise LeaseLost
        for chunk in encode.chunks.all():
            found = chunk.outputs.get("renditions", {}).values()
            if any(segment["key"] == key for output in found for segment in output["segments"]):
                chunk.state, chunk.done_ms, chunk.outputs = Chunk.State.DUE, 0, {}
                chunk.due_at = timezone.now()
                chunk.save(update_fields=["state", "done_ms", "outputs", "due_at"])
        Encode.objects.filter(pk=encode.pk).update(
            state=Encode.State.TRANSCODING, lease=None, leased_until=None, due_at=timezone.now()
        )


def _flip(job: Job, plan: Plan, made: dict[str, package.Assembled], warnings: list[str]) -> Encode:
    """Publish: one transaction. Locks Lecture, then Encode.

    The playlists are written under the lock: a worker that was away while another took over never
    writes over theirs. A lecture whose newer encode is already published keeps that one.
    """
    top = made[plan.rungs[0].name]
    hashes = {name: [segment["sha256"] for segment in whole.segments] for name, whole in sorted(made.items())}
    with transaction.atomic():
        encode = Encode.objects.get(pk=job.encode_id)
        lecture = Lecture.objects.select_for_update().get(pk=encode.lecture_id)
        encode = Encode.objects.select_for_update().get(pk=job.encode_id)
        if encode.lease != job.lease or encode.state != Encode.State.PACKAGING:
            raise LeaseLost
        package.write_playlists(encode, plan, made, ended=True)
        package.record(encode, plan, made)
        now = timezone.now()
        encode.state = Encode.State.PUBLISHED
        encode.published_at = now
        encode.playable_at = encode.playable_at or now
        encode.duration_ms = plan.duration_ms
        encode.width, encode.height = top.width, top.height
        encode.warnings = warnings
        encode.prefix = f"lectures/{encode.pk}"
        encode.digest = hashlib.sha256(json.dumps(hashes).encode()).hexdigest()
        encode.reason = encode.detail = ""
        encode.lease = encode.leased_until = None
        encode.save()
        newer = lecture.current is not None and lecture.current.number > encode.number
        if not newer:
            lecture.current = encode
            lecture.save(update_fields=["current"])
            transaction.on_commit(lambda: _tell(encode))
    return encode


def _tell(encode: Encode) -> None:
    for receiver, answer in encode_published.send_robust(sender=Encode, encode=encode):
        if isinstance(answer, Exception):
            _log.error("receiver %r of encode_published failed: %r", receiver, answer)


def sweep_strays(encode: Encode) -> None:
    """Delete the files of attempts that did not count. Best effort: the space comes back later, or now."""
    keep = {package.MASTER, package.POSTER, package.STORYBOARD}
    keep |= set(encode.slides.values_list("file", flat=True))
    for chunk in finished_chunks(encode):
        if chunk.outputs.get("sprite", {}).get("key"):
            keep.add(chunk.outputs["sprite"]["key"])
        for name, output in chunk.outputs.get("renditions", {}).items():
            keep |= {output["init"], f"{name}/index.m3u8"}
            keep |= {segment["key"] for segment in output["segments"]}
    prefix = f"lectures/{encode.pk}"
    store.remove({key for key in store.names_under(prefix) if key.removeprefix(prefix + "/") not in keep})
