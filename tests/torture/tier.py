"""How much a run does: operations, kills and the time it may take."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from aksu_local.ports import Kind

Driver = Literal["embedded", "kafka"]
DRIVERS: Final[tuple[Driver, ...]] = ("embedded", "kafka")


Layout = Mapping[tuple[str, Kind], int]
"""(service, kind) → instances."""
DOUBLED: Final[Layout] = {
    ("registry", "api"): 2,
    ("licensing", "api"): 2,
    ("monitoring", "api"): 2,
    ("reporting", "api"): 1,
    ("registry", "worker"): 2,
    ("licensing", "worker"): 2,
    ("monitoring", "worker"): 2,
    ("reporting", "worker"): 2,
}
"""Two of everything that writes: one takes over from the other."""
SMALL: Final[Layout] = {**dict.fromkeys(DOUBLED, 1), ("registry", "api"): 2}
"""What a run of a minute can start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """One size of run, per driver.

    `singles` are single commands and `pushed` inspection events to be acknowledged; `kills` counts those at seams
    too; `seconds` bounds load and faults (the checks have their own bounds). `full` turns on what takes long: pauses,
    network faults, poison, moves of the clock, once a round. `clients` work at once. `prompt`: another instance stands
    while one is down, so that what is retried is to be done soon.
    """

    name: str
    singles: int
    pushed: int
    kills: int
    seconds: float
    full: bool
    clients: int = 12
    rounds: int = 1
    prompt: bool = True
    resumable: bool = False
    layout: Layout = field(default_factory=lambda: DOUBLED)


OUTAGE_SECONDS: Final = 150.0
"""How long a server is away in the tier of that name."""

TIERS: Final = {
    "short": Tier(name="short", singles=250, pushed=1_000, kills=14, seconds=110, full=False, clients=6, layout=SMALL),
    "full": Tier(name="full", singles=5_200, pushed=16_000, kills=32, seconds=350, full=True),
    "long": Tier(
        name="long", singles=60_000, pushed=200_000, kills=300, seconds=7_200, full=True, rounds=4, resumable=True
    ),
    "outage": Tier(name="outage", singles=200, pushed=300, kills=0, seconds=600, full=False, clients=4, prompt=False),
}
