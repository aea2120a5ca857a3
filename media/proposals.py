"""Captions that a machine found or heard, for the trainer to accept or discard. Nobody else sees them.

Two sources: text tracks inside the uploaded file, and speech (`speech`). Each is a piece of work with a
lease (`caption_jobs`); its result is written once, in the transaction that ends the work.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from media import caption_jobs, caption_tracks, captions, ffmpeg, leases, speech, store
from media.caption_jobs import Claim, Heart
from media.errors import LeaseLost, MediaError, ProcessFailed, UnusableSource
from media.facts import Facts, Subtitle
from media.models import CaptionJob, Encode, Lecture, ProposedTrack, Track, TrackVersion
from media.sounds import own

_log = logging.getLogger(__name__)
TEXT = {"subrip", "webvtt", "mov_text", "ass", "ssa", "text"}
PICTURES = {
    "hdmv_pgs_subtitle", "dvd_subtitle", "dvb_subtitle", "xsub", "dvb_teletext", "arib_caption",
}  # fmt: skip
# More than this in one file is no lecture's.
_MOST_TRACKS = 32
_LANGUAGES = {
    "chi": "zh-Hans", "zho": "zh-Hans", "cmn": "zh-Hans", "zh": "zh-Hans", "zh-hans": "zh-Hans",
    "zh-cn": "zh-Hans", "zh-hant": "zh-Hant", "zh-tw": "zh-Hant", "zh-hk": "zh-Hant", "eng": "en", "en": "en",
    "jpn": "ja", "ja": "ja", "kor": "ko", "ko": "ko", "fre": "fr", "fra": "fr", "fr": "fr", "ger": "de",
    "deu": "de", "de": "de", "spa": "es", "es": "es", "rus": "ru", "ru": "ru",
}  # fmt: skip


class AlreadyDecided(Exception):
    """The proposal was accepted or discarded before."""


@dataclass(frozen=True, slots=True)
class Found:
    """What became of one stream: its cues, or the code of why there are none."""

    stream: int
    codec: str
    language: str
    cues: list[captions.Cue]
    reason: str = ""


def refusal_words(reason: str) -> str:
    """Say in the reader's language why a track could not be taken, and what to do."""
    said = {
        "pictures": _(
            "These captions are pictures, not text. Export them as SRT with a program that reads pictures "
            "(such as Subtitle Edit), and upload that file."
        ),
        "codec": _("This kind of captions is not known here. Export them as SRT and upload that file."),
        "unreadable": _("These captions cannot be read. Export them as SRT and upload that file."),
        "empty": _("This track has no captions in it."),
        "silence": _("No speech was recognised in the recording."),
    }
    return said.get(reason, said["unreadable"])


def language_of(told: str) -> str:
    """Return our tag for the language that a file names; "" where it names none that we know."""
    return _LANGUAGES.get(told.strip().lower(), "")


def expect_embedded(*, encode_id: Any, facts: Facts) -> None:
    """Note that captions lie in the source of an encode; a source that was looked through before is not again.

    Call it inside the transaction that writes the facts.
    """
    if not facts.subtitles:
        return
    encode = Encode.objects.get(pk=encode_id)
    before = ProposedTrack.objects.filter(
        encode__lecture=encode.lecture_id,
        encode__source=encode.source_id,
        origin=TrackVersion.Origin.EMBEDDED,
    )
    if not before.exists():
        caption_jobs.expect(encode_id=encode_id, kind=CaptionJob.Kind.EMBEDDED)


def do_one(kind: str) -> bool:
    """Claim a piece of work of a kind and do it to its end; return False where none is due."""
    claim = caption_jobs.claim(kind)
    if claim is None:
        return False
    try:
        with Heart(claim) as beating:
            _take_out(claim, beating) if kind == CaptionJob.Kind.EMBEDDED else _listen(claim, beating)
    except (LeaseLost, Encode.DoesNotExist, CaptionJob.DoesNotExist):
        _log.info("lease lost: %s", claim)
    except (KeyboardInterrupt, SystemExit):
        caption_jobs.release(claim)
        raise
    except MediaError as error:
        _fail(claim, error)
    except OSError as error:
        _fail(claim, MediaError("storage", f"{type(error).__name__}: {error}"))
    except Exception as error:
        _log.exception("captions failed: %s", claim)
        _fail(claim, MediaError("internal", f"{type(error).__name__}: {error}"))
    return True


