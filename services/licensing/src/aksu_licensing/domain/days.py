"""Days of the law as instants, and the window in which a licence is about to expire."""

from datetime import UTC, date, datetime, time, timedelta

from aksu_shared.clock import SOFIA
from aksu_shared.terms import Terms

_DAY = timedelta(days=1)


def start_of(day: date) -> datetime:
    """The instant, UTC, at which `day` begins in Europe/Sofia."""
    return datetime.combine(day, time.min, SOFIA).astimezone(UTC)


def end_of(day: date) -> datetime:
    """The first instant, UTC, at which `day` is over in Europe/Sofia."""
    return start_of(day + _DAY)


def expiring_until(today: date, terms: Terms) -> date:
    """The latest last day of a licence that counts as about to expire today (term `licence.expiring`).

    Several last days may share the first day of their window: 28 to 31 May are all three months after 28 February.
    """
    day = terms.deadline("licence.expiring", today)
    while terms.window_start("licence.expiring", day + _DAY) <= today:
        day += _DAY
    return day
