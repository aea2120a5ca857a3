"""One chunk: from the source to finished segments in the store.

Safe to repeat: everything is written under names that carry the lease, so that two workers on one chunk
never touch each other's files, and only the chunk's row says which of them count.
"""

import hashlib
import logging
import os
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from media import av1, cover, ffmpeg, fmp4, frames, leases, loudness, prepare, preview, recipes, store
from media.errors import EngineMissing, LeaseLost, OutputBroken, ProcessFailed
from media.facts import Facts
from media.leases import Heart, Job
from media.models import Chunk, Encode
from media.plan import LIGHT_WORK, Piece, Plan

_log = logging.getLogger(__name__)
# Room asked for before a chunk begins, in bytes per second of video.
_BYTES_PER_S = 1_000_000
# Segments of a growing file that are shown before the rest is stored.
_OPENING = 4
# How often such a file is looked at until something of it is there: someone waits to watch.
_FIRST_S = 0.1


class Workbench:
    """What a chunk needs while it is made."""

    def __init__(self, chunk: Chunk, job: Job, beating: Heart, folder: Path) -> None:
        encode = chunk.encode
        self.facts = Facts.from_json(encode.facts)
        self.plan = Plan.from_json(encode.plan)
        kinds = [piece for piece in self.plan.pieces if piece.kind == chunk.kind]
        self.piece: Piece = kinds[chunk.index]
        self.source = store.local_source(encode.source)
        self.prefix = prefix_of(encode)
        self.job = job
        self.mark = job.lease.hex[:8]
        self.kept: dict[str, dict[str, Any]] = {}
        self.folder = folder
        self.heart = beating
        self.threads = threads_for(self.piece, self.plan)

    def tick(self, progress: ffmpeg.Progress) -> None:
        """Take the progress of ffmpeg; raises `LeaseLost`."""
        done = min(progress.done_ms, self.piece.end_ms - self.piece.start_ms)
        self.heart.done_ms = done if self.piece.kind == Chunk.Kind.VIDEO else done // LIGHT_WORK
        self.heart.check()

    def limits(self) -> ffmpeg.Limits:
        """Return what ffmpeg may use for this piece: generous for slow machines, never endless."""
        length = (self.piece.end_ms - self.piece.start_ms) / 1000
        pixels = 1.0
        if self.facts.video is not None:
            pixels = max(1.0, self.facts.video.width * self.facts.video.height / 2_000_000)
        seconds = 600 + 60 * length * pixels
        return ffmpeg.Limits(
            wall_s=seconds,
            cpu_s=round(seconds),
            stall_s=180,
            memory=round((2 + pixels) * 1024**3),
            output=round(256 * 1024**2 + length * 4_000_000),
        )

    def keep(
        self, movie: fmp4.Movie, name: str, parts: list[list[fmp4.Fragment]], shift: int
    ) -> dict[str, Any]:
        """Store the segments of one rendition, each of some fragments moved by `shift` ticks.

        May be called again as the file grows: segments that are stored already are not stored again.
        """
        kept = self.kept.get(name)
        if kept is None:
            track = movie.track
            init_key = f"{name}/init-{hashlib.sha256(movie.init).hexdigest()[:12]}.mp4"
            store.put(f"{self.prefix}/{init_key}", movie.init)
            kept = self.kept[name] = {
                "init": init_key,
                "timescale": track.timescale,
                "codecs": track.codecs,
                "width": track.width,
                "height": track.height,
                "segments": [],
            }
        for part in parts[len(kept["segments"]) :]:
            self.heart.check()
            start = part[0].shown_at + shift
            key = f"{name}/{start:012d}-{self.mark}.m4s"
            data = fmp4.segment(movie, part, shift, number=start // max(1, movie.track.timescale) + 1)
            store.put(f"{self.prefix}/{key}", data)
            kept["segments"].append(
                {
                    "key": key,
                    "start": start,
                    "ticks": sum(fragment.ticks for fragment in part),
                    "samples": sum(fragment.samples for fragment in part),
                    "bytes": len(data),
                    "sha256": hashlib.sha256(data).hexdigest(),
                }
            )
        return kept

    def early(self, name: str, parts: list[list[fmp4.Fragment]]) -> list[list[fmp4.Fragment]]:
        """Return of the segments of a growing file those to store now: at first only what watching begins with.

        A copy of two hours makes gigabytes within a second; who waits is shown the first minute before.
        """
        stored = self.kept.get(name)
        return parts if stored and stored["segments"] else parts[:_OPENING]

    def watch(
        self, path: Path, keep: Callable[[fmp4.Movie, bool], None]
    ) -> Callable[[ffmpeg.Progress], None]:
        """Return a tick that keeps and shows the segments of a growing file as soon as they are there.

        Often at first, since someone may wait to watch; then seldom, since each look reads the file's
        structure again.
        """
        due = 0.0

        def tick(progress: ffmpeg.Progress) -> None:
            nonlocal due
            self.tick(progress)
            if time.monotonic() < due or not path.exists():
                return
            try:
                keep(fmp4.read(path), False)
            except OutputBroken:
                return  # no fragment yet
            due = time.monotonic() + (10 if preview.show_part(self.job, self.kept) else 1)

        return tick


def prefix_of(encode: Encode) -> str:
    """Return where the files of an encode lie in the store; nobody else writes there."""
    return f"lectures/{encode.pk}"


def threads_for(piece: Piece, plan: Plan) -> int:
    """Return how many threads a piece may use.

    One is cheapest, holds the fewest frames and lets as many pieces run as there are workers; what watching
    begins with takes all cores, since someone waits.
    """
    is_waited_for = piece.index == 0 and not plan.opening and not plan.rungs[0].is_copy
    return (os.cpu_count() or 1) if piece.kind == Chunk.Kind.OPENING or is_waited_for else 1


def encode_chunk(job: Job) -> bool:
    """Make the claimed chunk. Return whether it was the last of its encode.

    Raises what went wrong as a `MediaError`, or `LeaseLost` where another worker has taken over.
    """
    chunk = Chunk.objects.select_related("encode__source").get(pk=job.chunk_id or 0)
    if chunk.lease != job.lease:
        raise LeaseLost
    with leases.Heart(job) as beating, store.workshop(str(chunk.encode_id)) as folder:
        if chunk.kind == Chunk.Kind.VIDEO:
            prepare.complete_plan(job, beating)
            chunk.encode.refresh_from_db(fields=["plan"])
        bench = Workbench(chunk, job, beating, folder)
        store.require_space((bench.piece.end_ms - bench.piece.start_ms) * _BYTES_PER_S // 1000)
        outputs = _MAKERS[Chunk.Kind(chunk.kind)](bench)
    is_last = leases.patiently(lambda: finish_chunk(job=job, outputs=outputs, work_ms=bench.piece.weight_ms))
    if not is_last:
        preview.show(job.encode_id)
    return is_last


def finish_chunk(*, job: Job, outputs: dict[str, Any], work_ms: int) -> bool:
    """Record a finished chunk; return True to exactly one caller: the one whose chunk was the last.

    Locks the Encode. Raises `LeaseLost` where the chunk belongs to another worker by now.
    """
    with transaction.atomic():
        encode = Encode.objects.select_for_update().get(pk=job.encode_id)
        mine = Chunk.objects.filter(pk=job.chunk_id or 0, lease=job.lease, state=Chunk.State.LEASED)
        done = mine.update(
            state=Chunk.State.DONE,
            outputs=outputs,
            done_ms=work_ms,
            lease=None,
            leased_until=None,
            detail="",
        )
        if not done:
            raise LeaseLost
        if encode.state != Encode.State.TRANSCODING:
            return False
        if encode.chunks.exclude(state=Chunk.State.DONE).exists():
            return False
        encode.state = Encode.State.PACKAGING
        encode.due_at = timezone.now()
        encode.attempts = 0
        encode.lease = encode.leased_until = None
        encode.save(update_fields=["state", "due_at", "attempts", "lease", "leased_until"])
        return True


def _picture(bench: Workbench) -> dict[str, Any]:
    plan, piece = bench.plan, bench.piece
    if any(rung.codec == av1.CODEC for rung in plan.rungs) and not ffmpeg.has_encoder(av1.ENCODER):
        # Planned on another host: one of those takes it.
        raise EngineMissing(f"{ffmpeg.binaries().ffmpeg} has no {av1.ENCODER}")
    source = bench.source
    if bench.facts.video is None:
        source = cover.make(bench.source, bench.facts, bench.folder)
    cmd, files, thumbs = recipes.video(source, bench.facts, plan, piece, bench.folder, threads=bench.threads)
    usage = ffmpeg.run(cmd, limits=bench.limits(), on_tick=bench.tick)
    made = {}
    for rung in plan.rungs_of(piece.kind, piece.index):
        path = files[rung.name]
        if not path.exists() or path.stat().st_size == 0:
            raise ProcessFailed("nothing_decodes", usage.stderr[-500:])
        movie = fmp4.read(path)
        count = sum(fragment.samples for fragment in movie.fragments)
        if count != -(-piece.frames // rung.step):
            raise OutputBroken("not_whole", f"{rung.name}: {count} frames for {piece.frames}/{rung.step}")
        made[rung.name] = bench.keep(
            movie, rung.name, [[part] for part in movie.fragments], piece.first * plan.frame_ticks
        )
    small = _small_frames(bench, thumbs) if piece.kind == Chunk.Kind.VIDEO else {}
    return {"renditions": made, "usage": _usage(usage), **small}


def _small_frames(bench: Workbench, path: Path) -> dict[str, Any]:
    """Keep the sprite of this stretch and what the small frames tell; they never spoil a chunk."""
    small = frames.read(path, bench.plan, bench.piece) if path.exists() else []
    sheet, tiles = frames.sprite(small, bench.plan)
    key = ""
    if sheet:
        key = f"storyboard/{bench.piece.first:08d}-{bench.mark}.jpg"
        store.put(f"{bench.prefix}/{key}", sheet)
    at_ms, score = frames.best_still(small)
    return {
        "sprite": {"key": key, "tiles": tiles},
        "still": {"at_ms": at_ms, "score": score},
        "changes": frames.changes(small),
    }


def _copied(bench: Workbench) -> dict[str, Any]:
    cmd, path = recipes.copy(bench.source, bench.facts, bench.folder)
    video = bench.facts.video
    assert video is not None  # noqa: S101 - only planned where there is a picture
    name = bench.plan.rungs[0].name

    def keep(movie: fmp4.Movie, is_whole: bool) -> None:
        shift = round(video.start_ms * movie.track.timescale / 1000) - movie.fragments[0].shown_at
        parts = copied_segments(movie, bench.plan, shift)
        # The last one may still be growing.
        bench.keep(movie, name, parts if is_whole else bench.early(name, parts[:-1]), shift)

    usage = ffmpeg.run(cmd, limits=bench.limits(), on_tick=bench.watch(path, keep), tick_s=_FIRST_S)
    movie = fmp4.read(path)
    count = sum(fragment.samples for fragment in movie.fragments)
    if abs(count - video.frames) > 1:
        raise OutputBroken("not_whole", f"copied {count} of {video.frames} frames")
    keep(movie, True)
    return {"renditions": bench.kept, "usage": _usage(usage)}


def copied_segments(movie: fmp4.Movie, plan: Plan, shift: int) -> list[list[fmp4.Fragment]]:
    """Return the fragments of a copied picture as segments: a new one begins at each cut of the plan."""
    parts: list[list[fmp4.Fragment]] = []
    cuts = set(plan.cuts)
    for fragment in movie.fragments:
        frame = round(Fraction(fragment.shown_at + shift, movie.track.timescale) * plan.rate)
        if frame in cuts or not parts:
            parts.append([])
        parts[-1].append(fragment)
    return parts


def _sound(bench: Workbench) -> dict[str, Any]:
    plan = bench.plan
    sound = plan.sounds[int(bench.piece.index)]
    gain = loudness.gain_of(bench.source, sound.index, bench.facts.duration_ms)
    cmd, path = recipes.audio(bench.source, plan, sound, bench.folder, gain_db=gain)

    def keep(movie: fmp4.Movie, is_whole: bool) -> None:
        parts = [[part] for part in movie.fragments]
        bench.keep(movie, sound.name, parts if is_whole else bench.early(sound.name, parts), 0)

    try:
        usage = ffmpeg.run(cmd, limits=bench.limits(), on_tick=bench.watch(path, keep), tick_s=_FIRST_S)
        keep(fmp4.read(path), True)
    except (ProcessFailed, OutputBroken) as error:
        if error.code not in {"ffmpeg_failed", "not_whole"} or bench.facts.video is None:
            raise
        # One unreadable sound track must not cost the lecture its picture.
        _log.warning("sound %s left out: %s", sound.name, error)
        return {"renditions": {}, "unreadable": sound.name, "usage": {}}
    return {"renditions": bench.kept, "gain_db": gain, "usage": _usage(usage)}


_MAKERS: dict[Chunk.Kind, Callable[[Workbench], dict[str, Any]]] = {
    Chunk.Kind.OPENING: _picture,
    Chunk.Kind.VIDEO: _picture,
    Chunk.Kind.COPY: _copied,
    Chunk.Kind.AUDIO: _sound,
}


def _usage(usage: ffmpeg.Usage) -> dict[str, float]:
    return {"cpu_s": round(usage.cpu_s, 3), "memory": usage.memory, "wall_s": round(usage.wall_s, 3)}
