"""Caption files as they come out of the programs that people use: bent, mixed up, huge, hostile."""

import time
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from media import captions
from media.captions import Cue, UnreadableCaptions, parse, read_vtt, write_vtt
from tests.media.test_captions import _ebu, facts, problems

ONE = "00:00:01.000 --> 00:00:02.000"


def vtt(body: str) -> list[Cue]:
    return parse(f"WEBVTT\n\n{body}\n".encode(), "a.vtt").cues


def srt(body: str, **more: Any) -> list[tuple[int, int, str]]:
    return facts(parse(body.encode(), "a.srt", **more).cues)


# --- encodings


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_told_even_where_nearly_all_is_chinese(encoding: str) -> None:
    text = f"1\n{ONE}\n{'检验检测机构资质认定评审准则' * 40}\n"
    parsed = parse(text.encode(encoding), "a.srt")
    assert parsed.encoding == encoding
    assert parsed.cues[0].text.startswith("检验检测")


def test_a_marked_utf_16_file_that_is_cut_off_names_its_last_line() -> None:
    data = f"1\n{ONE}\n资质\n".encode("utf-16")[:-1]
    assert problems(data) == [(3, "encoding")]


@pytest.mark.parametrize("character", ["㐀", "𠮷", "€", "ǹ"])
def test_gb18030_reads_more_than_gbk_knows(character: str) -> None:
    parsed = parse(f"1\n{ONE}\n检测{character}\n".encode("gb18030"), "a.srt")
    assert parsed.encoding == "gb18030"
    assert parsed.cues[0].text == f"检测{character}"


DAMAGED = f"1\n{ONE}\n不确定度\n\n2\n00:00:03.000 --> 00:00:04.000\n校准\n\n3\n00:00:05.000 --> 00:00:06.000\n结语\n"


@pytest.mark.parametrize(
    ("whole", "damaged", "line"),
    [("不", b"\xe4\xb8", 3), ("准", b"\xe5\x87\xff", 7), ("语\n", b"\xe8\xaf", 11)],
)
def test_utf_8_with_a_damaged_letter_names_its_line(whole: str, damaged: bytes, line: int) -> None:
    assert problems(DAMAGED.encode().replace(whole.encode(), damaged)) == [(line, "encoding")]


def test_damaged_utf_8_is_not_shown_as_other_chinese() -> None:
    # Without one byte all that is left happens to be valid GB18030: 涓纭畾.
    data = f"1\n{ONE}\n不确定\n".encode().replace("不".encode(), b"\xe4\xb8")
    assert data.decode("gb18030")
    assert problems(data) == [(3, "encoding")]


def test_gb18030_with_a_damaged_letter_names_its_line() -> None:
    data = DAMAGED.encode("gb18030")
    assert problems(data.replace("准".encode("gb18030"), b"\xd7\xff")) == [(7, "encoding")]


@pytest.mark.parametrize("text", ["联通", "é", "中"])
def test_short_chinese_in_gb18030_is_not_taken_for_damaged_utf_8(text: str) -> None:
    data = f"1\n{ONE}\n{text}\n".encode("gb18030")
    assert parse(data, "a.srt").cues[0].text == text


def test_a_byte_order_mark_in_the_middle_of_a_file_is_no_letter() -> None:
    # Two files pasted together bring a second mark with them.
    assert srt(f"\ufeff1\n{ONE}\n\ufeff资质\n")[0][2] == "资质"


def test_zeros_in_a_utf_8_file_do_not_reach_a_browser() -> None:
    found = srt(f"1\n{ONE}\n资\0质{' 认定' * 60}\n")
    assert "\0" not in found[0][2]


# --- WebVTT


@pytest.mark.parametrize("name", ["NOTE-1", "NOTES", "STYLE1", "REGION a", "NOTE 7"])
def test_a_caption_that_is_named_like_a_remark_is_kept(name: str) -> None:
    assert facts(vtt(f"{name}\n{ONE}\n资质")) == [(1000, 2000, "资质")]


@pytest.mark.parametrize(
    "remark", ["NOTE", "NOTE of the editor", "NOTE\nwith lines\nof its own", "STYLE\n::cue{}"]
)
def test_remarks_and_styles_are_passed_over(remark: str) -> None:
    assert facts(vtt(f"{remark}\n\n{ONE}\n资质")) == [(1000, 2000, "资质")]


