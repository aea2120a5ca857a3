"""Which of several sound tracks is the lecture's own: the one in the language that is spoken in it. Pure."""

from collections.abc import Sequence
from typing import Protocol, TypeVar


class _Track(Protocol):
    @property
    def language(self) -> str: ...


_T = TypeVar("_T", bound=_Track)
_TAGS = {
    "chi": "zh", "zho": "zh", "cmn": "zh", "eng": "en", "jpn": "ja", "fre": "fr", "fra": "fr",
    "ger": "de", "deu": "de", "rus": "ru", "spa": "es", "kor": "ko", "yue": "yue",
}  # fmt: skip


def bcp47(code: str) -> str:
    """Return the tag of RFC 5646 for the three letters that files carry, or what was given."""
    return _TAGS.get(code, code)


def own(tracks: Sequence[_T], language: str) -> _T:
    """Return the first track in a language, whatever its script or region; the first of all where there is none."""
    wanted = _spoken(language)
    return next((track for track in tracks if _spoken(track.language) == wanted), tracks[0])


def _spoken(tag: str) -> str:
    return bcp47(tag.lower()).split("-")[0]
