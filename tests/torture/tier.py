"""How much a run does: operations, kills and the time it may take."""

from dataclasses import dataclass
from typing import Final, Literal

Driver = Literal["embedded", "kafka"]
DRIVERS: Final[tuple[Driver, ...]] = ("embedded", "kafka")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """One size of run, per driver.

    `singles` are single commands and `pushed` inspection events to be acknowledged; `kills` come on top of those at
    the seams; `seconds` bounds load and faults (the checks have their own bounds). `full` turns on what takes long:
    pauses, network faults, hanging handlers, moves of the clock, a full disk. `clients` work at once.
    """

    name: str
    singles: int
    pushed: int
    kills: int
    seconds: float
    full: bool
    clients: int = 12


TIERS: Final = {
    "short": Tier(name="short", singles=250, pushed=1_000, kills=2, seconds=75, full=False, clients=6),
    "full": Tier(name="full", singles=5_200, pushed=16_000, kills=30, seconds=330, full=True),
    "long": Tier(name="long", singles=60_000, pushed=200_000, kills=300, seconds=7_200, full=True),
}
