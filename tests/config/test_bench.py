"""Rows of benchmarks: ratios, promises and the file."""

import json
from pathlib import Path
from typing import Any

import pytest

from config.bench import Report, Row


def test_a_promise_is_about_the_ratio_where_there_is_a_baseline() -> None:
    row = Row("beat", "throughput", "1/s", 350, "bare view", 500, at_least=0.7)
    assert row.ratio == pytest.approx(0.7)
    assert row.keeps is True
    assert Row("beat", "throughput", "1/s", 300, "bare view", 500, at_least=0.7).keeps is False


def test_a_promise_is_about_the_value_where_there_is_none() -> None:
    assert Row("start", "first", "s", 14, at_most=15).keeps is True
    assert Row("start", "first", "s", 16, at_most=15).keeps is False
    assert Row("start", "first", "s", 16).keeps is None


def test_a_baseline_of_zero_has_no_ratio() -> None:
    assert Row("x", "y", "s", 1, "none", 0).ratio is None


def test_the_file_holds_every_member(tmp_path: Path, settings: Any) -> None:
    settings.VAR = tmp_path
    lines: list[str] = []
    report = Report("loop", lines.append)
    report.add(Row("start", "first", "s", 1.23456, at_most=120))
    report.add(Row("beat", "cpu", "s", 3, "bare view", 2, at_most=1.2))
    found = json.loads(report.write().read_text())
    assert found == [
        {
            "work": "start", "figure": "first", "unit": "s", "value": 1.2346, "baseline": None,
            "baseline_value": None, "ratio": None, "at_most": 120, "at_least": None,
        },
        {
            "work": "beat", "figure": "cpu", "unit": "s", "value": 3, "baseline": "bare view",
            "baseline_value": 2, "ratio": 1.5, "at_most": 1.2, "at_least": None,
        },
    ]  # fmt: skip
    assert any("MISSED" in line for line in lines)
    assert any("kept" in line for line in lines)
