"""A server away for minutes: what can go on goes on, and when it is back nobody has to be started anew."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from aksu_local.service_process import http_status
from torture.drama import Drama
from torture.tier import OUTAGE_SECONDS

_READS: Final = {
    "registry": "/v1/territories/BLG03",
    "licensing": "/v1/licences?limit=1",
    "monitoring": "/v1/inspections?limit=1",
    "reporting": "/v1/services?limit=1",
}
_EVERY: Final = 1.0
_OK: Final = 200


class Outage(Drama):
    """The broker, where there is one, then PostgreSQL: each killed and left dead for minutes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._done: Counter[str] = Counter()
        self._started_anew: Sequence[str] = ()

    async def play(self, *, until: float) -> None:
        """Each server once."""
        starts = {name: member.starts for name, member in self.rig.members.items()}
        broker, postgres = self.rig.broker, self.rig.platform.postgres
        if broker is not None:
            await self._away("broker", broker.kill, broker.start, meanwhile=self._go_on)
        if time.monotonic() < until:
            await self._away("postgres", postgres.kill, postgres.start)
            self._rounds = self.tier.rounds
        self._started_anew = sorted(name for name, member in self.rig.members.items() if member.starts != starts[name])

    @property
    def complete(self) -> bool:
        """Whether nobody was started anew, and whatever was to go on without the broker did."""
        return super().complete and not self._started_anew and not self._done["failed"]

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

    async def _go_on(self) -> None:
        """Read from every service, and write to the registry.

        The others go on writing for the minute in which they may still rely on having missed no revocation.
        """
        for service, path in _READS.items():
            for member in self.rig.of(service, "api").values():
                self._note("read", done=await http_status(member.port, path) == _OK)
        self._note("written", done=await self.canary.write() is not None)

    def _note(self, what: str, *, done: bool) -> None:
        self._done[what if done else "failed"] += 1
