"""Days, written and read back; texts as their reader sees them."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from aksu_shared.workbook.cells import format_day, read_day, read_text


def test_days_are_written_as_the_agency_does() -> None:
    assert format_day(date(2022, 11, 7)) == "07.11.2022 г."


@given(st.dates(date(1990, 1, 1), date(2100, 12, 31)))
def test_a_day_read_from_what_was_written_is_the_same(day: date) -> None:
    assert read_day("until", format_day(day)) == read_day("until", day) == day


def test_a_text_is_read_as_it_is_seen() -> None:
    typed = "  Дом\u200b за\u00a0стари\n\u202eхора\u202c\tи\u0306 "
    assert read_text("name", typed, longest=100) == "Дом за стари хора й"
    assert read_text("name", "\u200b\ufeff ", longest=100) is None
