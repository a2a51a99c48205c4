"""ЕИК, the number of a legal entity in the Commercial or BULSTAT register: 9 digits, 13 for a branch."""

import random
from collections.abc import Sequence

_MODULUS = 11
_LEGAL_ENTITY, _BRANCH = 9, 13
# Weights of each check digit, and those used instead when the first remainder is 10
# (Regulation on the BULSTAT register; the same digits are used by the Commercial Register).
_NINTH = ((1, 2, 3, 4, 5, 6, 7, 8), (3, 4, 5, 6, 7, 8, 9, 10))
_THIRTEENTH = ((2, 7, 3, 5), (4, 9, 5, 7))


def is_valid_eik(text: str) -> bool:
    """Whether `text` is 9 or 13 ASCII digits with right check digits."""
    if len(text) not in {_LEGAL_ENTITY, _BRANCH} or not (text.isascii() and text.isdigit()):
        return False
    digits = [int(char) for char in text]
    if not any(digits) or digits[8] != _check_digit(digits[:8], _NINTH):
        return False
    return len(text) == _LEGAL_ENTITY or digits[12] == _check_digit(digits[8:12], _THIRTEENTH)


def complete_eik(stem: str) -> str:
    """Append the check digit to a stem: 8 digits give 9; 12 digits, whose ninth must already hold, give 13."""
    digits = [int(char) for char in stem]
    if len(digits) == _LEGAL_ENTITY - 1:
        return f"{stem}{_check_digit(digits, _NINTH)}"
    if len(digits) == _BRANCH - 1 and is_valid_eik(stem[:9]):
        return f"{stem}{_check_digit(digits[8:], _THIRTEENTH)}"
    msg = "a stem has 8 digits, or 12 of which the first 9 are a valid ЕИК"
    raise ValueError(msg)


def random_eik(rng: random.Random, *, branch: bool = False) -> str:
    """A valid ЕИК for samples and tests; the same state of `rng` gives the same number."""
    eik = complete_eik(f"{rng.randrange(10_000_000, 100_000_000)}")
    return complete_eik(f"{eik}{rng.randrange(1, 1000):03}") if branch else eik


def _check_digit(digits: Sequence[int], weights: tuple[Sequence[int], Sequence[int]]) -> int:
    for row in weights:
        remainder = sum(digit * weight for digit, weight in zip(digits, row, strict=True)) % _MODULUS
        if remainder < _MODULUS - 1:
            return remainder
    return 0
