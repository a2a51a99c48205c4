"""The number of a licence, written and read."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aksu_shared.kernel.licence_numbers import LicenceNumber, parse_number


def test_the_published_example_is_taken_apart() -> None:
    number = parse_number("Л-3129-1325/07.11.2022")
    assert (number.service_no, number.sequence, number.issued_on) == ("3129", 1325, date(2022, 11, 7))
    assert str(number) == "Л-3129-1325/07.11.2022"


def test_leading_zeros_of_a_number_stay_as_they_were_written() -> None:
    assert str(parse_number("Л-3129-0025/07.11.2022")) == "Л-3129-0025/07.11.2022"
    assert str(parse_number("Л-3129-25/07.11.2022")) == "Л-3129-25/07.11.2022"


@given(st.sampled_from(["3129", "3130", "3131"]), st.integers(1, 99_999), st.dates(date(2020, 1, 1), date(2099, 1, 1)))
def test_a_number_read_from_what_was_written_is_the_same(service_no: str, sequence: int, issued_on: date) -> None:
    number = LicenceNumber(service_no=service_no, sequence=sequence, issued_on=issued_on)
    assert parse_number(str(number)) == number
    assert parse_number(f" {number} г. ") == number


@pytest.mark.parametrize(
    "text",
    ["", "3129-1325/07.11.2022", "Л-3129-1325", "Л-3129-1325/7.11.2022", "Л-3129-1325/31.11.2022", "Л-31-1/07.11.2022"],
)
def test_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the words differ
        parse_number(text)
