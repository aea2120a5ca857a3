"""What may be uploaded: names, kinds, sizes, metadata."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media import upload_rules
from media.upload_rules import Declared
from tests.media.transfers import DIGEST, VIDEO, metadata


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("lecture.mp4", "lecture.mp4"),
        ("../../etc/passwd.mp4", "passwd.mp4"),
        ("C:\\Users\\me\\第1讲.mp4", "第1讲.mp4"),
        ("/var/files/../x.mkv", "x.mkv"),
        ("a/b/", "b"),
        ("..", ""),
        (".", ""),
        ("", ""),
        ("////", ""),
        ("a\x00b\r\n.mp4", "a b .mp4"),
        ("\u202egpj.mp4", "gpj.mp4"),
        ("e\u0301.mp4", "é.mp4"),
        ("x" * 400 + ".mp4", "x" * 251 + ".mp4"),
    ],
)
def test_a_name_that_is_a_path_is_only_a_name(given_name: str, kept: str) -> None:
    assert upload_rules.base_name(given_name) == kept


@given(st.text(max_size=600))
def test_every_name_becomes_harmless(name: str) -> None:
    kept = upload_rules.base_name(name)
    assert len(kept) <= 255
    assert not set(kept) & set("/\\\0\r\n")
    assert kept not in {".", ".."}
    assert upload_rules.base_name(kept) == kept


def test_metadata_is_read_in_the_spellings_of_clients() -> None:
    uppy = upload_rules.declared_in(metadata(name="第2讲.mov", type="video/quicktime", relativePath="null"))
    assert (uppy.filename, uppy.content_type) == ("第2讲.mov", "video/quicktime")
    ours = upload_rules.declared_in(
        metadata(
            filename="a.mp4",
            filetype="video/mp4",
            title=" 不实 报告 ",
            language="en",
            sha256=DIGEST,
            lecture="7",
        )
    )
    assert (ours.title, ours.language, ours.digest, ours.lecture) == ("不实 报告", "en", DIGEST, 7)
    assert upload_rules.declared_in("is_confidential,filename YS5tcDQ=").filename == "a.mp4"
    assert upload_rules.declared_in("").filename == ""


@pytest.mark.parametrize(
    "header",
    [
        "filename !!!!",
        "filename YQ==,filename YQ==",
        "filename //79",
        "ключ YQ==",
        "x " + "A" * 9000,
        metadata(sha256="abc"),
        metadata(lecture="1; drop"),
        metadata(lecture="-1"),
    ],
)
def test_malformed_metadata_is_a_bad_request(header: str) -> None:
    with pytest.raises(upload_rules.BadRequest):
        upload_rules.declared_in(header)


@given(st.text(max_size=200))
def test_metadata_never_breaks(header: str) -> None:
    with contextlib.suppress(upload_rules.BadRequest):
        upload_rules.declared_in(header)


@pytest.mark.parametrize(
    ("filename", "content_type", "is_refused"),
    [
        ("a.mp4", "video/mp4", False),
        ("a.MTS", "", False),
        ("a.mp4", "application/x-unknown", False),
        ("第3.2讲", "", False),
        ("第1讲.资质认定", "video/mp4", False),
        ("lecture", "", False),
        ("", "", False),
        ("a.rmvb", "application/vnd.rn-realmedia-vbr", False),
        ("notes.pdf", "application/pdf", True),
        ("talk.pptx", "", True),
        ("a.mp4.exe", "", True),
        ("a.m3u8", "application/vnd.apple.mpegurl", True),
        ("lecture", "application/pdf", True),
        ("photo.jpg", "image/jpeg", True),
    ],
)
def test_wrong_kinds_are_refused_by_name_or_type(filename: str, content_type: str, is_refused: bool) -> None:
    declared = Declared(filename=filename, content_type=content_type)
    if is_refused:
        with pytest.raises(upload_rules.WrongKind):
            upload_rules.check_declared(declared, 10, 100)
    else:
        upload_rules.check_declared(declared, 10, 100)


def test_sizes_are_checked() -> None:
    with pytest.raises(upload_rules.EmptyFile):
        upload_rules.check_declared(Declared(), 0, 100)
    with pytest.raises(upload_rules.TooLarge):
        upload_rules.check_declared(Declared(), 101, 100)


@pytest.mark.parametrize(
    "head",
    [b"%PDF-1.7", b"PK\x03\x04x", b"MZ\x90", b"\x7fELF", b"#EXTM3U\n", b"\xef\xbb\xbf#EXTM3U", b"ffconcat version 1.0",
     b" \n<!DOCTYPE html>", b"<?xml version='1.0'?>", b"\x89PNG\r\n", b"\xff\xd8\xff\xe0", b"#!/bin/sh", b"WEBVTT\n"],
)  # fmt: skip
def test_first_bytes_tell_what_is_no_recording(head: bytes) -> None:
    with pytest.raises(upload_rules.WrongKind):
        upload_rules.check_head(head + bytes(500))


@pytest.mark.parametrize(
    "head",
    [b"", b"\x00", VIDEO[:40], b"\x1aE\xdf\xa3", b"RIFF\x00\x00\x00\x00AVI ", b"#!AMR\n", b"G" + bytes(187), b"FLV\x01", b"ID3\x03",
     b"0&\xb2u\x8ef\xcf\x11", b".RMF", b"OggS", b"\x00\x00\x01\xba"],
)  # fmt: skip
def test_first_bytes_of_recordings_pass(head: bytes) -> None:
    upload_rules.check_head(head)


@pytest.mark.samples
def test_no_real_video_is_refused_by_its_head_or_name(samples: Path) -> None:
    for path in sorted((samples / "video").iterdir()):
        if path.stat().st_size:
            upload_rules.check_declared(Declared(filename=path.name), path.stat().st_size, 1 << 40)
            upload_rules.check_head(path.read_bytes()[:512])


@pytest.mark.parametrize(
    ("filename", "title"),
    [
        ("第1讲_主体责任.mp4", "第1讲 主体责任"),
        ("3.2 uncertainty", "3.2 uncertainty"),
        ("a.b.mkv", "a.b"),
        (".mp4", ".mp4"),
    ],
)
def test_a_lecture_is_called_after_its_file(filename: str, title: str) -> None:
    assert upload_rules.title_of(filename) == title
