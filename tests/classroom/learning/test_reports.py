"""Reading a report: strict to the last sign, and every refusal says what is wrong and where."""

import contextlib
import json

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from classroom.learning.api.reports import (
    _MS_AT_MOST,
    _SEQ_AT_MOST,
    BYTES_AT_MOST,
    SPANS_AT_MOST,
    BadReport,
    read_report,
)
from classroom.progress.spans import Span

GOOD = {"s": 0, "e": 15_000, "t0": 100, "t1": 15_100, "rate": 1}


def read(body: object):
    return read_report(body if isinstance(body, bytes) else json.dumps(body).encode())


def report(**changes: object) -> dict:
    return {"seq": 0, "spans": [{**GOOD, **changes}]}


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


def test_a_report_is_read_as_it_was_sent():
    got = read({"seq": 7, "spans": [GOOD, {**GOOD, "s": 20_000, "e": 21_000}], "position_ms": 21_000})
    assert (got.seq, got.position_ms) == (7, 21_000)
    assert got.spans == [Span(0, 15_000, 100, 15_100, 1000), Span(20_000, 21_000, 100, 15_100, 1000)]


@given(
    st.integers(0, _MS_AT_MOST - 1),
    st.integers(0, _MS_AT_MOST - 1),
    st.integers(0, _SEQ_AT_MOST),
    st.floats(0.0625, 16),
)
def test_every_whole_number_in_range_is_read_exactly(s, t0, seq, rate):
    got = read({"seq": seq, "spans": [{"s": s, "e": s + 1, "t0": t0, "t1": t0 + 1, "rate": rate}]})
    one = got.spans[0]
    assert (got.seq, one.s, one.e, one.t0, one.t1) == (seq, s, s + 1, t0, t0 + 1)
    assert 1 <= one.rate <= 16_000


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.integers(), st.lists, max_leaves=5
    )
)
def test_whatever_stands_in_the_place_of_a_number_is_read_or_refused_and_never_an_error(value):
    for body in (
        {"seq": value, "spans": []},
        {"seq": 0, "spans": value},
        {"seq": 0, "spans": [value]},
        report(s=value),
        report(rate=value),
        {"seq": 0, "spans": [], "position_ms": value},
    ):
        with contextlib.suppress(BadReport):
            assert read(body).seq >= 0


@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused(raw):
    try:
        read(raw)
    except BadReport:
        return
    assert json.loads(raw)


@pytest.mark.parametrize("name", ["s", "e", "t0", "t1"])
@pytest.mark.parametrize("bad", [None, True, False, -1, 1.0, "1", [1], {}, 2**45 + 1, 10**30])
def test_what_is_no_whole_number_is_named_with_its_place(name, bad):
    with pytest.raises(BadReport, match=rf"spans\[1\]\.{name} must be a whole number"):
        read({"seq": 0, "spans": [GOOD, {**GOOD, name: bad}]})


@pytest.mark.parametrize("name", ["s", "e", "t0", "t1"])
def test_what_is_missing_is_named(name):
    span = {key: value for key, value in GOOD.items() if key != name}
    with pytest.raises(BadReport, match=rf"spans\[0\]\.{name}"):
        read({"seq": 0, "spans": [span]})


@pytest.mark.parametrize(
    ("span", "is_read"),
    [
        ({"s": 5, "e": 6}, True),
        ({"s": 6, "e": 6}, False),
        ({"s": 7, "e": 6}, False),
        ({"t0": 5, "t1": 6}, True),
        ({"t0": 6, "t1": 6}, False),
        ({"e": 2**45}, True),
        ({"t1": 2**45}, True),
        ({"rate": 16}, True),
        ({"rate": 16.0001}, False),
        ({"rate": 0.0001}, True),
        ({"rate": 0}, False),
        ({"rate": -1}, False),
        ({"rate": "1"}, False),
        ({"rate": True}, False),
        ({"rate": None}, False),
        ({"more": "is ignored"}, True),
    ],
)
def test_a_span_at_its_limits(span, is_read):
    if is_read:
        assert len(read(report(**span)).spans) == 1
    else:
        with pytest.raises(BadReport, match=r"spans\[0\]"):
            read(report(**span))


