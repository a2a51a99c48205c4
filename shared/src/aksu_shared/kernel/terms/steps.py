"""What steps of every procedure share: names in addresses, days on which they happened, words said with them."""

from datetime import date
from typing import Any

from aksu_shared.kernel.errors import IllegalTransition, RuleBroken
from aksu_shared.kernel.machine import Machine, Transition


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


def verb(name: str) -> str:
    """A transition as it stands in an address: `request_correction` → `request-correction`."""
    return name.replace("_", "-")


def described(row: Transition) -> str:
    """What the contract says of a transition's route: whence and whither, on what ground, with which right."""
    return f"{' | '.join(row.sources)} → {row.target}. {row.legal_basis}. Право: `{row.action}`."


def fire(machine: Machine, state: str, name: str) -> Transition:
    """The row that leads on. Raises IllegalTransition, which names the legal verbs as they stand in addresses."""
    try:
        return machine.fire(state, name)
    except IllegalTransition:
        legal = [verb(each) for each in machine.legal(state)]
        listed = ", ".join(legal) or "—"
        raise IllegalTransition(state=state, transition=verb(name), legal=listed, legal_transitions=legal) from None


def happened_on(given: date | None, *, today: date, not_before: date | None) -> date:
    """The day something happened: today unless given. Raises DayInFuture, DayTooEarly."""
    day = given or today
    if day > today:
        raise DayInFuture(day=day.isoformat(), today=today.isoformat())
    if not_before is not None and day < not_before:
        raise DayTooEarly(day=day.isoformat(), earliest=not_before.isoformat())
    return day


def words(body: Any) -> str | None:  # noqa: ANN401 - the body of any step
    """What the step's body says in words: its reason, result or note."""
    return next((found for name in ("reason", "result", "note") if (found := getattr(body, name, None))), None)
