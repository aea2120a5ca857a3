"""Slide changes in frames that are drawn here: what is a slide, and what only moves on one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.slides_find import Finder, Found, grid_size, is_same_slide

STEP_MS = 500
HEIGHT, WIDTH = 112, 192


def slide(seed: int, rows: int = 4) -> np.ndarray:
    """A white picture under a fixed heading, with lines of text-like marks that the seed decides."""
    picture = np.full((HEIGHT, WIDTH), 245, np.uint8)
    template = np.random.default_rng(0)
    picture[2:12, 8:180] = np.where(template.random((10, 172)) < 0.3, 40, 245)
    dice = np.random.default_rng(seed + 1)
    for row in range(rows):
        top = 18 + row * 22
        marks = np.where(dice.random((12, 28)) < 0.4, 30, 245).repeat(6, axis=1)
        picture[top : top + 12, 12:180] = marks[:, :168]
    return picture


def found_in(frames: list[np.ndarray], hold_ms: int = 1000) -> list[Found]:
    finder = Finder(STEP_MS, hold_ms)
    for frame in frames:
        finder.take(frame)
    return finder.end(len(frames) * STEP_MS)


def starts(frames: list[np.ndarray]) -> list[int]:
    return [one.start_ms for one in found_in(frames)]


def with_head(frames: list[np.ndarray], seed: int = 5) -> list[np.ndarray]:
    """A speaker in the lower corner, who never stands still."""
    dice = np.random.default_rng(seed)
    made = []
    for frame in frames:
        frame = frame.copy()
        frame[64:, 128:] = dice.integers(0, 255, (6, 8), np.uint8).repeat(8, axis=0).repeat(8, axis=1)
        made.append(frame)
    return made


lengths = st.lists(st.integers(4, 30), min_size=1, max_size=8)


@given(lengths=lengths, first=st.integers(0, 50))
@settings(max_examples=12, deadline=None)
def test_every_slide_is_found_where_it_begins_and_nothing_else(lengths: list[int], first: int) -> None:
    frames = [slide(first + n) for n, length in enumerate(lengths) for _ in range(length)]
    begins = [sum(lengths[:n]) * STEP_MS for n in range(len(lengths))]
    found = found_in(frames)
    assert [one.start_ms for one in found] == begins
    assert [one.end_ms for one in found] == [*begins[1:], len(frames) * STEP_MS]
    assert all(one.start_ms <= one.full_from_ms <= one.full_to_ms < one.end_ms for one in found)


@given(lengths=st.lists(st.integers(8, 30), min_size=1, max_size=5), seed=st.integers(0, 1000))
@settings(max_examples=8, deadline=None)
def test_a_speaker_who_moves_makes_no_slide_and_hides_none(lengths: list[int], seed: int) -> None:
    frames = [slide(n) for n, length in enumerate(lengths) for _ in range(length)]
    assert starts(with_head(frames, seed)) == starts(frames)


@given(noise=st.integers(1, 7), light=st.integers(-20, 9))
@settings(max_examples=6, deadline=None)
def test_noise_and_light_change_nothing(noise: int, light: int) -> None:
    dice = np.random.default_rng(noise)
    frames = [slide(n // 10) for n in range(30)]
    seen = [
        np.clip(
            frame.astype(int) + light * (n % 10) // 9 + dice.normal(0, noise, frame.shape), 0, 255
        ).astype(np.uint8)
        for n, frame in enumerate(frames)
    ]
    assert starts(seen) == [0, 5000, 10_000]


def test_bullets_that_appear_are_the_same_slide_and_its_picture_is_the_fullest() -> None:
    frames = [slide(3, rows) for rows in (1, 2, 3, 4) for _ in range(6)] + [slide(4)] * 6
    found = found_in(frames)
    assert [one.start_ms for one in found] == [0, 12_000]
    assert 9000 <= found[0].full_from_ms <= found[0].full_to_ms < 12_000


def test_a_bullet_that_is_lit_is_the_same_slide() -> None:
    lit = slide(3).copy()
    lit[40:60] = (lit[40:60] * 0.85).astype(np.uint8)
    assert starts([slide(3)] * 8 + [lit] * 8) == [0]


def test_another_title_over_the_same_body_is_another_slide() -> None:
    other = slide(3).copy()
    other[18:30] = slide(9)[18:30]
    assert starts([slide(3)] * 8 + [other] * 8) == [0, 4000]


def test_the_foot_alone_makes_no_slide() -> None:
    other = slide(3, 3).copy()
    other[100:108, 150:180] = 60
    assert starts([slide(3, 3)] * 8 + [other] * 8) == [0]


def test_a_slow_fade_is_one_change_that_begins_with_it() -> None:
    fade = [np.asarray(slide(1) * (1 - n / 5) + slide(2) * (n / 5)).astype(np.uint8) for n in range(1, 5)]
    assert starts([slide(1)] * 8 + fade + [slide(2)] * 8) == [0, 4000]


def test_pages_that_are_only_leafed_through_are_no_slides() -> None:
    assert starts([slide(1)] * 8 + [slide(2), slide(3), slide(4)] + [slide(5)] * 8) == [0, 4000]


def test_coming_back_to_a_slide_is_told() -> None:
    assert starts([slide(1)] * 8 + [slide(2)] * 8 + [slide(1)] * 8) == [0, 4000, 8000]


def test_a_camera_between_two_slides_is_no_slide_and_the_next_begins_after_it() -> None:
    dice = np.random.default_rng(1)
    camera = [dice.integers(0, 255, (HEIGHT, WIDTH), np.uint8) for _ in range(40)]
    assert starts([slide(1)] * 10 + camera + [slide(2)] * 30) == [0, 25_000]


@pytest.mark.parametrize("count", [0, 1])
def test_a_film_too_short_to_stand_still_has_none(count: int) -> None:
    assert found_in([slide(1)] * count) == []


def test_an_empty_picture_is_no_slide() -> None:
    blank = np.full((HEIGHT, WIDTH), 255, np.uint8)
    assert starts([blank] * 10) == []
    assert starts([blank] * 10 + [slide(1)] * 10) == [5000]


@pytest.mark.parametrize(("hold_ms", "expected"), [(1000, [0, 4000, 6000]), (3000, [0, 6000])])
def test_a_screen_must_stand_longer_to_count(hold_ms: int, expected: list[int]) -> None:
    frames = [slide(1)] * 8 + [slide(2)] * 4 + [slide(3)] * 12
    assert [one.start_ms for one in found_in(frames, hold_ms)] == expected


@pytest.mark.parametrize(
    ("size", "expected"),
    [((1920, 1080), (320, 176)), ((640, 480), (320, 240)), ((720, 1280), (320, 576)), ((100, 40), (96, 64))],
)
def test_frames_are_looked_at_in_whole_blocks(size: tuple[int, int], expected: tuple[int, int]) -> None:
    assert grid_size(*size) == expected


class TestSlidesOfTwoVideos:
    def test_the_same_slide_is_known_again_after_another_encoding(self) -> None:
        dice = np.random.default_rng(2)
        again = np.clip(slide(7) * 0.95 + 6 + dice.normal(0, 3, (HEIGHT, WIDTH)), 0, 255).astype(np.uint8)
        assert is_same_slide(slide(7), again)

    def test_one_with_fewer_lines_is_not_the_same_either_way(self) -> None:
        assert not is_same_slide(slide(7, 2), slide(7, 4))
        assert not is_same_slide(slide(7, 4), slide(7, 2))

    def test_another_one_of_the_same_template_is_not(self) -> None:
        assert not is_same_slide(slide(7), slide(8))
