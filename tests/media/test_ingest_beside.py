"""Captions beside the recordings of a library: whose they are, in which language, taken once and never replaced."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import translation

from media import beside, caption_tracks
from media.models import Encode, Lecture, Source, Track, TrackVersion
from media.store import digest_of
from tests.factories.media import EncodeFactory
from tests.factories.people import UserFactory

SRT = "1\n00:00:01,000 --> 00:00:02,000\n资质认定\n"
VTT = "WEBVTT\n\n00:01.000 --> 00:02.000\nOf another recording\n"


@pytest.fixture
def operator(db: None) -> Any:
    return UserFactory(is_superuser=True)


@pytest.fixture
def recording(tmp_path: Path, operator: Any) -> Path:
    """A recording of a library that is in already, and published: nothing has to be encoded here."""
    path = tmp_path / "第一讲.mp4"
    path.write_bytes(b"a recording")
    source = Source.objects.create(digest=digest_of(path), size=11, key="sources/a")
    encode = EncodeFactory(lecture__owner=operator, source=source, filename=path.name, published=True)
    Lecture.objects.update(current=encode)
    return path


def put(recording: Path, ending: str, text: str | bytes = SRT) -> None:
    data = text.encode() if isinstance(text, str) else text
    recording.with_name(f"{recording.stem}.{ending}").write_bytes(data)


def run(*paths: Path, as_json: bool = True) -> Any:
    out = io.StringIO()
    call_command("ingest", *map(str, paths), json=as_json, inline=True, stdout=out, stderr=io.StringIO())
    return json.loads(out.getvalue()) if as_json else out.getvalue()


def told(row: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(one["file"].partition(".")[2], one["language"], one["state"]) for one in row["captions"]]


# --- whose they are


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("a.srt", "spoken"), ("a.SRT", "spoken"), ("a.vtt", "spoken"), ("a.ass", "spoken"), ("a.ssa", "spoken"),
        ("a.sbv", "spoken"), ("a.stl", "spoken"), ("a.zh-Hans.srt", "zh-Hans"), ("a.zh_CN.srt", "zh-Hans"),
        ("a.chs.ass", "zh-Hans"), ("a.简体.srt", "zh-Hans"), ("a.zh-TW.srt", "zh-Hant"), ("a.cht.srt", "zh-Hant"),
        ("a.en.vtt", "en"), ("a.en-GB.vtt", "en"), ("a.eng.srt", "en"), ("a.ja.srt", "ja"), ("a.forced.srt", ""),
    ],
)  # fmt: skip
def test_the_name_says_the_language(tmp_path: Path, name: str, language: str) -> None:
    for made in ("a.mp4", name):
        (tmp_path / made).touch()
    (found,) = beside.found(tmp_path / "a.mp4", "spoken")
    assert (found.path.name, found.language) == (name, language)


def test_what_is_anothers_or_no_captions_is_left(tmp_path: Path) -> None:
    mine = ["a.en.srt", "a.srt"]
    for name in [
        *mine,
        "a.mp4",
        "a.1.mp4",
        "a.1.srt",
        "a.1.en.srt",
        "ab.srt",
        "b.srt",
        "a.en.pdf",
        "a.txt",
        "a",
    ]:
        (tmp_path / name).touch()
    (tmp_path / "a.de.srt").mkdir()
    assert [one.path.name for one in beside.found(tmp_path / "a.mp4", "zh-Hans")] == mine
    assert [one.path.name for one in beside.found(tmp_path / "a.1.mp4", "zh-Hans")] == [
        "a.1.en.srt",
        "a.1.srt",
    ]
    assert beside.found(tmp_path / "gone" / "a.mp4", "zh-Hans") == []


# --- what becomes of them


def test_they_become_captions_once_and_are_told_in_the_line(recording: Path, operator: Any) -> None:
    put(recording, "srt", SRT.encode("gb18030"))
    put(recording, "en.vtt", VTT)
    row = run(recording.parent)
    assert told(row) == [("en.vtt", "en", "taken"), ("srt", "zh-Hans", "taken")]
    tracks = Track.objects.order_by("language")
    assert [(one.language, one.label, one.filename) for one in tracks] == [
        ("en", "English", "第一讲.en.vtt"),
        ("zh-Hans", "中文（简体）", "第一讲.srt"),
    ]
    assert "资质认定" in tracks[1].vtt
    assert [(one.origin, one.made_by) for one in TrackVersion.objects.all()] == [("uploaded", operator)] * 2
    again = run(recording)
    assert [state for _file, _language, state in told(again)] == ["there", "there"]
    assert TrackVersion.objects.count() == 2


def test_what_was_corrected_or_deleted_here_stays_so(recording: Path, operator: Any) -> None:
    put(recording, "srt")
    put(recording, "en.vtt", VTT)
    run(recording)
    lecture = Lecture.objects.get()
    caption_tracks.delete_captions(lecture=lecture, language="en")
    corrected = Track.objects.get()
    cues = caption_tracks.captions.read_vtt(VTT)
    caption_tracks.save_cues(
        lecture=lecture, language="zh-Hans", label="中文", cues=cues, revision=corrected.revision, by=operator
    )
    assert {state for _file, _language, state in told(run(recording))} == {"there"}
    (left,) = Track.objects.all()
    assert "Of another recording" in left.vtt


def test_of_two_in_one_language_the_one_that_names_it_is_taken(recording: Path) -> None:
    for ending in ("srt", "zh-Hans.srt", "vtt"):
        put(recording, ending, VTT if ending == "vtt" else SRT)
    assert told(run(recording)) == [
        ("zh-Hans.srt", "zh-Hans", "taken"),
        ("vtt", "zh-Hans", "there"),
        ("srt", "zh-Hans", "there"),
    ]


@pytest.mark.parametrize(
    ("ending", "data", "says"),
    [
        ("srt", "1\n00:00:0x,000 --> 00:00:02,000\nA\n", ["Line 2", "cannot be read"]),
        ("srt", "", ["empty"]),
        ("srt", b"x" * (8 * 1024 * 1024 + 1), ["larger than 8 MB"]),
        ("klingon.srt", SRT, ["no language that is known", "a.en.srt"]),
    ],
    ids=["damaged", "empty", "large", "language"],
)
def test_what_cannot_be_taken_says_why_and_spoils_nothing(
    recording: Path, ending: str, data: str | bytes, says: list[str]
) -> None:
    put(recording, ending, data)
    put(recording, "en.vtt", VTT)
    with translation.override("en"):
        row = run(recording)
        text = run(recording, as_json=False)
    assert row["state"] == "ready"
    refused, taken = sorted(row["captions"], key=lambda one: one["state"])
    assert (refused["state"], taken["language"], taken["state"]) == ("refused", "en", "taken")
    assert [words for words in says if words not in refused["reason"]] == []
    assert refused["reason"] in text
    assert Encode.objects.count() == 1