def _fail(claim: Claim, error: MediaError) -> None:
    _log.warning("captions failed: %s %s", claim, error.code)
    for_good = isinstance(error, UnusableSource) or error.code == "speech_off"
    leases.patiently(lambda: caption_jobs.fail(claim, error, for_good=for_good))


def _take_out(claim: Claim, beating: Heart) -> None:
    """Take the text tracks out of a source, and name those that cannot be taken."""
    encode = Encode.objects.select_related("source").get(pk=claim.encode_id)
    facts = Facts.from_json(encode.facts)
    source = store.local_source(encode.source)
    tracks = facts.subtitles[:_MOST_TRACKS]
    wanted = [track for track in tracks if track.codec in TEXT]
    with store.workshop("captions") as folder:
        _extract(source, wanted, folder, beating)
        found = [_found(track, folder, facts.duration_ms) for track in tracks]
    _propose(claim, TrackVersion.Origin.EMBEDDED, found)


def _extract(source: Path, tracks: list[Subtitle], folder: Path, beating: Heart) -> None:
    """Write the tracks as WebVTT, all in one reading of the file; one that is broken spoils no other."""
    if not tracks:
        return
    try:
        _run(source, tracks, folder, beating)
    except ProcessFailed as error:
        if error.code != "ffmpeg_failed" or len(tracks) == 1:
            if error.code != "ffmpeg_failed":
                raise
            (folder / f"{tracks[0].index}.vtt").unlink(missing_ok=True)
            return
        for track in tracks:
            _extract(source, [track], folder, beating)


def _run(source: Path, tracks: list[Subtitle], folder: Path, beating: Heart) -> None:
    read = ffmpeg.source(source)
    outputs = [
        ffmpeg.output(read[str(track.index)], path=folder / f"{track.index}.vtt", format="webvtt")
        for track in tracks
    ]
    limits = ffmpeg.Limits(wall_s=3600, cpu_s=1800, memory=1024**3, output=64 * 1024**2)
    ffmpeg.run(ffmpeg.command(*outputs), limits=limits, on_tick=lambda _progress: beating.check())


def _found(track: Subtitle, folder: Path, duration_ms: int) -> Found:
    language = language_of(track.language)
    path = folder / f"{track.index}.vtt"
    if track.codec not in TEXT:
        return Found(
            track.index, track.codec, language, [], "pictures" if track.codec in PICTURES else "codec"
        )
    if not path.is_file():
        return Found(track.index, track.codec, language, [], "unreadable")
    try:
        parsed = captions.parse(path.read_bytes(), path.name, skip_bad=True, duration_ms=duration_ms)
    except captions.UnreadableCaptions as unreadable:
        codes = {problem.code for problem in unreadable.problems}
        reason = "empty" if codes <= {"empty", "no_cues"} else "unreadable"
        return Found(track.index, track.codec, language, [], reason)
    return Found(track.index, track.codec, language, parsed.cues)


def _listen(claim: Claim, beating: Heart) -> None:
    """Recognise what is said in a source, in the language that the lecture is said to be in."""
    try:
        engine = speech.recogniser()
    except speech.SpeechOff as off:
        raise MediaError("speech_off", off.standing.code) from off
    encode = Encode.objects.select_related("source", "lecture").get(pk=claim.encode_id)
    facts = Facts.from_json(encode.facts)
    language = encode.lecture.language
    if not facts.audio:
        _propose(claim, TrackVersion.Origin.RECOGNISED, [Found(0, "", language, [], "silence")])
        return
    with store.workshop("speech") as folder:
        sound = folder / "sound.wav"
        heard = own(facts.audio, language).index
        _take_sound(store.local_source(encode.source), facts, heard, sound, beating)
        cues = speech.to_cues(_watched(engine.transcribe(sound, language), beating), facts.duration_ms)
    reason = "" if cues else "silence"
    _propose(claim, TrackVersion.Origin.RECOGNISED, [Found(0, "", language, cues, reason)])


