"""Days on which something happened."""

from datetime import date

from aksu_shared.kernel.errors import RuleBroken


class DayInFuture(RuleBroken):
    """A day on which something happened lies in the future."""

    code = "day_in_future"
    bg = "{day} е в бъдещето; днес е {today}."
    en = "{day} is in the future; today is {today}."


class DayTooEarly(RuleBroken):
    """A day on which something happened lies before what it follows."""

    code = "day_too_early"
    bg = "{day} е преди {earliest}, когато е станало предходното."
    en = "{day} is before {earliest}, the day of what it follows."


def happened_on(given: date | None, *, today: date, not_before: date | None) -> date:
    """The day something happened: today unless given. Raises DayInFuture, DayTooEarly."""
    day = given or today
    if day > today:
        raise DayInFuture(day=day.isoformat(), today=today.isoformat())
    if not_before is not None and day < not_before:
        raise DayTooEarly(day=day.isoformat(), earliest=not_before.isoformat())
    return day
