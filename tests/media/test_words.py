"""What the lecture admin says: estimates no more exact than they are, lengths, stages, the drawn scale."""

import re
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from media import queries, words
from media.models import Encode, Upload
from media.queries import STAGES, LectureState
from media.templatetags import lectures as tags
from tests.factories.media import ChunkFactory, EncodeFactory, LectureFactory, UploadFactory


@pytest.fixture(autouse=True)
def _english() -> Any:
    with translation.override("en"):
        yield


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, "not known"),
        (0, "less than a minute"),
        (59, "less than a minute"),
        (60, "about 1 minute left"),
        (89, "about 1 minute left"),
        (361, "about 6 minutes left"),
        (5399, "about 90 minutes left"),
        (5400, "about 2 hours left"),
        (7200, "about 2 hours left"),
        (40 * 3600, "about 40 hours left"),
    ],
)
def test_estimates_are_no_more_exact_than_they_are(seconds: int | None, said: str) -> None:
    assert said in words.time_left(seconds)


@pytest.mark.parametrize(
    ("milliseconds", "said"),
    [
        (0, "0:00"),
        (499, "0:00"),
        (59_499, "0:59"),
        (59_600, "1:00"),
        (2_040_000, "34:00"),
        (3_599_600, "1:00:00"),
        (5_640_000, "1:34:00"),
        (43_200_000, "12:00:00"),
    ],
)
def test_lengths_are_rounded_to_the_second(milliseconds: int, said: str) -> None:
    assert words.clock(milliseconds) == said


@given(st.integers(0, 12 * 3600 * 1000))
def test_a_length_read_back_is_the_length_to_half_a_second(milliseconds: int) -> None:
    seconds = 0
    for part in words.clock(milliseconds).split(":"):
        seconds = seconds * 60 + int(part)
    assert abs(seconds * 1000 - milliseconds) <= 500


# --- the stages and their scale


def row(state: LectureState) -> words.Row:
    return words.Row("lecture-1", "T", "", state, "Head & shoulders", "<rest>")


@pytest.mark.parametrize("stage", STAGES)
def test_what_is_before_is_passed_and_what_is_after_is_coming(stage: str) -> None:
    places = [place for _code, _label, place in words.stages(LectureState(stage, 0.5))]
    at = STAGES.index(stage)
    if stage == "published":
        assert set(places) == {"passed"}
    else:
        assert places == ["passed"] * at + ["current"] + ["coming"] * (5 - at)


def test_one_that_failed_at_the_end_is_not_all_passed() -> None:
    places = [place for _code, _label, place in words.stages(LectureState("published", 0.5, failed=True))]
    assert places[-1] == "current"


def percents(drawn: str) -> list[float]:
    return [float(value) for value in re.findall(r'"(-?[\d.]+)%"', drawn)]


@given(st.sampled_from(STAGES), st.floats(0, 1), st.booleans())
def test_the_scale_is_well_formed_and_stays_in_its_field(stage: str, share: float, failed: bool) -> None:
    state = LectureState(stage, share, failed=failed)
    drawn = str(tags.stage_scale(row(state)))
    picture = ElementTree.fromstring(drawn)
    assert all(0 <= value <= 100 for value in percents(drawn))
    assert "style=" not in drawn
    band = next(part for part in picture if part.get("class") == "scale__band")
    passed = STAGES.index(stage) / 6 * 100
    assert passed - 0.01 <= float((band.get("width") or "").rstrip("%")) <= passed + 100 / 6 + 0.01
    assert (picture.find("./rect[@class='scale__failed']") is not None) == failed


