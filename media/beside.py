"""What lies beside a recording in a library, above all its captions: `lecture.srt`, `lecture.zh-Hans.srt`, `lecture.en.vtt`.

Whoever keeps them there chose them, as whoever uploads a file does: they become captions, of a language that
never had any. What was saved here since is not replaced, so taking a library in again changes nothing.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from media import caption_tracks, captions, ingest, proposals
from media.forms import LANGUAGES
from media.models import Lecture, TrackVersion

# What lies beside recordings in a folder and is none; a file that is named is always taken in.
_SKIPPED = {
    ".srt", ".vtt", ".ass", ".ssa", ".sbv", ".stl", ".lrc", ".txt", ".md", ".json", ".xml", ".tsv", ".csv",
    ".nfo", ".ini", ".db", ".url", ".lnk", ".log", ".html", ".htm", ".pdf", ".doc", ".docx", ".ppt", ".pptx",
    ".xls", ".xlsx", ".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".zip", ".rar", ".7z", ".part",
    ".crdownload", ".tmp", ".torrent",
}  # fmt: skip
# How Chinese subtitles are told apart in the wild, beside the tags that embedded tracks bear.
_TOLD = {
    "chs": "zh-Hans", "sc": "zh-Hans", "gb": "zh-Hans", "简体": "zh-Hans", "中文": "zh-Hans",
    "cht": "zh-Hant", "tc": "zh-Hant", "big5": "zh-Hant", "繁體": "zh-Hant", "英文": "en",
}  # fmt: skip
_LABELS = dict(LANGUAGES)


@dataclass(frozen=True, slots=True)
class Beside:
    """A caption file of a recording. `language` is "" where its name says one that is not known here."""

    path: Path
    language: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one: `taken`, `there` before, or `refused` with its reason in the reader's language."""

    file: str
    language: str
    state: str
    reason: str = ""


def found(path: Path, spoken: str) -> list[Beside]:
    """Return the caption files of a recording, the best first: one that names its language before one that does not.

    What belongs to another recording of the folder, since its name is longer, is left to that one.
    """
    begin = f"{path.stem}."
    try:
        near = [item for item in path.parent.iterdir() if item.name.startswith(begin) and item.is_file()]
    except OSError:
        # The folder went away or may not be listed; the recording itself has been read.
        return []
    others = {f"{item.stem}." for item in near if is_recording(Path(item.name))} - {begin}
    mine = []
    for item in near:
        is_text = item.suffix.lower() in captions.EXTENSIONS and item != path
        if not is_text or f"{item.stem}.".startswith(tuple(others)):
            continue
        told = ingest.readable(item.stem[len(begin) :])
        rank = (not told, captions.EXTENSIONS.index(item.suffix.lower()), item.name)
        mine.append((rank, Beside(item, language_of(told) if told else spoken)))
    return [beside for _rank, beside in sorted(mine, key=lambda one: one[0])]


def is_recording(path: Path) -> bool:
    """Whether a file found in a folder may be a recording: nothing hidden, nothing that lies beside them."""
    return path.suffix.lower() not in _SKIPPED and not any(part.startswith(".") for part in path.parts)


def language_of(told: str) -> str:
    """Return our tag for what a file's name says of its language; "" for what is not known."""
    tag = told.strip().lower().replace("_", "-")
    return _TOLD.get(tag) or proposals.language_of(tag) or proposals.language_of(tag.partition("-")[0])


def take(*, lecture: Lecture, path: Path, by: Any) -> list[dict[str, str]]:
    """Make captions of the files that lie beside a lecture's recording; safe to repeat. Say what became of each."""
    return [asdict(_take(lecture, beside, by)) for beside in found(path, lecture.language)]


def _take(lecture: Lecture, beside: Beside, by: Any) -> Taken:
    name, language = ingest.readable(beside.path.name), beside.language
    if not language:
        return Taken(
            name, "", "refused", _("The name says no language that is known here. Write it like a.en.srt.")
        )
    kept = _("There are captions in this language already, or were before: they are not replaced.")
    if TrackVersion.objects.filter(lecture=lecture, language=language).exists():
        return Taken(name, language, "there", kept)
    try:
        with beside.path.open("rb") as file:
            parsed = captions.parse(file.read(captions.MAX_BYTES + 1), name)
        caption_tracks.begin_track(
            lecture=lecture,
            language=language,
            label=_LABELS.get(language, language),
            cues=parsed.cues,
            origin=TrackVersion.Origin.UPLOADED,
            by=by,
            timed_for_ms=lecture.current.duration_ms if lecture.current else 0,
            filename=name,
        )
    except OSError as error:
        return Taken(name, language, "refused", str(error.strerror))
    except captions.UnreadableCaptions as unreadable:
        return Taken(name, language, "refused", " ".join(captions.messages(unreadable.problems)))
    except caption_tracks.LanguageTaken:
        return Taken(name, language, "there", kept)
    return Taken(name, language, "taken")
