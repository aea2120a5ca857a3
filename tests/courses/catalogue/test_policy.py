"""The playing policy: its bounds, its round trips through JSON, and the length of a credit hour. Pure."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courses.catalogue.policy import CREDIT_HOUR_S, Policy, hours_of

POLICIES = st.builds(
    Policy,
    rate_cap=st.floats(1, 2),
    free_seek=st.booleans(),
    coverage_percent=st.integers(50, 100),
    presence_minutes=st.integers(0, 600),
    offline_allowance_s=st.integers(0, 100_000),
    tolerance_ms=st.integers(0, 100_000),
    hidden_pauses=st.booleans(),
    credit_hour_seconds=st.integers(1, 32767),
    watermark=st.booleans(),
)


@given(POLICIES)
def test_a_policy_comes_back_from_json_as_it_went(policy):
    assert Policy.from_dict(json.loads(json.dumps(policy.to_dict()))) == policy


def test_a_watermark_that_is_off_says_nothing_so_that_older_editions_keep_their_digest():
    assert "watermark" not in Policy().to_dict()
    assert Policy(watermark=True).to_dict()["watermark"] is True


@given(POLICIES, st.dictionaries(st.text("xyz", min_size=1), st.integers()))
def test_what_a_later_version_may_add_is_left_aside(policy, more):
    assert Policy.from_dict({**more, **policy.to_dict()}) == policy


@given(POLICIES, st.sets(st.sampled_from(sorted(Policy().to_dict()))))
def test_what_an_earlier_version_did_not_know_takes_its_default(policy, missing):
    data = {key: value for key, value in policy.to_dict().items() if key not in missing}
    read = Policy.from_dict(data)
    for key, value in read.to_dict().items():
        assert value == (getattr(Policy(), key) if key in missing else getattr(policy, key))


@pytest.mark.parametrize(
    ("field", "least", "most"),
    [("rate_cap", 1.0, 2.0), ("coverage_percent", 50, 100)],
)
def test_the_bounds_themselves_are_allowed_and_one_step_beyond_is_not(field, least, most):
    for allowed in (least, most):
        assert getattr(Policy(**{field: allowed}), field) == allowed
    step = 0.01 if field == "rate_cap" else 1
    for refused in (least - step, most + step):
        with pytest.raises(ValueError, match=field):
            Policy(**{field: refused})


@pytest.mark.parametrize("field", ["presence_minutes", "offline_allowance_s", "tolerance_ms"])
def test_times_are_never_negative(field):
    assert getattr(Policy(**{field: 0}), field) == 0
    with pytest.raises(ValueError, match="negative"):
        Policy(**{field: -1})


@pytest.mark.parametrize("seconds", [0, -1])
def test_a_credit_hour_lasts(seconds):
    with pytest.raises(ValueError, match="credit hour"):
        Policy(credit_hour_seconds=seconds)


@pytest.mark.parametrize("data", [{"rate_cap": 9}, {"coverage_percent": 0}, {"credit_hour_seconds": 0}])
def test_bad_data_of_an_edition_is_refused_when_read(data):
    with pytest.raises(ValueError, match=r"rate_cap|coverage|credit hour"):
        Policy.from_dict(data)


def test_no_number_is_no_rate():
    with pytest.raises(ValueError, match="rate_cap"):
        Policy(rate_cap=float("nan"))


def test_a_policy_cannot_be_changed_once_it_is_there():
    with pytest.raises(AttributeError):
        Policy().rate_cap = 2.0  # type: ignore[misc] # this is what is tested


@pytest.mark.parametrize(
    ("seconds", "unit", "hours"),
    [
        (0, CREDIT_HOUR_S, "0.0"),
        (2699, CREDIT_HOUR_S, "0.9"),
        (2700, CREDIT_HOUR_S, "1.0"),
        (2969, CREDIT_HOUR_S, "1.0"),
        (2970, CREDIT_HOUR_S, "1.1"),
        (269, CREDIT_HOUR_S, "0.0"),
        (270, CREDIT_HOUR_S, "0.1"),
        (7200, 3600, "2.0"),
        (5, 1, "5.0"),
        (2699.99, CREDIT_HOUR_S, "0.9"),
    ],
)
def test_hours_are_cut_to_a_tenth_and_never_rounded_up(seconds, unit, hours):
    assert hours_of(seconds, unit) == Decimal(hours)


@given(st.integers(0, 10**7), st.integers(1, 32767))
def test_hours_never_give_more_than_the_seconds_are_worth(seconds, unit):
    hours = hours_of(seconds, unit)
    assert hours * unit <= seconds < (hours + Decimal("0.1")) * unit


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(1, 32767))
def test_more_seconds_never_give_fewer_hours(some, more, unit):
    assert hours_of(some, unit) <= hours_of(some + more, unit)
