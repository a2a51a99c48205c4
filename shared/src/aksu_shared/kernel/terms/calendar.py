"""The Bulgarian calendar of working days (чл. 154 КТ), moved holidays and working Saturdays included."""

from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from holidays import HolidayBase

_DAY = timedelta(days=1)


@lru_cache(maxsize=1)
def _bulgaria() -> "HolidayBase":
    from holidays import country_holidays  # noqa: PLC0415 - slow to import, paid only by who computes a deadline

    return country_holidays("BG")


@lru_cache(maxsize=4096)
def is_working_day(day: date) -> bool:
    """Whether `day` is a working day in Bulgaria."""
    return bool(_bulgaria().is_working_day(day))


def next_working_day(day: date) -> date:
    """`day` itself when it is a working day, else the first one after it."""
    while not is_working_day(day):
        day += _DAY
    return day


def add_working_days(day: date, count: int) -> date:
    """The `count`-th working day after `day`, which itself does not count."""
    for _ in range(count):
        day = next_working_day(day + _DAY)
    return day