def test_a_rate_that_is_left_out_is_one():
    span = {key: value for key, value in GOOD.items() if key != "rate"}
    assert read({"seq": 0, "spans": [span]}).spans[0].rate == 1000


@pytest.mark.parametrize(("count", "is_read"), [(0, True), (SPANS_AT_MOST, True), (SPANS_AT_MOST + 1, False)])
def test_as_many_spans_as_allowed_and_not_one_more(count, is_read):
    body = {"seq": 0, "spans": [{"s": n, "e": n + 1, "t0": n, "t1": n + 1} for n in range(count)]}
    if is_read:
        assert len(read(body).spans) == count
    else:
        with pytest.raises(BadReport, match=f"at most {SPANS_AT_MOST}"):
            read(body)


@pytest.mark.parametrize(("size", "is_read"), [(BYTES_AT_MOST, True), (BYTES_AT_MOST + 1, False)])
def test_as_many_bytes_as_allowed_and_not_one_more(size, is_read):
    raw = b'{"seq": 0, "spans": []}'
    raw += b" " * (size - len(raw))
    if is_read:
        assert read(raw).seq == 0
    else:
        with pytest.raises(BadReport, match="too large"):
            read(raw)


@pytest.mark.parametrize(
    ("told", "kept"), [(0, 0), (1.9, 1), (61_000.5, 61_000), (2**45, 2**45), (None, None)]
)
def test_a_position_earns_nothing_and_so_may_be_a_fraction(told, kept):
    assert read({"seq": 0, "spans": [], "position_ms": told}).position_ms == kept


@pytest.mark.parametrize("told", [-1, -0.5, "5", True, [], 2**45 + 1, 10**400, float("1e308")])
def test_a_position_that_is_nowhere_is_refused(told):
    with pytest.raises(BadReport, match="position_ms"):
        read({"seq": 0, "spans": [], "position_ms": told})


def test_a_position_written_as_a_number_too_large_for_a_fraction_is_refused():
    with pytest.raises(BadReport, match="position_ms"):
        read(b'{"seq": 0, "spans": [], "position_ms": 1e400}')


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("place", ['"seq": {}', '"position_ms": {}', '"spans": [{{"s": {}}}]', '"other": {}'])
def test_what_is_no_number_at_all_is_named_wherever_it_stands(constant, place):
    raw = ("{" + place.format(constant) + "}").encode()
    with pytest.raises(BadReport, match=constant):
        read(raw)


@pytest.mark.parametrize("raw", [b"", b"[]", b'"x"', b"1", b"{", b"\xff\xfe{}", b"[" * 60_000])
def test_what_is_no_object_is_refused(raw):
    with pytest.raises(BadReport, match="JSON"):
        read(raw)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b" " * (BYTES_AT_MOST + 1),
        b'{"seq": NaN}',
        b'{"seq": 0, "spans": 1}',
        b'{"seq": -1, "spans": []}',
        b'{"seq": 0, "spans": [1]}',
        b'{"seq": 0, "spans": [{"s": 1, "e": 1, "t0": 0, "t1": 1}]}',
        b'{"seq": 0, "spans": [{"s": 0, "e": 1, "t0": 0, "t1": 1, "rate": 99}]}',
        b'{"seq": 0, "spans": [], "position_ms": -1}',
    ],
)
def test_every_refusal_is_told_in_chinese_too(body):
    with pytest.raises(BadReport) as english:
        read(body)
    with translation.override("zh-hans"), pytest.raises(BadReport) as chinese:
        read(body)
    assert str(english.value) != str(chinese.value)
    assert any("一" <= sign <= "鿿" for sign in str(chinese.value))
