"""Days of the law as instants."""

from datetime import UTC, date, datetime, time, timedelta

from aksu_shared.clock import SOFIA

_DAY = timedelta(days=1)


def start_of(day: date) -> datetime:
    """The instant, UTC, at which `day` begins in Europe/Sofia."""
    return datetime.combine(day, time.min, SOFIA).astimezone(UTC)


def end_of(day: date) -> datetime:
    """The first instant, UTC, at which `day` is over in Europe/Sofia."""
    return start_of(day + _DAY)
