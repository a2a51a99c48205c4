"""How long the platform is not itself: from a kill, and from the return of what was killed, to a write seen afar."""

import asyncio
import json
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from statistics import median
from typing import Final

import asyncpg

from torture.caller import Caller, Operation
from torture.ledger import Entry
from torture.rig import Rig
from torture.stories import MUNICIPALITIES, World

_SEEN: Final = "SELECT true FROM provider WHERE id = $1"
_PATIENCE: Final = 90.0
_POLL: Final = 0.05


@dataclass(slots=True)
class Recoveries:
    """Seconds by target."""

    back: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """From the moment the killed part answers again."""
    out: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """From the kill."""
    never: list[str] = field(default_factory=list)
    """Targets after whose return no write came through in time."""

    def summary(self) -> dict[str, dict[str, float]]:
        """How many, p50 and max after the return, and max since the kill, by target."""
        return {
            target: {
                "n": len(seconds),
                "p50": round(median(seconds), 2),
                "max": round(max(seconds), 2),
                "outage_max": round(max(self.out[target]), 2),
            }
            for target, seconds in self.back.items()
        }


class Canary:
    """Writes in the registry and watches for it in reporting, through API, log, bus, consumer and read model."""

    def __init__(self, rig: Rig, world: World, caller: Caller, recoveries: Recoveries) -> None:
        self._rig = rig
        self.world = world
        self.caller = caller
        self.recoveries = recoveries

    async def flies(self, target: str, *, killed: float, back: float) -> float:
        """Measure one recovery: seconds from `back`, which like `killed` is of `time.monotonic`."""
        seen = await self._flown()
        now = time.monotonic()
        if not seen:
            self.recoveries.never.append(target)
        self.recoveries.back[target].append(now - back)
        self.recoveries.out[target].append(now - killed)
        return now - back

    async def _flown(self) -> bool:
        provider = await self.write()
        return provider is not None and await self._seen(provider)

    async def write(self) -> str | None:
        """Register a provider; its id, or None when that did not succeed in time."""
        name = self.world.name("canary")
        body = {
            "eik": self.world.eik(),
            "name": name,
            "legal_form": "NGO",
            "seat_municipality": MUNICIPALITIES[0],
            "seat_address": "ул. Канарче 1",
        }
        entry = Entry(id=name, kind="provider.create", client="canary", key=name)
        headers = {"Authorization": self.world.token("licensing_officer", "AKSU"), "Idempotency-Key": name}
        answer = await self.caller.settle(
            Operation(
                entry=entry,
                service="registry",
                method="POST",
                path="/v1/providers",
                body=json.dumps(body).encode(),
                headers=headers,
            )
        )
        return str(json.loads(answer.body)["id"]) if answer is not None and answer.status == 201 else None

    async def _seen(self, provider: str) -> bool:
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            with suppress(OSError, asyncpg.PostgresError, TimeoutError):
                connection = await asyncpg.connect(self._rig.platform.postgres.url("reporting"), timeout=5)
                try:
                    while time.monotonic() < until:
                        if await connection.fetchval(_SEEN, provider, timeout=5):
                            return True
                        await asyncio.sleep(_POLL)
                finally:
                    connection.terminate()
            await asyncio.sleep(_POLL)
        return False
