"""What is done with captions: saved as versions, restored, deleted without being lost.

A track is what viewers get; every save is also kept as a version with its number, its hand and its
time. Whoever saves names the version they began from, so that nobody writes over another unseen.
"""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from media import caption_rules, captions
from media.captions import Cue
from media.models import Lecture, Track, TrackVersion
from media.signals import captions_deleted

Origin = TrackVersion.Origin


class CaptionsMoved(Exception):
    """Someone saved in between; `revision` is what is in force now, 0 where the captions were deleted."""

    def __init__(self, track: Track | None) -> None:
        self.track = track
        self.revision = track.revision if track else 0
        super().__init__(str(self.revision))


class CaptionsRefused(Exception):
    """Captions with errors; `faults` say which cue and why."""

    def __init__(self, faults: list[caption_rules.Fault]) -> None:
        self.faults = faults
        super().__init__(str(len(faults)))


class LanguageTaken(Exception):
    """There are captions in this language already, and nobody asked to replace them."""


def save_captions(
    *,
    lecture: Lecture,
    language: str,
    label: str,
    data: bytes,
    filename: str,
    skip_bad: bool = False,
    by: Any = None,
) -> tuple[Track, captions.Parsed]:
    """Keep an uploaded file as the captions of one language, and say what was put right.

    What was there becomes an earlier version. Raises `UnreadableCaptions` with the lines that are wrong;
    then nothing changes.
    """
    duration = lecture.current.duration_ms if lecture.current else 0
    parsed = captions.parse(data, filename, skip_bad=skip_bad, duration_ms=duration)
    track = _keep(
        lecture=lecture,
        language=language,
        label=label,
        cues=parsed.cues,
        origin=Origin.UPLOADED,
        by=by,
        filename=filename[:255],
        timed_for_ms=duration,
    )
    return track, parsed


def save_cues(
    *,
    lecture: Lecture,
    language: str,
    label: str,
    cues: Sequence[Cue],
    revision: int,
    by: Any,
    is_checked: bool = False,
) -> Track:
    """Keep what was edited as a new version; saving the same again is saving it once.

    `revision` is the version that was edited, 0 for new captions; `is_checked` says that the times were held
    against the video that is played now. Raises `CaptionsRefused`, `CaptionsMoved`.
    """
    duration = lecture.current.duration_ms if lecture.current else 0
    ordered = sorted(cues, key=lambda cue: (cue.start_ms, cue.end_ms))
    errors = [fault for fault in caption_rules.faults(cues) if fault.is_error]
    if errors:
        raise CaptionsRefused(errors)
    return _keep(
        lecture=lecture,
        language=language,
        label=label,
        cues=ordered,
        origin=Origin.EDITED,
        by=by,
        revision=revision,
        timed_for_ms=duration if is_checked else None,
    )


def restore_version(*, lecture: Lecture, language: str, number: int, revision: int, by: Any) -> Track:
    """Put an earlier version in force again, as a new version; the present one stays among the versions.

    Raises `TrackVersion.DoesNotExist`, `CaptionsMoved`.
    """
    version = TrackVersion.objects.get(lecture=lecture, language=language, number=number)
    return _keep(
        lecture=lecture,
        language=language,
        label=version.label,
        cues=captions.read_vtt(version.vtt),
        origin=Origin.RESTORED,
        by=by,
        revision=revision,
        filename=version.filename,
        timed_for_ms=version.timed_for_ms,
    )


def begin_track(
    *,
    lecture: Lecture,
    language: str,
    label: str,
    cues: Sequence[Cue],
    origin: str,
    by: Any,
    timed_for_ms: int,
    filename: str = "",
) -> Track:
    """Make captions in a language that has none; raise `LanguageTaken` where it has."""
    try:
        return _keep(
            lecture=lecture,
            language=language,
            label=label,
            cues=cues,
            origin=origin,
            by=by,
            revision=0,
            filename=filename[:255],
            timed_for_ms=timed_for_ms,
        )
    except CaptionsMoved as moved:
        raise LanguageTaken from moved


def delete_captions(*, lecture: Lecture, language: str) -> None:
    """Take the captions of one language away from viewers; their versions stay. None is no error."""
    with transaction.atomic():
        Lecture.objects.select_for_update().get(pk=lecture.pk)
        track = Track.objects.filter(lecture=lecture, language=language).first()
        if track is not None:
            _note_present(track)
            track.delete()
            transaction.on_commit(
                lambda: captions_deleted.send_robust(sender=Lecture, lecture=lecture), robust=True
            )


def _keep(
    *,
    lecture: Lecture,
    language: str,
    label: str,
    cues: Sequence[Cue],
    origin: str,
    by: Any,
    revision: int | None = None,
    filename: str | None = None,
    timed_for_ms: int | None = None,
) -> Track:
    """Write the next version and put it in force. Locks the Lecture, so numbers follow one another.

    With `revision` only on top of that one; `filename` and `timed_for_ms` of None stay what they are.
    """
    vtt = captions.write_vtt(cues)
    with transaction.atomic():
        Lecture.objects.select_for_update().get(pk=lecture.pk)
        track = Track.objects.filter(lecture=lecture, language=language).first()
        if timed_for_ms is None:
            timed_for_ms = track.timed_for_ms if track else _duration(lecture)
        same = track is not None and track.vtt == vtt and track.timed_for_ms == timed_for_ms
        if track is not None and same and origin == Origin.EDITED:
            return track
        if revision is not None and revision != (track.revision if track else 0):
            raise CaptionsMoved(track)
        if track is None:
            track = Track(lecture=lecture, language=language)
        else:
            _note_present(track)
        track.label, track.vtt, track.timed_for_ms = label, vtt, timed_for_ms
        track.filename = track.filename if filename is None else filename
        track.revision = _next_number(lecture, language)
        track.updated_at = timezone.now()
        track.save()
        _note(track, origin, by, len(cues))
    return track


def _duration(lecture: Lecture) -> int:
    return lecture.current.duration_ms if lecture.current else 0


def _next_number(lecture: Lecture, language: str) -> int:
    versions = TrackVersion.objects.filter(lecture=lecture, language=language)
    return int(versions.aggregate(last=Max("number"))["last"] or 0) + 1


def _note_present(track: Track) -> None:
    """Keep what is in force as a version where it is none yet: it came from before, or with the recording."""
    versions = TrackVersion.objects.filter(lecture_id=track.lecture_id, language=track.language)
    if not versions.filter(number=track.revision).exists():
        _note(track, Origin.EARLIER, None, len(captions.read_vtt(track.vtt)))


def _note(track: Track, origin: str, by: Any, count: int) -> None:
    TrackVersion.objects.create(
        lecture_id=track.lecture_id,
        language=track.language,
        number=track.revision,
        label=track.label,
        vtt=track.vtt,
        count=count,
        filename=track.filename,
        origin=origin,
        timed_for_ms=track.timed_for_ms,
        made_by=by,
        created_at=track.updated_at,
    )