def _take_sound(source: Path, facts: Facts, stream: int, target: Path, beating: Heart) -> None:
    """Write the sound as the models want it; what begins late is preceded by its silence."""
    store.require_space(facts.duration_ms * speech.RATE * 2 // 1000)
    read = ffmpeg.source(source)[str(stream)].filter("aresample", speech.RATE, first_pts=0)
    made = ffmpeg.output(read, path=target, format="wav", acodec="pcm_s16le", ac=1, ar=speech.RATE)
    limits = ffmpeg.Limits(wall_s=3600, memory=1024**3, output=4 * 1024**3)
    ffmpeg.run(ffmpeg.command(made), limits=limits, on_tick=lambda _progress: beating.check())


def _watched(spoken: Iterable[speech.Spoken], beating: Heart) -> Iterable[speech.Spoken]:
    """Pass on what is said, note how far it is, and stop where the work has become another's."""
    for stretch in spoken:
        beating.check()
        beating.done_ms = stretch.end_ms
        yield stretch


def _propose(claim: Claim, origin: str, found: list[Found]) -> None:
    leases.patiently(lambda: _write(claim, origin, found))


def _write(claim: Claim, origin: str, found: list[Found]) -> None:
    """Write what was found, once for each lease; who listens again gets a new proposal in place of the old."""
    with transaction.atomic():
        caption_jobs.finish(claim)
        for item in found:
            ProposedTrack.objects.update_or_create(
                encode_id=claim.encode_id,
                origin=origin,
                stream=item.stream,
                defaults={
                    "codec": item.codec[:32],
                    "language": item.language,
                    "vtt": captions.write_vtt(item.cues) if item.cues else "",
                    "count": len(item.cues),
                    "reason": item.reason,
                    "created_at": timezone.now(),
                    "decided_at": None,
                    "decided_by": None,
                },
            )


def open_proposals(lecture: Lecture) -> QuerySet[ProposedTrack]:
    """Return what waits for the trainer's decision, of the newest recording alone."""
    newest = lecture.encodes.order_by("-number").values("source_id")[:1]
    return (
        ProposedTrack.objects.filter(
            encode__lecture=lecture, decided_at__isnull=True, encode__source__in=newest
        )
        .select_related("encode")
        .order_by("origin", "stream", "pk")
    )


def accept(*, lecture: Lecture, proposal_id: int, language: str, label: str, by: Any) -> Track:
    """Make a proposal the captions of a language that has none.

    Locks the proposal, so that pressing twice accepts once. Raises `AlreadyDecided`, `LanguageTaken`, and
    `ProposedTrack.DoesNotExist` where it is not of this lecture or has no text.
    """
    with transaction.atomic():
        proposal = _locked(lecture, proposal_id)
        if not proposal.count:
            raise ProposedTrack.DoesNotExist
        track = caption_tracks.begin_track(
            lecture=lecture,
            language=language,
            label=label,
            cues=captions.read_vtt(proposal.vtt),
            origin=proposal.origin,
            by=by,
            timed_for_ms=proposal.encode.duration_ms,
        )
        _decide(proposal, by)
    return track


def discard(*, lecture: Lecture, proposal_id: int, by: Any) -> None:
    """Put a proposal aside; it is not shown again. Raises as `accept` does."""
    with transaction.atomic():
        _decide(_locked(lecture, proposal_id), by)


def _locked(lecture: Lecture, proposal_id: int) -> ProposedTrack:
    rows = ProposedTrack.objects.select_for_update(of=("self",)).select_related("encode")
    proposal = rows.get(pk=proposal_id, encode__lecture=lecture)
    if proposal.decided_at is not None:
        raise AlreadyDecided
    return proposal


def _decide(proposal: ProposedTrack, by: Any) -> None:
    proposal.decided_at, proposal.decided_by = timezone.now(), by
    proposal.save(update_fields=["decided_at", "decided_by"])
