"""When a licence is expiring."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aksu_reporting.measures.days import expiring_until
from aksu_shared.kernel.terms.term import add_months


@pytest.mark.parametrize(
    ("today", "until"),
    [
        (date(2026, 3, 16), date(2026, 6, 16)),
        (date(2026, 2, 28), date(2026, 5, 31)),
        (date(2028, 2, 29), date(2028, 5, 31)),
        (date(2026, 11, 30), date(2027, 2, 28)),
        (date(2026, 12, 31), date(2027, 3, 31)),
    ],
)
def test_a_licence_is_expiring_in_the_last_three_months(today: date, until: date) -> None:
    assert expiring_until(today) == until


@given(st.dates(date(2024, 1, 1), date(2040, 1, 1)))
def test_the_bound_is_the_last_day_whose_window_has_begun(today: date) -> None:
    until = expiring_until(today)
    assert add_months(until, -3) <= today < add_months(until + timedelta(days=1), -3)