def test_the_scale_says_for_those_who_do_not_see_it_what_it_draws() -> None:
    drawn = str(tags.stage_scale(row(LectureState("transcoding", 0.5))))
    assert 'aria-label="Stage 4 of 6. Head &amp; shoulders, &lt;rest&gt;"' in drawn
    labels = str(tags.stage_labels(row(LectureState("transcoding", 0.5, failed=True))))
    assert labels.count("stages__name--passed") == 3
    assert labels.count("stages__name--failed") == 1
    assert 'aria-hidden="true"' in labels


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_stages_are_named_in_the_readers_language(language: str) -> None:
    with translation.override(language):
        labels = str(tags.stage_labels(row(LectureState("received"))))
    assert bool(re.search("[\u4e00-\u9fff]", labels)) == (language == "zh-hans")


# --- estimates out of the pace so far


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("done", "seconds", "left"),
    [
        (2, 100, None),  # too little to tell
        (50, 4, None),  # too soon to tell
        (50, 100, 100),
        (25, 30, 90),
        (99, 99, 1),
        (100, 100, 1),
    ],
)
def test_what_is_left_follows_from_the_pace(done: int, seconds: int, left: int | None) -> None:
    now = timezone.now()
    encode = EncodeFactory(state="transcoding", planned_ms=100, worked_ms=seconds * 1000)
    ChunkFactory(encode=encode, done_ms=done, at_work=True)
    assert queries.state_of(encode.lecture, now).seconds_left == left


@pytest.mark.django_db
def test_more_work_done_than_was_planned_is_never_more_than_all() -> None:
    encode = EncodeFactory(state="transcoding", planned_ms=100)
    ChunkFactory(encode=encode, done_ms=130)
    state = queries.state_of(encode.lecture)
    assert (state.percent, state.reached) == (100, 4.0)


@pytest.mark.django_db
@pytest.mark.parametrize(("done", "percent"), [(0, 0), (1, 0), (199, 99), (200, 100)])
def test_a_hundred_percent_is_said_only_when_all_is_done(done: int, percent: int) -> None:
    encode = EncodeFactory(state="transcoding", planned_ms=200)
    ChunkFactory(encode=encode, done_ms=done, at_work=True)
    assert queries.state_of(encode.lecture).percent == percent


# --- uploads


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("offset", "idle", "headline", "waits"),
    [
        (0, 0, "Uploading 0 %", False),
        (999, 0, "Uploading 99 %", False),
        (999, 60, "Interrupted at 99 %", True),
        (1000, 0, "Received", False),
        (1000, 600, "Received", False),  # the sweep finishes it: nobody has to choose the file again
    ],
)
def test_an_upload_in_words(offset: int, idle: int, headline: str, waits: bool) -> None:
    now = timezone.now()
    upload = UploadFactory(length=1000, offset=offset, updated_at=now - timedelta(seconds=idle))
    said = words.upload_row(upload, now)
    assert (said.headline, said.state.is_waiting) == (headline, waits)


@pytest.mark.django_db
@pytest.mark.parametrize("seconds", [20, 21])
def test_an_upload_counts_as_interrupted_after_twenty_seconds(seconds: int) -> None:
    now = timezone.now()
    upload = UploadFactory(updated_at=now - timedelta(seconds=seconds))
    assert queries.abandoned_after(upload, now) == (seconds > 20)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "title"),
    [
        ({"filename": "第一讲.mp4"}, "第一讲.mp4"),
        ({"filename": ""}, "Unnamed upload"),
        ({"lecture": True}, "Sampling"),
    ],
)
def test_an_upload_is_named_by_what_it_replaces_or_by_its_file(fields: dict[str, Any], title: str) -> None:
    if "lecture" in fields:
        fields = {"lecture": LectureFactory(title="Sampling")}
    upload: Upload = UploadFactory(**fields)
    assert words.upload_row(upload, timezone.now()).title == title


@pytest.mark.django_db
def test_warnings_that_are_no_longer_known_are_left_out() -> None:
    encode: Encode = EncodeFactory(warnings=["no_audio", "of_yesterday"])
    assert [str(said) for said in words.warning_words(encode)] == ["There is no sound."]
