"""Watchable early: playlists over what is made so far, while better and more is being made.

They are of the EVENT kind, so a player asks for more as it goes on, and the segments they name are the
final ones: at the end the same playlists get their last lines and nobody is interrupted. Learners get
only what is published; this is for the trainer who waits.
"""

import uuid
from typing import Any

from django.db import transaction
from django.utils import timezone

from media import package
from media.leases import Job
from media.models import Chunk, Encode
from media.plan import Plan


def show_part(job: Job, kept: dict[str, dict[str, Any]]) -> bool:
    """Record what a chunk under way has finished so far and show it; return whether it can be watched."""
    mine = Chunk.objects.filter(pk=job.chunk_id or 0, lease=job.lease, state=Chunk.State.LEASED)
    if not any(output["segments"] for output in kept.values()) or not mine.update(
        outputs={"renditions": kept}
    ):
        return False
    return show(job.encode_id)


def show(encode_id: uuid.UUID) -> bool:
    """Write the playlists of an encode under way; return whether it can be watched.

    Locks the Encode while the small files are written: so an older state never overwrites a newer one,
    and never the final playlists.
    """
    with transaction.atomic():
        encode = Encode.objects.select_for_update(of=("self",)).select_related("lecture").get(pk=encode_id)
        if encode.state != Encode.State.TRANSCODING:
            return encode.playable_at is not None
        plan = Plan.from_json(encode.plan)
        chunks = list(encode.chunks.order_by("kind", "index"))
        made = {
            name: whole
            for name, whole in package.assemble(plan, chunks, early=True).items()
            if whole.parts and whole.segments
        }
        has_picture = any(rung.name in made for rung in plan.rungs)
        silent = not plan.sounds or any(chunk.outputs.get("unreadable") for chunk in chunks)
        if not has_picture or not (silent or any(sound.name in made for sound in plan.sounds)):
            return False
        package.write_playlists(encode, plan, made, ended=False)
        if encode.playable_at is None:
            encode.playable_at = timezone.now()
            encode.save(update_fields=["playable_at"])
        return True
