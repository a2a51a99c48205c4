"""ЕИК."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aksu_shared.kernel.eik import complete_eik, is_valid_eik, random_eik


@pytest.mark.parametrize(
    "eik",
    [
        "131071587",  # published numbers of well-known legal entities
        "121265177",
        "000696327",
        "175074752",
    ],
)
def test_numbers_of_the_public_registers_are_valid(eik: str) -> None:
    assert is_valid_eik(eik)


def test_the_second_weights_are_used_when_the_first_remainder_is_ten() -> None:
    stem = next(f"{n:08}" for n in range(1, 10_000) if weighted(f"{n:08}", first=1) == 10)
    assert complete_eik(stem)[-1] == str(weighted(stem, first=3) % 10)


def weighted(stem: str, *, first: int) -> int:
    return sum(int(digit) * weight for weight, digit in enumerate(stem, start=first)) % 11


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12345678",
        "1234567890",
        "000000000",
        "12121212a",
        "١٢١٢١٢١٢١",
        " 121212121",
        "12121212１",
        "121212128",
        "12121212100",
    ],
)
def test_anything_else_is_no_number(text: str) -> None:
    assert not is_valid_eik(text)


@given(st.integers(1, 99_999_999), st.integers(0, 9))
def test_exactly_one_check_digit_is_right(stem: int, digit: int) -> None:
    right = complete_eik(f"{stem:08}")
    assert is_valid_eik(right)
    assert is_valid_eik(f"{stem:08}{digit}") == (right[-1] == str(digit))


@given(st.integers(1, 99_999_999), st.integers(0, 999), st.integers(0, 9))
def test_a_branch_has_a_check_digit_of_its_own(stem: int, branch: int, digit: int) -> None:
    stem12 = f"{complete_eik(f'{stem:08}')}{branch:03}"
    right = complete_eik(stem12)
    assert is_valid_eik(right)
    assert is_valid_eik(f"{stem12}{digit}") == (right[-1] == str(digit))


def test_a_stem_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="stem"):
        complete_eik("1234567")
    with pytest.raises(ValueError, match="stem"):
        complete_eik("121212128001")


def test_the_same_seed_gives_the_same_valid_numbers() -> None:
    seeds = (random.Random(7), random.Random(7))  # noqa: S311 - nothing secret
    first, again = ([random_eik(rng), random_eik(rng, branch=True)] for rng in seeds)
    assert first == again
    assert all(is_valid_eik(eik) for eik in first)
    assert [len(eik) for eik in first] == [9, 13]