@pytest.mark.parametrize("head", ["WEBVTT", "WEBVTT FILE", "WEBVTT\tX", "WEBVTT - 第3讲", "\ufeffWEBVTT"])
def test_every_form_of_the_header(head: str) -> None:
    parsed = parse(f"{head}\n\n{ONE}\n资质\n".encode(), "a.txt")
    assert (parsed.format, len(parsed.cues)) == ("vtt", 1)


def test_a_header_without_a_blank_line_after_it_loses_no_caption() -> None:
    assert facts(parse(f"WEBVTT\n{ONE}\n资质\n".encode(), "a.vtt").cues) == [(1000, 2000, "资质")]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("align:start line:10%", "align:start line:10%"),
        ("position:10%,line-left size:80%", "position:10%,line-left size:80%"),
        ('line:0 onmouseover:"x"', "line:0"),
        ("region:<script>", ""),
        ("vertical:rl\tevil", "vertical:rl"),
        ("line:" + "9" * 40, ""),
    ],
)
def test_only_well_formed_settings_are_kept(given: str, kept: str) -> None:
    assert vtt(f"{ONE} {given}\nx")[0].settings == kept


@pytest.mark.parametrize(
    ("times", "found"),
    [
        ("00:01.000 --> 00:02.000", (1000, 2000)),
        ("00:00:01,5 --> 00:00:02,25", (1500, 2250)),
        ("100:00:00.000 --> 100:00:01.000", (360_000_000, 360_001_000)),
        ("00:00:01.000-->00:00:02.000", (1000, 2000)),
        ("  00:00:01.000   -->   00:00:02.000  ", (1000, 2000)),
        ("00:59:59.999 --> 01:00:00.000", (3_599_999, 3_600_000)),
        ("0:00:01.000 --> 0:00:02.000 X1:53 X2:303", (1000, 2000)),
    ],
)
def test_times_as_programs_write_them(times: str, found: tuple[int, int]) -> None:
    cue = parse(f"1\n{times}\nx\n".encode(), "a.srt").cues[0]
    assert (cue.start_ms, cue.end_ms) == found


@pytest.mark.parametrize(
    "times",
    [
        "00:00:01.000 --> ",
        "--> 00:00:02.000",
        "00:00:60.000 --> 00:01:01.000",
        "00:60:00.000 --> 01:00:01.000",
        "00:00:01.0000 --> 00:00:02.000",
        "-00:00:01.000 --> 00:00:02.000",
        "00:00:01 --> 00:00:02",
        "１秒 --> ２秒",
    ],
)
def test_times_that_are_none_are_refused_by_their_line(times: str) -> None:
    found = problems(f"1\n00:00:00.000 --> 00:00:00.500\nok\n\n2\n{times}\nx\n")
    assert found in ([(6, "time")], [(5, "time")])


def test_a_caption_of_no_length_is_refused_and_one_of_a_millisecond_is_kept() -> None:
    assert problems("1\n00:00:01.000 --> 00:00:01.000\nx\n") == [(2, "backwards")]
    assert srt("1\n00:00:01.000 --> 00:00:01.001\nx\n") == [(1000, 1001, "x")]


# --- what is said at once


def test_overlapping_captions_are_all_kept_in_the_order_of_their_beginning() -> None:
    body = (
        "1\n00:00:05.000 --> 00:00:09.000\nlong\n\n2\n00:00:06.000 --> 00:00:07.000\nshort\n\n"
        "3\n00:00:06.000 --> 00:00:06.500\nshorter\n"
    )
    assert [text for _start, _end, text in srt(body)] == ["long", "shorter", "short"]


def test_the_same_caption_twice_stays_twice() -> None:
    assert len(srt(f"1\n{ONE}\nx\n\n2\n{ONE}\nx\n")) == 2


