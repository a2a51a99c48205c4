"""How legal terms are counted."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aksu_shared.kernel.errors import Text
from aksu_shared.kernel.terms import Term, Unit, deadline, is_working_day, next_working_day, window_start
from aksu_shared.kernel.terms.term import add_months

DAYS = st.dates(date(2020, 1, 1), date(2040, 12, 31))
LENGTHS = st.integers(1, 60)


def term(unit: Unit, length: int = 0, *, roll: bool = True, on: str | None = None) -> Term:
    return Term(key="t", unit=unit, length=length, on=on, roll=roll, legal_basis="ЗСУ", text=Text("срок", "term"))


def test_an_application_received_on_10_january_is_decided_by_10_march() -> None:
    assert deadline(term(Unit.MONTH, 2), date(2025, 1, 10)) == date(2025, 3, 10)


def test_an_order_of_day_d_is_communicated_by_day_d_plus_3() -> None:
    assert deadline(term(Unit.DAY, 3), date(2025, 3, 10)) == date(2025, 3, 13)


def test_a_term_that_ends_on_a_sunday_ends_on_the_next_working_day() -> None:
    assert deadline(term(Unit.MONTH, 2), date(2024, 1, 10)) == date(2024, 3, 11)


def test_a_term_that_ends_at_easter_ends_after_all_the_holidays() -> None:
    # 18.04.2025 is Good Friday, 21.04.2025 Easter Monday.
    assert deadline(term(Unit.DAY, 3), date(2025, 4, 15)) == date(2025, 4, 22)


def test_a_holiday_on_a_weekend_makes_the_next_monday_non_working() -> None:
    # 3 March 2024 was a Sunday, so Monday the 4th was non-working too.
    assert deadline(term(Unit.DAY, 3), date(2024, 2, 29)) == date(2024, 3, 5)


def test_a_validity_does_not_move_to_a_working_day() -> None:
    assert deadline(term(Unit.YEAR, 5, roll=False), date(2021, 11, 7)) == date(2026, 11, 7)
    assert not is_working_day(date(2026, 11, 7))


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        (date(2023, 12, 31), 2, date(2024, 2, 29)),
        (date(2024, 12, 31), 2, date(2025, 2, 28)),
        (date(2025, 8, 31), 1, date(2025, 9, 30)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2025, 1, 30), 1, date(2025, 2, 28)),
        (date(2025, 2, 28), 1, date(2025, 3, 28)),
    ],
)
def test_a_month_without_that_day_ends_the_term_on_its_last_day(start: date, months: int, end: date) -> None:
    assert deadline(term(Unit.MONTH, months, roll=False), start) == end


def test_working_days_skip_weekends_and_holidays() -> None:
    # From Wednesday 30.04.2025: 1 May (Thursday) and the weekend do not count, nor does 6 May.
    assert deadline(term(Unit.WORKING_DAY, 3), date(2025, 4, 30)) == date(2025, 5, 7)


def test_a_yearly_day_is_the_next_one_after_the_event() -> None:
    yearly = term(Unit.DATE, on="03-31", roll=False)
    assert deadline(yearly, date(2025, 12, 31)) == date(2026, 3, 31)
    assert deadline(yearly, date(2026, 3, 31)) == date(2027, 3, 31)


def test_a_single_day_does_not_depend_on_the_event() -> None:
    assert deadline(term(Unit.DATE, on="2035-12-31", roll=False), date(2026, 1, 1)) == date(2035, 12, 31)


def test_renewal_is_possible_in_the_last_three_months_only() -> None:
    window = term(Unit.MONTH, 3, roll=False)
    assert window_start(window, date(2027, 11, 7)) == date(2027, 8, 7)
    assert window_start(window, date(2027, 5, 31)) == date(2027, 2, 28)


def test_a_window_cannot_be_counted_in_working_days() -> None:
    with pytest.raises(ValueError, match="window"):
        window_start(term(Unit.WORKING_DAY, 3), date(2027, 5, 31))


def test_days_of_a_pause_do_not_count() -> None:
    pause = (date(2025, 2, 3), date(2025, 2, 10))
    assert deadline(term(Unit.MONTH, 2), date(2025, 1, 10), pauses=[pause]) == date(2025, 3, 17)


def test_overlapping_pauses_count_once() -> None:
    pauses = [(date(2025, 2, 3), date(2025, 2, 10)), (date(2025, 2, 5), date(2025, 2, 10))]
    assert deadline(term(Unit.MONTH, 2), date(2025, 1, 10), pauses=pauses) == date(2025, 3, 17)


def test_a_pause_after_the_end_changes_nothing() -> None:
    assert deadline(term(Unit.DAY, 3), date(2025, 3, 10), pauses=[(date(2025, 4, 1), date(2025, 5, 1))]) == date(
        2025, 3, 13
    )


def test_a_pause_that_the_first_one_made_reachable_counts_too() -> None:
    pauses = [(date(2025, 3, 12), date(2025, 3, 22)), (date(2025, 3, 20), date(2025, 3, 24))]
    assert deadline(term(Unit.DAY, 3, roll=False), date(2025, 3, 10), pauses=pauses) == date(2025, 3, 25)


@pytest.mark.parametrize(
    "wrong",
    [
        {"unit": Unit.MONTH, "length": 0},
        {"unit": Unit.DATE, "length": 2},
        {"unit": Unit.DAY, "length": 2, "on": "03-31"},
        {"unit": Unit.DATE, "on": "02-30"},
        {"unit": Unit.DAY, "length": 2, "calendar": "RO"},
        {"unit": Unit.DAY, "length": 2, "valid_from": date(2025, 1, 2), "valid_to": date(2025, 1, 1)},
    ],
)
def test_a_row_that_means_nothing_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the words differ
        Term(key="t", legal_basis="ЗСУ", text=Text("срок", "term"), **wrong)  # type: ignore[arg-type]


@given(start=DAYS, length=LENGTHS, unit=st.sampled_from([Unit.DAY, Unit.WORKING_DAY, Unit.MONTH, Unit.YEAR]))
def test_an_act_is_never_due_on_a_non_working_day_nor_before_its_event(start: date, length: int, unit: Unit) -> None:
    end = deadline(term(unit, length), start)
    assert is_working_day(end)
    assert end > start


@given(start=DAYS, length=LENGTHS, unit=st.sampled_from(list(Unit)[:4]), later=st.integers(0, 400))
def test_a_later_event_is_never_due_earlier(start: date, length: int, unit: Unit, later: int) -> None:
    row = term(unit, length)
    assert deadline(row, start) <= deadline(row, start + timedelta(days=later))


@given(start=DAYS, months=LENGTHS)
def test_months_end_in_the_right_month_on_that_day_or_its_last(start: date, months: int) -> None:
    end = add_months(start, months)
    assert (end.year * 12 + end.month) - (start.year * 12 + start.month) == months
    assert end.day == start.day or (end.day < start.day and (end + timedelta(days=1)).day == 1)


@given(end=DAYS, length=st.integers(1, 60))
def test_a_window_begins_on_the_first_day_from_which_the_end_is_near_enough(end: date, length: int) -> None:
    row = term(Unit.MONTH, length, roll=False)
    first = window_start(row, end)
    assert deadline(row, first) <= end
    assert deadline(row, first + timedelta(days=3)) >= end


@given(
    start=DAYS,
    pauses=st.lists(st.tuples(st.integers(0, 60), st.integers(1, 30)), max_size=4),
)
def test_pauses_only_ever_lengthen_a_term(start: date, pauses: list[tuple[int, int]]) -> None:
    spans = [(start + timedelta(days=a), start + timedelta(days=a + n)) for a, n in pauses]
    row = term(Unit.MONTH, 2, roll=False)
    extra = deadline(row, start, pauses=spans) - deadline(row, start)
    assert timedelta() <= extra <= sum((b - a for a, b in spans), timedelta())


@given(day=DAYS)
def test_the_next_working_day_is_the_nearest(day: date) -> None:
    found = next_working_day(day)
    between = [day + timedelta(days=n) for n in range((found - day).days)]
    assert is_working_day(found)
    assert not any(is_working_day(earlier) for earlier in between)
