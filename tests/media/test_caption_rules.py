"""What is wrong with captions, by the table that the browser's rules are held to as well; what no longer fits."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from media import caption_rules, caption_words
from media.caption_formats import Cue
from media.caption_rules import Misfit, faults, misfit

CASES = json.loads((Path(__file__).parent / "caption_rules.json").read_text())


def long(text: str) -> str:
    """`a*84` stands for 84 letters."""
    return re.sub(r"^(.)\*(\d+)", lambda found: found[1] * int(found[2]), text)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_each_case_of_the_table(case: dict[str, Any]) -> None:
    cues = [Cue(start, end, long(text)) for start, end, text in case["cues"]]
    found = faults(cues, case.get("duration", 0))
    assert [[fault.index, fault.code] for fault in found] == case["faults"]


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_fault_says_what_to_do_in_both_languages(language: str) -> None:
    codes = {code for case in CASES for _index, code in case["faults"]}
    assert codes == {*caption_rules.ERRORS, *caption_rules.WARNINGS}
    with translation.override(language):
        said = caption_rules.rule_words()
        assert set(said) == codes
        assert len(set(said.values())) == len(codes)
        assert all(bool(re.search(r"[一-鿿]", words)) == (language != "en") for words in said.values())


_cues = st.lists(
    st.tuples(st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9), st.text(max_size=5)), max_size=8
)


@given(_cues, st.integers(0, 10**9))
def test_a_cue_has_one_error_or_warnings_and_all_are_in_order(
    rows: list[tuple[int, int, str]], duration: int
) -> None:
    found = faults([Cue(*row) for row in rows], duration)
    assert [fault.index for fault in found] == sorted(fault.index for fault in found)
    for index in {fault.index for fault in found}:
        own = [fault for fault in found if fault.index == index]
        assert len(own) == 1 or not any(fault.is_error for fault in own)


CUES = [Cue(5_000, 8_000, "a"), Cue(60_000, 64_000, "b"), Cue(100_000, 104_000, "c")]


@pytest.mark.parametrize(
    ("timed_for", "duration", "found"),
    [
        (120_000, 120_000, None),
        (120_000, 121_000, None),
        (120_000, 119_000, None),
        (120_000, 121_001, Misfit(5_000, 0, 1_001)),
        (120_000, 118_999, Misfit(5_000, 0, -1_001)),
        (120_000, 102_999, Misfit(5_000, 1, -17_001)),
        (103_500, 103_000, None),
        (103_500, 102_999, Misfit(100_000, 1, 0)),
        (0, 103_000, None),
        (0, 102_999, Misfit(100_000, 1, 0)),
        (0, 62_000, Misfit(60_000, 2, 0)),
        (120_000, 0, None),
    ],
)
def test_captions_fit_up_to_a_second_and_are_told_from_where_not(
    timed_for: int, duration: int, found: Misfit | None
) -> None:
    assert misfit(CUES, timed_for_ms=timed_for, duration_ms=duration) == found
    assert misfit([], timed_for_ms=timed_for, duration_ms=duration) is None


def test_a_misfit_says_how_much_how_many_and_from_where() -> None:
    with translation.override("en"):
        shorter = caption_words.misfit_words(Misfit(100_000, 2, -17_300))
        longer = caption_words.misfit_words(Misfit(5_000, 0, 17_300))
        late = caption_words.misfit_words(Misfit(100_000, 1, 0))
    assert shorter == (
        "The video is 17.3 s shorter than the one these times were made for. "
        "2 captions end after the video does. Check them from 1:40 on."
    )
    assert longer.startswith("The video is 17.3 s longer than")
    assert longer.endswith("Check them from 0:05 on.")
    assert late == "1 caption ends after the video does. Check them from 1:40 on."
