"""ЕГН and ЛНЧ, the numbers of persons: ten digits, the last of which checks the others."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Final

_LENGTH: Final = 10
# By themselves: among hexadecimal digits they are a part of a UUID, and of a longer number no ЕГН.
_TEN_DIGITS: Final = re.compile(r"(?<![0-9A-Fa-f])[0-9]{10}(?![0-9A-Fa-f])")
_EGN_WEIGHTS: Final = (2, 4, 8, 5, 10, 9, 7, 3, 6)  # as the civil register (ЕСГРАОН) gives them
_LNCH_WEIGHTS: Final = (21, 19, 17, 13, 11, 9, 7, 3, 1)
_CENTURIES: Final[Sequence[tuple[int, int]]] = ((40, 2000), (20, 1800), (0, 1900))
"""What is added to the month of birth, and the century that says."""


def is_valid_egn(text: str) -> bool:
    """Whether `text` is ten ASCII digits that begin with a day and end with the right check digit."""
    return birth_date(text) is not None and _checked(text, _EGN_WEIGHTS, modulus=11)


def is_valid_lnch(text: str) -> bool:
    """Whether `text` is ten ASCII digits with the right check digit of a ЛНЧ (a foreigner's number)."""
    return _is_number(text) and any(map(int, text)) and _checked(text, _LNCH_WEIGHTS, modulus=10)


def holds_personal_number(text: str) -> bool:
    """Whether ten digits that stand by themselves in `text` are an ЕГН or a ЛНЧ."""
    return any(is_valid_egn(digits) or is_valid_lnch(digits) for digits in _TEN_DIGITS.findall(text))


def birth_date(egn: str) -> date | None:
    """The day with which an ЕГН begins; None when its digits are none, or name no day."""
    if not _is_number(egn):
        return None
    year, month, day = int(egn[:2]), int(egn[2:4]), int(egn[4:6])
    added, century = next(row for row in _CENTURIES if month >= row[0])
    try:
        return date(century + year, month - added, day)
    except ValueError:
        return None


def _is_number(text: str) -> bool:
    return len(text) == _LENGTH and text.isascii() and text.isdigit()


def _checked(text: str, weights: Sequence[int], *, modulus: int) -> bool:
    *digits, check = map(int, text)
    return sum(digit * weight for digit, weight in zip(digits, weights, strict=True)) % modulus % 10 == check