# --- hostile text


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "&#60;svg/onload=alert(1)&#62;",
        "<v <script>alert(1)</script>>x",
        "<<b>script>alert(1)<</b>/script>",
        "</c><iframe src=javascript:alert(1)>",
    ],
)
@pytest.mark.parametrize("suffix", ["vtt", "srt", "ass"])
def test_no_markup_survives_in_what_is_served(text: str, suffix: str) -> None:
    head = {"vtt": f"WEBVTT\n\n{ONE}\n", "srt": f"1\n{ONE}\n"}.get(
        suffix, "[Events]\nFormat: Start, End, Text\nDialogue: 0:00:01.00,0:00:02.00,"
    )
    served = write_vtt(parse(f"{head}a{text}b\n".encode(), f"x.{suffix}").cues)
    body = served.partition("\n\n")[2].partition("\n")[2]
    assert "<" not in body
    assert body.count("-->") == 0


def test_text_that_looks_like_a_time_stays_text() -> None:
    cues = parse(
        b"[Events]\nFormat: Start, End, Text\n"
        b"Dialogue: 0:00:01.00,0:00:02.00,a\\N\\N00:00:05.000 --> 00:00:06.000\\Nb\n",
        "x.ass",
    ).cues
    again = read_vtt(write_vtt(cues))
    assert facts(again) == facts(cues) == [(1000, 2000, "a\n00:00:05.000 --> 00:00:06.000\nb")]


@pytest.mark.parametrize("character", ["\u202e", "\u2066", "\x07", "\x1b", "\x85", "\u2028"])
def test_characters_that_turn_or_hide_text_are_taken_out(character: str) -> None:
    assert srt(f"1\n{ONE}\n资{character}质\n")[0][2] in {"资质", "资\n质"}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("精密度\u3000正确度", "精密度\u3000正确度"),
        ("10\u00a0mg/L", "10 mg/L"),
        ("10&nbsp;mg", "10 mg"),
        ("a\u2009\u202fb", "a b"),
        ("\u3000缩进\u3000", "缩进"),
        ("👩\u200d🔬", "👩\u200d🔬"),
    ],
)
def test_no_kind_of_space_glues_words_together(given: str, kept: str) -> None:
    cues = parse(f"1\n{ONE}\n{given}\n".encode(), "a.srt").cues
    assert cues[0].text == kept
    assert read_vtt(write_vtt(cues))[0].text == kept


# --- size


def test_ten_thousand_captions_are_read_and_written_in_a_second() -> None:
    body = "".join(
        f"{n}\n{captions.stamp(n * 1000)} --> {captions.stamp(n * 1000 + 900)}\n第{n}句<b>话</b>\n\n"
        for n in range(10_000)
    )
    begin = time.process_time()
    parsed = parse(body.encode("gb18030"), "long.srt")
    again = read_vtt(write_vtt(parsed.cues))
    assert time.process_time() - begin < 2
    assert (len(parsed.cues), len(again), again[-1].text) == (10_000, 10_000, "第9999句话")


@pytest.mark.parametrize(
    "text", ["<" * 100_000, "{\\" * 50_000, "<a " * 40_000, " " * 200_000 + "x", "&" * 100_000]
)
def test_no_text_takes_longer_than_its_length(text: str) -> None:
    begin = time.process_time()
    parse(f"1\n{ONE}\nx{text}\n".encode(), "a.srt")
    assert time.process_time() - begin < 2


def test_exactly_the_largest_file_is_read() -> None:
    head = f"1\n{ONE}\nx\n\n".encode()
    assert len(parse(head + b"\n" * (captions.MAX_BYTES - len(head)), "a.srt").cues) == 1
    assert problems(head + b"\n" * (captions.MAX_BYTES - len(head) + 1)) == [(0, "too_large")]


# --- the other formats


def test_ass_goes_by_the_order_of_its_own_fields_and_keeps_commas_of_the_text() -> None:
    text = (
        "[Script Info]\n; made by hand\n[V4+ Styles]\nFormat: Name\n[Events]\nFormat: End, Start, Text\n"
        "Dialogue: 0:00:04.00,0:00:01.00,{\\an8\\fs20}一，二, 三\\h四\n"
    )
    assert facts(parse(text.encode(), "a.ass").cues) == [(1000, 4000, "一，二, 三 四")]


