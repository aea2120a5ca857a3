"""A plan in plain words: every reason is explained, in both languages, and says what really is made."""

from fractions import Fraction
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given, settings

from media.facts import Facts
from media.plan import Look, Options, make_plan
from media.plan_words import WHY, explain
from tests.media.test_plan import a_video, looks, some_facts, sources

SPEAKER, STILL, CAMERA, SCREEN = Look(0.06, 0.12), Look(0.0, 0.001), Look(0.8, 0.95), Look(0.001, 0.6)


def words(facts: Facts, look: Look = SPEAKER, language: str = "en", **options: Any) -> str:
    return " ".join(explain(make_plan(facts, look, Options(**options)), facts, language))


def is_chinese(text: str) -> bool:
    return any("\u4e00" <= letter <= "\u9fff" for letter in text)


# What a file must be like for each of the reasons.
REASONS: dict[str, tuple[dict[str, Any], Look, dict[str, Any]]] = {
    "content_still": ({}, STILL, {}),
    "content_speaker": ({}, SPEAKER, {}),
    "content_screencast": ({}, SCREEN, {}),
    "content_camera": ({}, CAMERA, {}),
    "copy_top": ({}, SPEAKER, {}),
    "encode_asked": ({}, SPEAKER, {"may_copy": False}),
    "encode_codec": ({"codec": "hevc"}, SPEAKER, {}),
    "encode_pixels": ({"bit_depth": 10}, SPEAKER, {}),
    "encode_size": ({"level": 51}, SPEAKER, {}),
    "encode_shape": ({"rotation": 90}, SPEAKER, {}),
    "encode_rate": ({"rate": Fraction(60)}, SPEAKER, {}),
    "encode_keyframes": ({"has_open_gop": True}, SPEAKER, {}),
    "encode_start": ({"start_ms": 500}, SPEAKER, {}),
    "encode_bits": ({"bit_rate": 90_000_000}, SPEAKER, {}),
    "fewer_frames": ({"rate": Fraction(60)}, SPEAKER, {}),
    "half_rate": ({"codec": "vp9"}, STILL, {}),
}


@pytest.mark.parametrize("code", REASONS)
def test_each_reason_is_given_for_its_file_and_explained(code: str) -> None:
    change, look, options = REASONS[code]
    facts = some_facts(a_video(**change))
    assert code in make_plan(facts, look, Options(**options)).why
    for language in ("en", "zh-hans"):
        with translation.override(language):
            assert str(WHY[code]) in words(facts, look, language, **options)


def test_the_reasons_that_need_other_files_are_explained_too() -> None:
    longer = some_facts(a_video(), duration=90_000)
    assert "the picture ends before the sound" in words(longer)
    assert "does not allow exact cuts" in words(some_facts(a_video(), container="avi"))
    assert "Only sound" in words(some_facts(None))
    # What has to do with AV1 is tried in test_av1.
    explained = {*REASONS, "encode_length", "encode_container", "audio_only", "with_av1", "no_av1"}
    assert explained == set(WHY)


@settings(deadline=None, max_examples=60)
@given(sources(), looks)
def test_no_plan_has_a_reason_without_words(facts: Facts, look: Look) -> None:
    assert set(make_plan(facts, look).why) <= set(WHY)


@settings(deadline=None, max_examples=40)
@given(sources(), looks)
def test_every_sentence_is_whole_in_both_languages(facts: Facts, look: Look) -> None:
    plan = make_plan(facts, look)
    english, chinese = explain(plan, facts, "en"), explain(plan, facts, "zh-hans")
    assert len(english) == len(chinese)
    assert all(line.endswith(".") and "%" not in line and not is_chinese(line) for line in english)
    assert all(line.endswith("。") and "%" not in line and is_chinese(line) for line in chinese)
    assert len(set(english)) == len(english)


def test_the_language_that_is_active_changes_nothing() -> None:
    facts = some_facts(a_video())
    with translation.override("zh-hans"):
        assert words(facts, language="en").startswith("Slides with a speaker.")
        assert translation.get_language() == "zh-hans"
    with translation.override("en"):
        assert is_chinese(words(facts, language="zh-hans"))


def test_an_unknown_reason_of_an_older_plan_is_left_out() -> None:
    facts = some_facts(a_video())
    plan = make_plan(facts, SPEAKER)
    older = type(plan)(**{**plan.__dict__, "why": ("no_longer_known", *plan.why)})
    assert explain(older, facts, "en") == explain(plan, facts, "en")


@pytest.mark.parametrize(
    ("change", "look", "said"),
    [
        (
            {"codec": "hevc"},
            SPEAKER,
            "1080p with 30 frames a second, 720p with 15 frames a second, 480p with 15 frames a second",
        ),
        ({"codec": "hevc", "rate": Fraction(30000, 1001)}, STILL, "1080p with 14.99 frames a second"),
        ({"codec": "hevc", "width": 720, "height": 1280}, SPEAKER, "720p with 30 frames a second, 480p"),
        ({"rate": Fraction(25, 2), "codec": "vp9"}, STILL, "1080p with 12.5 frames a second"),
    ],
)
def test_the_qualities_are_those_that_are_made(change: dict[str, Any], look: Look, said: str) -> None:
    assert said in words(some_facts(a_video(**change)), look)


@pytest.mark.parametrize(
    ("height", "most", "said"),
    [
        (480, 2160, "The file has 480 lines; enlarging it would add nothing."),
        (1078, 2160, "The file has 1078 lines; enlarging"),
        (1080, 720, "The file has 1080 lines; 720 are made, as was asked."),
    ],
)
def test_a_quality_that_may_be_missed_is_accounted_for(height: int, most: int, said: str) -> None:
    facts = some_facts(a_video(height=height, width=1920, codec="vp9"))
    assert said in words(facts, max_height=most)


def test_full_size_needs_no_excuse() -> None:
    assert "lines;" not in words(some_facts(a_video()))


def test_sound_and_pieces_are_counted() -> None:
    video = a_video(codec="vp9", end_ms=600_000)
    assert "The sound is brought" in words(some_facts(video))
    assert "The 3 sound tracks" in words(some_facts(video, audio=3))
    assert "loudness" not in words(some_facts(video, audio=0))
    chinese = explain(make_plan(some_facts(video), SPEAKER), some_facts(video), "zh-hans")
    assert "声音已调整到标准响度。" in chinese, "of one track there is nothing to choose"
    pieces = [piece for piece in make_plan(some_facts(video), SPEAKER).pieces if piece.kind == "video"]
    assert f"made in {len(pieces)} pieces" in words(some_facts(video))
    assert "pieces" not in words(some_facts(a_video(codec="vp9", end_ms=5_000)))


def test_what_is_done_to_the_picture_is_said() -> None:
    said = words(some_facts(a_video(is_hdr=True, is_interlaced=True)))
    assert "whole frames" in said
    assert "HDR colours" in said
