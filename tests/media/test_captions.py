"""Captions of any format and encoding: what is read, what is refused in which line, what is written."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media import captions
from media.captions import Cue, UnreadableCaptions, parse, read_vtt, write_vtt

SRT = "1\n00:00:01,000 --> 00:00:04,000\n资质认定\n\n2\n00:00:05,500 --> 00:00:08,000\n评审准则\n第二行\n"
CUES = [(1000, 4000, "资质认定"), (5500, 8000, "评审准则\n第二行")]


def facts(cues: list[Cue]) -> list[tuple[int, int, str]]:
    return [(cue.start_ms, cue.end_ms, cue.text) for cue in cues]


def problems(data: bytes | str, name: str = "a.srt", **more: Any) -> list[tuple[int, str]]:
    raw = data.encode() if isinstance(data, str) else data
    with pytest.raises(UnreadableCaptions) as refused:
        parse(raw, name, **more)
    return [(problem.line, problem.code) for problem in refused.value.problems]


@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("gb18030", "gb18030"),
        ("gb2312", "gb18030"),
    ],
)
def test_every_encoding_that_is_in_use(encoding: str, found: str) -> None:
    # Without a mark, UTF-16 is told by the zeros of what is ASCII in it.
    parsed = parse(SRT.encode(encoding), "a.srt")
    assert (parsed.encoding, facts(parsed.cues)) == (found, CUES)


def test_bytes_of_no_encoding_are_refused() -> None:
    assert problems(b"1\n00:00:01,000 --> 00:00:02,000\n\xff\xfe\xfd\x80\xff\n") == [(0, "encoding")]
    assert problems(b"\xef\xbb\xbf1\n00:00:01,000 --> 00:00:02,000\n\xff\n") == [(3, "encoding")]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_lines_end_in_any_way(ending: str) -> None:
    assert facts(parse(SRT.replace("\n", ending).encode(), "a.srt").cues) == CUES


VTT = """WEBVTT - lecture
Kind: captions

STYLE
::cue { color: red }

NOTE a remark

intro
00:01.000 --> 00:04.000 align:start position:10% evil:javascript
<v 唐一鸣>资质<b>认定</b></v> &amp; 认证

