"""Months from a day: certificates and plans count them alike."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from classroom.enrolment.months import add_months


@given(st.dates(date(2020, 1, 1), date(2090, 1, 1)), st.integers(1, 600))
def test_so_many_months_later_is_in_that_month_and_on_no_later_day(day: date, months: int) -> None:
    until = add_months(day, months)
    assert (until.year - day.year) * 12 + until.month - day.month == months
    assert until.day <= day.day
