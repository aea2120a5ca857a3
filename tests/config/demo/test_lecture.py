"""A lecture of the demo: what is said is what is written under it, second by second."""

import json
import re
import subprocess
import wave
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image

from config.demo import lecture, slides, voice
from config.demo.lecture import Page, Script
from media import ffmpeg
from media.captions import parse

PAGES = (
    Page(
        "谁对报告负责",
        ("机构", "人员"),
        ("机构对自己的数据负责。", "机构和人员都要负责。", "人员不能同时在两家从业。"),
    ),
    Page("签发之前", ("看什么",), ("最后一关是签字。", "先看数据，再看结论。")),
)
SENTENCES = [sentence for page in PAGES for sentence in page.sentences]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lecture")


@pytest.fixture(scope="module")
def script(folder: Path) -> Script:
    return lecture.write(folder, "第1讲 主体责任", "《监督管理办法》", PAGES)


def test_every_sentence_is_a_caption_in_its_order(script: Script) -> None:
    assert [text for _, _, text in script.cues] == SENTENCES


def test_captions_follow_one_another_within_the_sound(script: Script) -> None:
    for start, end, _ in script.cues:
        assert 0 <= start < end <= script.seconds
    for (_, end, _), (start, _, _) in pairwise(script.cues):
        assert end < start


def test_captions_can_be_read_by_the_platform(script: Script) -> None:
    read = parse(script.vtt().encode(), "lecture.vtt", duration_ms=round(script.seconds * 1000))
    assert not read.warnings
    cues = read.cues
    assert [cue.text for cue in cues] == SENTENCES
    for cue, (start, end, _) in zip(cues, script.cues, strict=True):
        assert abs(cue.start_ms - start * 1000) <= 1
        assert abs(cue.end_ms - end * 1000) <= 1


def test_a_sentence_can_be_followed(script: Script) -> None:
    """Slower than five signs a second tires, faster than nine is lost."""
    for start, end, text in script.cues:
        signs = len(re.findall("[\u4e00-\u9fff]", text))
        assert 2 <= signs / (end - start) <= 9, text


def test_pictures_last_as_long_as_the_sound(script: Script) -> None:
    assert len(script.pictures) == len(SENTENCES)
    assert sum(seconds for _, seconds in script.pictures) == pytest.approx(script.seconds, abs=0.01)
    assert all(seconds > 0 for _, seconds in script.pictures)


def test_a_picture_is_there_when_its_sentence_is_said(script: Script) -> None:
    at = 0.0
    for (_, seconds), (start, end, _) in zip(script.pictures, script.cues, strict=True):
        assert at <= start
        assert end <= at + seconds + 0.01
        at += seconds


def test_the_sound_is_the_one_that_was_spoken(script: Script, folder: Path) -> None:
    with wave.open(str(folder / "sound.wav")) as file:
        assert file.getnchannels() == 1
        assert file.getsampwidth() == 2
        assert file.getframerate() == voice.sample_rate()
        assert file.getnframes() == len(script.samples) // 2
    loud = max(abs(int.from_bytes(script.samples[at : at + 2], "little", signed=True)) for at in range(0, len(script.samples) - 1, 200))  # fmt: skip
    assert loud > 3000


def test_silence_lies_between_sentences(script: Script) -> None:
    for (_, end, _), (start, _, _) in pairwise(script.cues):
        quiet = script.samples[
            round(end * voice.sample_rate()) * 2 + 2 : round(start * voice.sample_rate()) * 2 - 2
        ]
        assert quiet
        assert not any(quiet)


def test_the_bullet_that_is_explained_is_the_one_that_is_lit(script: Script) -> None:
    first, second = (Image.open(script.pictures[n][0]) for n in (1, 2))
    difference = [
        y for y in range(0, slides.HEIGHT, 4)
        if first.getpixel((1100, y)) != second.getpixel((1100, y))
    ]  # fmt: skip
    assert difference, "the two pictures differ where the bullets are"


def test_a_longer_sentence_takes_longer_and_none_takes_nothing() -> None:
    assert len(voice.speak("样品。")) == pytest.approx(len(voice.speak("样品。")), rel=0.05)
    assert len(voice.speak("样品的采集和流转。")) > len(voice.speak("样品。"))
    assert voice.speak("") == b"" or len(voice.speak("")) < voice.sample_rate()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "00:00:00.000"), (59.9994, "00:00:59.999"), (59.9996, "00:01:00.000"), (3661.5, "01:01:01.500")],
)
def test_a_moment_in_a_caption_is_rounded_without_a_sixtieth_second(seconds: float, text: str) -> None:
    assert lecture._clock(seconds) == text


def test_the_film_is_what_a_trainer_would_upload(script: Script, folder: Path) -> None:
    film = lecture.encode(script, folder)
    answer = subprocess.run(
        [ffmpeg.binaries().ffprobe, "-v", "error", "-show_streams", "-show_format", "-of", "json", str(film)],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    found = json.loads(answer)
    kinds = {stream["codec_type"]: stream for stream in found["streams"]}
    assert kinds["video"]["codec_name"] == "h264"
    assert kinds["video"]["pix_fmt"] == "yuv420p"
    assert (kinds["video"]["width"], kinds["video"]["height"]) == (slides.WIDTH, slides.HEIGHT)
    assert kinds["audio"]["codec_name"] == "aac"
    assert float(found["format"]["duration"]) == pytest.approx(script.seconds, abs=0.5)
    # The index is in front: a browser can begin before it has the whole.
    head = film.read_bytes()[:200_000]
    assert head.index(b"moov") < head.index(b"mdat")


class TestWrapping:
    FACE = staticmethod(lambda: slides.font("sans", "500Medium", 30))

    @pytest.mark.parametrize("width", [90, 200, 500])
    def test_nothing_is_lost_and_no_line_is_too_long(self, width: int) -> None:
        text = "检验检测机构及其人员应当对其出具的检验检测报告负责，依法承担民事、行政和刑事法律责任。"
        lines = slides.wrapped(text, self.FACE(), width)
        assert "".join(lines) == text
        for line in lines:
            # A closing mark hangs over rather than begin a line.
            assert self.FACE().getlength(line.rstrip("，。；：、！？）》”")) <= width

    def test_no_line_begins_with_a_closing_mark(self) -> None:
        text = "样品，" * 30 + "《办法》。" * 10
        for width in range(60, 300, 7):
            assert all(
                line[0] not in "，。；：、！？）》”" for line in slides.wrapped(text, self.FACE(), width)
            )

    def test_nothing_is_no_line(self) -> None:
        assert slides.wrapped("", self.FACE(), 100) == []

    def test_a_slide_without_bullets_is_drawn(self) -> None:
        image = slides.draw(slides.Slide("课", "据", "题", ()))
        assert image.size == (slides.WIDTH, slides.HEIGHT)
