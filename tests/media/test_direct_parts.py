"""A file cut into parts, whatever its size."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.direct_parts import MIB, MOST_PARTS, PART, Layout, part_size_for

LENGTHS = st.one_of(st.integers(1, 40 * PART), st.integers(1, 40 << 40))


@given(LENGTHS)
def test_what_the_bucket_demands_of_parts_is_kept(length: int) -> None:
    layout = Layout(length, part_size_for(length))
    assert 1 <= layout.count <= MOST_PARTS
    assert layout.part_size % MIB == 0
    assert 5 * MIB <= layout.part_size <= 5 << 30
    assert 1 <= layout.size_of(layout.count) <= layout.part_size


@given(st.integers(1, 300 * PART))
def test_the_parts_make_the_whole(length: int) -> None:
    layout = Layout(length, part_size_for(length))
    sizes = {number: layout.size_of(number) for number in range(1, layout.count + 1)}
    assert sum(sizes.values()) == length == layout.received(sizes)
    assert layout.missing(sizes) == []


@pytest.mark.parametrize(
    ("length", "size", "count"),
    [
        (1, PART, 1),
        (PART, PART, 1),
        (PART + 1, PART, 2),
        (10 << 30, PART, 640),
        (MOST_PARTS * PART, PART, MOST_PARTS),
        (MOST_PARTS * PART + 1, PART + MIB, 9412),
    ],
)
def test_parts_grow_only_where_there_would_be_too_many(length: int, size: int, count: int) -> None:
    layout = Layout(length, part_size_for(length))
    assert (layout.part_size, layout.count) == (size, count)


@given(
    st.integers(1, 50),
    st.dictionaries(st.integers(-3, 60), st.sampled_from([0, 1, 99, 100, 101]), max_size=60),
)
def test_only_parts_of_the_right_number_and_size_count(length: int, found: dict[int, int]) -> None:
    layout = Layout(length * 37, 100)
    right = {n for n, size in found.items() if 1 <= n <= layout.count and size == layout.size_of(n)}
    assert set(layout.whole(found)) == right
    assert set(layout.missing(found)) == set(range(1, layout.count + 1)) - right
    assert layout.received(found) <= layout.length
    assert (layout.received(found) == layout.length) == (not layout.missing(found))