1:00:05.000 --> 1:00:06.000
late
"""


def test_webvtt_with_all_that_it_may_have() -> None:
    cues = parse(VTT.encode(), "a.vtt").cues
    assert facts(cues) == [(1000, 4000, "资质认定 & 认证"), (3605000, 3606000, "late")]
    assert cues[0].settings == "align:start position:10%"
    assert cues[0].line == 10


SBV = "0:00:01.000,0:00:04.000\n资质认定\n\n0:00:05.500,0:00:08.000\n评审准则[br]第二行\n"
STL = (
    "$FrameRate = 25\n// remark\n00:00:01:00 , 00:00:04:00 , ^B资质认定^B\n"
    "00:00:05:12 , 00:00:08:00 , 评审准则 | 第二行\n"
)
ASS = """[Script Info]
Title: x
[V4+ Styles]
Format: Name
[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Comment: 0,0:00:00.00,0:00:01.00,Default,,0,0,0,,no
Dialogue: 0,0:00:01.00,0:00:04.00,Default,,0,0,0,,{\\i1}资质{\\i0}认定
Dialogue: 0,0:00:02.00,0:00:03.00,Default,,0,0,0,,{\\p1}m 0 0 l 10 10{\\p0}
Dialogue: 0,0:00:05.50,0:00:08.00,Default,,0,0,0,,评审准则\\N第二行
"""


@pytest.mark.parametrize(
    ("text", "name", "fmt", "second"),
    [
        (SBV, "a.sbv", "sbv", 5500),
        (STL, "a.stl", "stl", 5480),
        (ASS, "a.ass", "ass", 5500),
        (SRT, "a.txt", "srt", 5500),
    ],
)
def test_other_formats_are_known_by_their_content(text: str, name: str, fmt: str, second: int) -> None:
    parsed = parse(text.encode(), name)
    assert parsed.format == fmt
    assert facts(parsed.cues) == [CUES[0], (second, *CUES[1][1:])]


def _ebu(
    start: tuple[int, ...], end: tuple[int, ...], text: bytes, *, extension: int = 0xFF, comment: int = 0
) -> bytes:
    block = bytearray(128)
    block[3], block[15] = extension, comment
    block[5:9], block[9:13] = bytes(start), bytes(end)
    block[16:] = text.ljust(112, b"\x8f")
    return bytes(block)


def test_ebu_stl_as_television_makes_it() -> None:
    head = b"850STL25.01".ljust(12) + b"00".ljust(1012)
    data = head[:1024] + b"".join(
        [
            _ebu((0, 0, 1, 0), (0, 0, 4, 0), b"\x0b\x0bGr\xc8usse\x8aligne\x0a"),
            _ebu((0, 0, 2, 0), (0, 0, 3, 0), b"remark", comment=1),
            _ebu((0, 0, 5, 12), (0, 0, 8, 0), b"one ", extension=1),
            _ebu((0, 0, 5, 12), (0, 0, 8, 0), b"two"),
        ]
    )
    parsed = parse(data, "a.stl")
    assert (parsed.format, parsed.encoding) == ("stl", "ebu")
    assert facts(parsed.cues) == [(1000, 4000, "Grüsse\nligne"), (5480, 8000, "one two")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", [(0, "empty")]),
        (" \n\n", [(0, "empty")]),
        ("hello\nworld", [(1, "format")]),
        ("WEBVTT\n", [(0, "no_cues")]),
        ("1\n00:00:01,000 -> 00:00:02,000\nx", [(1, "no_time")]),
        ("1\n00:00:01,000 --> 00:00:xx,000\nx", [(2, "time")]),
        ("1\n00:99:01,000 --> 00:99:02,000\nx", [(2, "time")]),
        ("1\n00:00:04,000 --> 00:00:01,000\nx", [(2, "backwards")]),
        ("1\n00:00:01,000 --> 00:00:02,000\nx\n\nlost words\n", [(5, "no_time")]),
        (SBV.replace("0:00:08.000", "0:00:01.000"), [(4, "backwards")]),
        (STL.replace("00:00:05:12", "00:00:05:25"), [(4, "frames")]),
        (ASS.replace("0:00:05.50", "later"), [(10, "time")]),
    ],
)
def test_problems_name_their_line(text: str, found: list[tuple[int, str]]) -> None:
    assert problems(text) == found


def test_bad_captions_may_be_left_out() -> None:
    text = SRT + "\n3\n00:00:09,000 --> 00:00:08,000\nbackwards\n"
    assert problems(text) == [(11, "backwards")]
    parsed = parse(text.encode(), "a.srt", skip_bad=True)
    assert facts(parsed.cues) == CUES
    assert [(problem.line, problem.code) for problem in parsed.warnings] == [(11, "backwards")]


def test_what_is_put_right_is_said() -> None:
    text = "00:00:05,000 --> 00:00:06,000\nsecond\n\n00:00:01,000 --> 00:00:02,000\nfirst\n\n00:00:09,000 --> 00:00:10,000\n<b></b>\n"
    parsed = parse(text.encode(), "a.srt", duration_ms=4000)
    assert [cue.text for cue in parsed.cues] == ["first", "second"]
    assert [(problem.line, problem.code) for problem in parsed.warnings] == [
        (1, "beyond_end"),
        (4, "out_of_order"),
        (7, "no_text"),
    ]


def test_captions_without_blank_lines_between_them() -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\na\n2\n00:00:03,000 --> 00:00:04,000\nb"
    assert facts(parse(text.encode(), "a.srt").cues) == [(1000, 2000, "a"), (3000, 4000, "b")]


def test_size_and_number_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert problems(b"x" * (captions.MAX_BYTES + 1)) == [(0, "too_large")]
    monkeypatch.setattr(captions, "MAX_CUES", 1)
    assert problems(SRT) == [(0, "too_many")]


def test_messages_are_short_and_count_the_rest() -> None:
    bad = "".join(f"00:00:0{n % 10},000 --> 00:00:00,000\nx\n\n" for n in range(30))
    with pytest.raises(UnreadableCaptions) as refused:
        parse(bad.encode(), "a.srt")
    said = captions.messages(refused.value.problems)
    assert len(said) == 21
    assert "1" in said[0]
    assert "10" in said[-1]


def test_nothing_in_a_text_can_be_taken_for_markup() -> None:
    written = write_vtt([Cue(0, 1000, "<script>alert(1)</script>\n00:00:05.000 --> 00:00:06.000")])
    assert "<script>" not in written
    assert written.count(" --> ") == 1
    assert len(read_vtt(written)) == 1


_words = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Cf", "Zs", "Cn", "Co"]),
    min_size=1,
    max_size=30,
)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 10**8),
            st.integers(1, 10**6),
            _words.filter(lambda text: not set(text) & set("<>{}\\&")),
        ),
        max_size=20,
    )
)
def test_what_is_written_is_read_again(rows: list[tuple[int, int, str]]) -> None:
    cues = sorted(((start, start + length, text) for start, length, text in rows), key=lambda cue: cue[:2])
    written = write_vtt([Cue(*cue) for cue in cues])
    assert facts(read_vtt(written)) == cues


@given(st.binary(max_size=400))
def test_no_bytes_are_an_error_of_ours(data: bytes) -> None:
    for name in ("a.vtt", "a.srt", "a.ass", "a.sbv", "a.stl"):
        try:
            parse(data, name, skip_bad=True)
        except UnreadableCaptions as refused:
            captions.messages(refused.problems)


@given(st.text(alphabet="0123:.,-> \nWEBVTTDialogue[]{}<b>字", max_size=300))
def test_no_text_is_an_error_of_ours(text: str) -> None:
    for head in ("WEBVTT\n\n", "[Events]\n", ""):
        try:
            parsed = parse((head + text).encode(), "a.srt", skip_bad=True)
        except UnreadableCaptions:
            continue
        assert facts(read_vtt(write_vtt(parsed.cues))) == facts(parsed.cues)


@pytest.mark.samples
def test_real_files(samples: Path) -> None:
    counts = {}
    for path in sorted((samples / "captions").rglob("*.*")):
        try:
            counts[path.name] = len(parse(path.read_bytes(), path.name, skip_bad=True).cues)
        except UnreadableCaptions as refused:
            counts[path.name] = -len(refused.problems)
    assert counts["chinese-gb2312.srt"] == 3
    assert counts["asr-bad-english.vtt"] == 105
    assert counts["lecture-es-12kB.vtt"] == 174
    assert counts["typical.ssa"] == counts["typical_utf16le.ssa"] == 3
    assert counts["typical_utf16le.srt"] == counts["typical_with_byte_order_mark.srt"] == 3
    assert counts["typical_bad_timestamps.srt"] == 2
    assert counts["sample.sbv"] == 4
