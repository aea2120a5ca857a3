"""Reads of captions for those who make them: versions, what no longer fits, what waits for a decision."""

from collections.abc import Iterable, Sequence

from django.db.models import QuerySet

from media import caption_rules
from media.caption_formats import Cue
from media.caption_rules import Misfit
from media.models import CaptionJob, Encode, Lecture, Track, TrackVersion


def versions_of(lecture: Lecture, language: str) -> QuerySet[TrackVersion]:
    """Return the versions of the captions of one language, the newest first, without their texts."""
    versions = TrackVersion.objects.filter(lecture=lecture, language=language)
    return versions.defer("vtt").select_related("made_by").order_by("-number")


def deleted_languages(lecture: Lecture, tracks: Iterable[Track]) -> list[str]:
    """Return the languages whose captions were deleted and can be brought back."""
    present = {track.language for track in tracks}
    found = TrackVersion.objects.filter(lecture=lecture).values_list("language", flat=True)
    return sorted(set(found.order_by("language").distinct()) - present)


def jobs_of(encode: Encode | None) -> dict[str, CaptionJob]:
    """Return the work on the captions of a recording by its kind."""
    if encode is None:
        return {}
    return {job.kind: job for job in encode.caption_jobs.all()}


def misfit_of(
    track: Track, cues: Sequence[Cue], lecture: Lecture, encodes: Iterable[Encode]
) -> Misfit | None:
    """Return where a track no longer fits the video that is played; `encodes` are all of the lecture. No query."""
    if lecture.current is None:
        return None
    timed_for = track.timed_for_ms or _played_then(track, encodes)
    return caption_rules.misfit(cues, timed_for_ms=timed_for, duration_ms=lecture.current.duration_ms)


def _played_then(track: Track, encodes: Iterable[Encode]) -> int:
    """Return the length of the video that was played when the track was written; of the first, where none was."""
    published = sorted((e.published_at, e.number, e.duration_ms) for e in encodes if e.published_at)
    then = [length for at, _number, length in published if at <= track.updated_at]
    lengths = then[-1:] or [length for _at, _number, length in published[:1]]
    return lengths[0] if lengths else 0
