"""One legal term and its arithmetic, after чл. 72 ЗЗД and чл. 60 ГПК.

The day of the event does not count. A term in months or years ends on the same day of the last month, or on that
month's last day where there is no such day. A term that ends on a non-working day ends on the next working day.
"""

import calendar
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from aksu_shared.kernel.errors import Text
from aksu_shared.kernel.terms.calendar import add_working_days, next_working_day

_MONTHS_PER_YEAR = 12
_CALENDAR = "BG"

Pause = tuple[date, date]
"""Days on which a term does not run: from the first, up to and without the second."""


class Unit(StrEnum):
    """What a term is counted in. `date` is a fixed day: `on` = "03-31" of each year, or "2035-12-31" once."""

    DAY = "day"
    WORKING_DAY = "working_day"
    MONTH = "month"
    YEAR = "year"
    DATE = "date"


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A legal term, in force from `valid_from` to `valid_to` (both inclusive, open when None).

    `calendar` names the calendar of working days; `roll` says whether the end moves to the next working day;
    `confirmed` is False for an assumption that a lawyer has yet to confirm.
    """

    key: str
    unit: Unit
    legal_basis: str
    text: Text
    length: int = 0
    on: str | None = None
    calendar: str = _CALENDAR
    roll: bool = True
    confirmed: bool = True
    valid_from: date = date.min
    valid_to: date | None = None

    def __post_init__(self) -> None:
        """Refuse a row that means nothing."""
        if (self.unit is Unit.DATE) != (self.on is not None) or (self.unit is not Unit.DATE and self.length < 1):
            self._refuse("needs a length of at least 1, or for unit 'date' a day in 'on'")
        if self.calendar != _CALENDAR:
            self._refuse(f"has an unknown calendar {self.calendar!r}")
        if self.valid_to is not None and self.valid_to < self.valid_from:
            self._refuse("ends before it begins")
        if self.on is not None:
            _fixed_day(self.on, after=date(2000, 1, 1))

    def covers(self, day: date) -> bool:
        """Whether the row is in force on `day`."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def _refuse(self, why: str) -> None:
        msg = f"term {self.key} {why}"
        raise ValueError(msg)


def deadline(term: Term, start: date, *, pauses: Iterable[Pause] = ()) -> date:
    """The last day of a term whose event fell on `start`.

    For a fixed day: the first one after `start`. Days in `pauses` do not count; a pause that begins after the
    term has ended changes nothing.
    """
    end = _end(term, start)
    for first, until in _merged(pauses, since=start):
        if first > end:
            break
        end += until - first
    return next_working_day(end) if term.roll else end


def window_start(term: Term, end: date) -> date:
    """The first day of a window that precedes `end`, such as "the last three months of validity".

    Counted back as the law counts forward: three months before 31 May is the last day of February.
    """
    match term.unit:
        case Unit.MONTH:
            return add_months(end, -term.length)
        case Unit.YEAR:
            return add_months(end, -_MONTHS_PER_YEAR * term.length)
        case Unit.DAY:
            return end - timedelta(days=term.length)
        case _:
            msg = f"term {term.key}: a window is counted in days, months or years"
            raise ValueError(msg)


def add_months(day: date, months: int) -> date:
    """The same day `months` later (earlier when negative), or that month's last day where there is no such day."""
    index = day.year * _MONTHS_PER_YEAR + day.month - 1 + months
    year, month = divmod(index, _MONTHS_PER_YEAR)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def _end(term: Term, start: date) -> date:
    match term.unit:
        case Unit.DAY:
            return start + timedelta(days=term.length)
        case Unit.WORKING_DAY:
            return add_working_days(start, term.length)
        case Unit.MONTH:
            return add_months(start, term.length)
        case Unit.YEAR:
            return add_months(start, _MONTHS_PER_YEAR * term.length)
        case Unit.DATE:
            return _fixed_day(term.on or "", after=start)


def _fixed_day(text: str, *, after: date) -> date:
    *year, month, day = (int(part) for part in text.split("-"))
    if year:
        return date(year[0], month, day)
    same_year = date(after.year, month, day)
    return same_year if same_year > after else date(after.year + 1, month, day)


def _merged(pauses: Iterable[Pause], *, since: date) -> Iterator[Pause]:
    """Pauses in order, without overlaps, cut to what follows `since`."""
    last = since
    for first, until in sorted(pauses):
        first = max(first, last)  # noqa: PLW2901 - the part already counted falls away
        if until > first:
            yield first, until
            last = until
