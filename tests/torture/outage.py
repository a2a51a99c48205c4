"""A server away for minutes: what can go on goes on, and when it is back nobody has to be started anew."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import date
from random import Random
from typing import Any, Final

from aksu_local.legal_clock import legal_now
from aksu_local.service_process import http_status
from aksu_shared.kernel.clock import legal_day
from torture.drama import Drama
from torture.pushes import Pusher
from torture.stories import Teller
from torture.tier import OUTAGE_SECONDS
from torture.verdict import PROMPT

_READS: Final = {
    "registry": "/v1/territories/BLG03",
    "licensing": "/v1/licences?limit=1",
    "monitoring": "/v1/inspections?limit=1",
    "reporting": "/v1/services?limit=1",
}
_EVERY: Final = 1.0
_FILED: Final = 10
"""Applications filed before, whose steps are taken while the broker is away: four each."""
_OK: Final = 200


class Outage(Drama):
    """The broker, where there is one, then PostgreSQL: each killed and left dead for minutes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._done: Counter[str] = Counter()
        rng, world, caller = Random("outage"), self.canary.world, self.canary.caller
        self._teller = Teller(world, caller, rng, client="outage")
        self._pusher = Pusher(world, caller, rng, client="outage", today=self._today)
        self._started_anew: Sequence[str] = ()

    async def play(self, *, until: float) -> None:
        """Each server once."""
        starts = {name: member.starts for name, member in self.rig.members.items()}
        broker, postgres = self.rig.broker, self.rig.platform.postgres
        if broker is not None:
            steps = self._steps([await self._teller.filed() for _ in range(_FILED)])
            await self._away("broker", broker.kill, broker.start, meanwhile=lambda: self._go_on(steps))
        if time.monotonic() < until:
            await self._away("postgres", postgres.kill, postgres.start)
            self._rounds = self.tier.rounds
        self._started_anew = sorted(name for name, member in self.rig.members.items() if member.starts != starts[name])

    @property
    def complete(self) -> bool:
        """Whether nobody was started anew, and whatever was to go on without the broker did."""
        return super().complete and not self._started_anew and not any(what.endswith("failed") for what in self._done)

    def facts(self) -> dict[str, Any]:
        """What was read and written meanwhile, and who did not live through it."""
        return {**super().facts(), "without_broker": dict(self._done), "started_anew": self._started_anew}

    async def _away(
        self,
        name: str,
        kill: Callable[[], Awaitable[None]],
        start: Callable[[], Awaitable[None]],
        *,
        meanwhile: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        began = time.monotonic()
        await kill()
        while time.monotonic() < began + OUTAGE_SECONDS:
            if meanwhile is not None:
                await meanwhile()
            await asyncio.sleep(_EVERY)
        await start()
        self.faults.done[f"{name} away"] += 1
        await self.nemesis.endured(f"{name} away", began)

    async def _go_on(self, steps: AsyncIterator[bool]) -> None:
        """Read from every service, and write to each that has anything to write, long after the last beat."""
        for service, path in _READS.items():
            for member in self.rig.of(service, "api").values():
                self._note("read", done=await http_status(member.port, path) == _OK)
        await self._write("registry", self._registered())
        await self._write("monitoring", self._pusher.one())
        if self._done["registry"] % 3 == 0:  # they are to last until the broker is back
            await self._write("licensing", anext(steps, None))

    async def _steps(self, applications: Sequence[Mapping[str, Any] | None]) -> AsyncIterator[bool]:
        for filed in applications:
            if filed is None:
                yield False
                continue
            async for done in self._teller.steps(filed):
                yield done

    async def _registered(self) -> bool:
        return await self.canary.write() is not None

    async def _write(self, service: str, writing: Awaitable[bool | None]) -> None:
        """Write; there may be nothing left to be written."""
        began = time.monotonic()
        done = await writing
        if done is not None:
            self._note(service, done=done and time.monotonic() - began < PROMPT)

    def _today(self) -> date:
        return legal_day(legal_now(self.rig.platform.folder.clock))

    def _note(self, what: str, *, done: bool) -> None:
        self._done[what if done else f"{what} failed"] += 1
