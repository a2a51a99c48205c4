"""ЕГН and ЛНЧ. The numbers are those by which others test, or made here."""

from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from aksu_shared.kernel.personal_number import birth_date, holds_personal_number, is_valid_egn, is_valid_lnch

DIGITS = st.from_regex(r"[0-9]{10}", fullmatch=True)
DAYS = st.dates(date(1800, 1, 1), date(2099, 12, 31))


def egn(born: date, order: int) -> str:
    """As the register writes one: the century in the month, the check digit at the end."""
    month = born.month + {18: 20, 19: 0, 20: 40}[born.year // 100]
    stem = f"{born.year % 100:02}{month:02}{born.day:02}{order:03}"
    return stem + str(sum(2**k % 11 * int(digit) for k, digit in enumerate(stem, 1)) % 11 % 10)


@given(born=DAYS, order=st.integers(0, 999), last=st.integers(0, 9))
def test_exactly_one_check_digit_is_right(born: date, order: int, last: int) -> None:
    right = egn(born, order)
    assert birth_date(right) == born
    assert is_valid_egn(right)
    assert is_valid_egn(f"{right[:9]}{last}") == (right[9] == str(last))


@pytest.mark.parametrize(
    ("number", "born"),
    [
        ("8032056031", date(1880, 12, 5)),
        ("7523169263", date(1875, 3, 16)),
        ("8001010008", date(1980, 1, 1)),
        ("0041010002", date(2000, 1, 1)),
        ("0442290005", date(2004, 2, 29)),
        ("0342290000", None),
    ],
)
def test_the_month_tells_the_century(number: str, born: date | None) -> None:
    assert birth_date(number) == born


@pytest.mark.parametrize(
    "text",
    ["", "800101000", "80010100080", "8001010009", "8013010000", "8000010000", "8002300000", "8001000000", "8061010000",
     " 8001010008", "8001010008\n", "800101000８", "8001O10008", "-001010008"],
)  # fmt: skip
def test_anything_else_is_no_number_of_a_citizen(text: str) -> None:
    assert not is_valid_egn(text)


def test_the_number_of_a_foreigner_has_other_weights_and_no_day() -> None:
    assert is_valid_lnch("7111042925")
    assert not any(is_valid_lnch(f"711104292{last}") for last in "012346789")
    assert not any(map(is_valid_lnch, ("", "0000000000", "711104292", "71110429255", "711104292５", "7111O42925")))


@given(number=DIGITS)
def test_a_number_with_one_digit_wrong_is_noticed(number: str) -> None:
    """Weights that share nothing with ten: a single wrong digit always shows in an ЛНЧ."""
    stem = number[:9]
    assume(any(map(int, stem)))
    (right,) = [last for last in "0123456789" if is_valid_lnch(stem + last)]
    for place, digit in enumerate(stem):
        wrong = f"{stem[:place]}{(int(digit) + 1) % 10}{stem[place + 1 :]}"
        assert not is_valid_lnch(wrong + right)


@pytest.mark.parametrize(
    "text", ["8001010008", "ЕГН8001010008", "EGN 8001010008, Иван", "7111042925", "а/8001010008/б"]
)
def test_the_number_of_a_person_is_found_in_a_text(text: str) -> None:
    assert holds_personal_number(text)


@pytest.mark.parametrize(
    "text", ["", "R-17/2026", "8001010009", "80010100081", "019a0000-0000-7000-8000-8001010008ab", "abc8001010008"]
)
def test_other_numbers_are_nobody_s(text: str) -> None:
    assert not holds_personal_number(text)