def test_ass_sections_after_the_events_are_not_captions() -> None:
    text = (
        "[Events]\nFormat: Start, End, Text\nDialogue: 0:00:01.00,0:00:02.00,a\n"
        "[Fonts]\nDialogue: 0:00:03.00,0:00:04.00,no\n"
    )
    assert len(parse(text.encode(), "a.ass").cues) == 1


@pytest.mark.parametrize(("rate", "start"), [("30", 1500), ("25", 1600), ("0", 1600), ("x", 1600)])
def test_stl_counts_frames_at_its_own_rate(rate: str, start: int) -> None:
    cue = parse(f"$FrameRate = {rate}\n00:00:01:15 , 00:00:04:00 , x\n".encode(), "a.stl").cues[0]
    assert cue.start_ms == start


def _television(begin: bytes, hour: int) -> bytes:
    head = bytearray(b"850STL25.01".ljust(12) + b"00".ljust(1012))
    head[256:264] = begin
    return (
        bytes(head)
        + _ebu((hour, 0, 1, 0), (hour, 0, 4, 0), b"one")
        + _ebu((hour, 0, 5, 0), (hour, 0, 8, 0), b"two")
    )


def test_a_television_programme_begins_at_ten_o_clock() -> None:
    assert facts(parse(_television(b"10000000", 10), "a.stl").cues) == [
        (1000, 4000, "one"),
        (5000, 8000, "two"),
    ]


@pytest.mark.parametrize(
    ("begin", "hour"), [(b"00000000", 0), (b"        ", 10), (b"10000000", 9), (b"1000000x", 10)]
)
def test_where_no_beginning_is_told_or_a_caption_lies_before_it_times_stay(begin: bytes, hour: int) -> None:
    assert facts(parse(_television(begin, hour), "a.stl").cues)[0][0] == hour * 3_600_000 + 1000


# --- words


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_problem_is_said_in_the_readers_language_with_its_line(language: str) -> None:
    texts = [
        "1\n00:00:04,000 --> 00:00:01,000\nx",
        "",
        "hello\nworld",
        "1\nbad --> time\nx",
        f"1\n{ONE}\nx\n\nlost\n",
    ]
    with translation.override(language):
        for text in texts:
            with pytest.raises(UnreadableCaptions) as refused:
                parse(text.encode(), "a.srt")
            for said in captions.messages(refused.value.problems):
                assert any("\u4e00" <= c <= "\u9fff" for c in said) == (language == "zh-hans")
                assert (":" in said or "：" in said or "行" in said) or refused.value.problems[0].line == 0


@pytest.mark.parametrize(("count", "shown"), [(20, 20), (21, 21)])
def test_twenty_problems_are_listed_and_the_rest_is_counted(count: int, shown: int) -> None:
    bad = "".join(f"{n}\n00:00:02,000 --> 00:00:01,000\nx\n\n" for n in range(count))
    with pytest.raises(UnreadableCaptions) as refused:
        parse(bad.encode(), "a.srt")
    with translation.override("en"):
        said = captions.messages(refused.value.problems)
    assert len(said) == shown
    assert said[19].startswith("Line 78")
    assert ("1 more" in said[-1]) == (count == 21)


def test_what_lies_beyond_the_end_is_warned_of_exactly_from_the_end_on() -> None:
    body = "1\n00:00:03,999 --> 00:00:05,000\na\n\n2\n00:00:04,000 --> 00:00:05,000\nb\n"
    parsed = parse(body.encode(), "a.srt", duration_ms=4000)
    assert [(p.line, p.code) for p in parsed.warnings] == [(6, "beyond_end")]


_time = st.integers(0, 99 * 3600 * 1000)


@given(
    st.lists(st.tuples(_time, st.integers(1, 60_000)), min_size=1, max_size=30), st.sampled_from([",", "."])
)
def test_every_caption_of_an_srt_is_there_once_in_order(rows: list[tuple[int, int]], point: str) -> None:
    body = "".join(
        f"{n}\n{captions.stamp(start).replace('.', point)} --> {captions.stamp(start + length).replace('.', point)}\n第{n}\n\n"
        for n, (start, length) in enumerate(rows)
    )
    found = srt(body)
    assert sorted(text for *_times, text in found) == sorted(f"第{n}" for n in range(len(rows)))
    assert [(start, end) for start, end, _text in found] == sorted((s, s + length) for s, length in rows)
