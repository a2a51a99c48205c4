"""The load: so many clients at once, each telling its stories until the run has what it needs."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import Final

from torture.caller import Caller
from torture.ledger import Ledger
from torture.pushes import Pusher
from torture.stories import Teller, World
from torture.tier import Tier
from torture.wire import Doors

_PUSHERS: Final = 2
_RATE: Final = 90.0
"""Single commands a second that the clients aim at: busy enough that every kill meets some, and no flood."""
_STORY: Final = 6.5
"""Commands of a story, on average."""


@dataclass(slots=True, kw_only=True)
class Load:
    """Runs the clients. `enough` is set by the nemesis once its part is done; the load goes on until then."""

    doors: Doors
    ledger: Ledger
    world: World
    tier: Tier
    seed: int
    today: Callable[[], date]
    until: float
    enough: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Until quotas and nemesis are through, or time is up."""
        tellers = [self._tell(number) for number in range(self.tier.clients)]
        pushers = [self._push(number) for number in range(_PUSHERS)]
        async with asyncio.TaskGroup() as group:
            for client in (*tellers, *pushers):
                group.create_task(client)

    async def _tell(self, number: int) -> None:
        rng, name = Random(f"{self.seed}:teller:{number}"), f"teller-{number}"
        caller = Caller(self.doors, self.ledger, rng, turn=number, until=self.until)
        teller = Teller(self.world, caller, rng, client=name)
        pause = self.tier.clients * _STORY / _RATE
        try:
            while self._wanted(self.ledger.singles, self.tier.singles):
                started = time.monotonic()
                await teller.provider_story()
                await asyncio.sleep(max(0.0, started + pause - time.monotonic()))
        finally:
            caller.close()

    async def _push(self, number: int) -> None:
        rng, name = Random(f"{self.seed}:pusher:{number}"), f"torture-{number}"
        caller = Caller(self.doors, self.ledger, rng, turn=number, until=self.until)
        pusher = Pusher(self.world, caller, rng, client=name, today=self.today)
        # Spread over the run, so that kills meet pushes to its end.
        pause = self.tier.seconds * 0.5 * _PUSHERS * 100 / self.tier.pushed
        try:
            while self._wanted(self.ledger.pushed, self.tier.pushed):
                late = self.ledger.pushed >= self.tier.pushed
                await pusher.story(inspections=1 if late else 25)
                await asyncio.sleep(min(1.0, pause))
        finally:
            caller.close()

    def _wanted(self, done: int, quota: int) -> bool:
        return time.monotonic() < self.until and (done < quota or not self.enough.is_set())
