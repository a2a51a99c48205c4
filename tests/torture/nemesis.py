"""What is done to the platform while it works: kills first of all, drawn from the seed, one after another."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from random import Random
from typing import Final

from torture.recovery import Canary
from torture.rig import Rig

Report = Callable[[str], None]
_PAUSE: Final = (0.5, 2.0)
"""Seconds of quiet between two faults, at random."""
_DOWN: Final = (0.2, 3.0)
"""Seconds a killed server stays down."""


class Nemesis:
    """Kills processes of one rig; every kill is followed by a canary that measures the recovery."""

    def __init__(self, rig: Rig, canary: Canary, rng: Random, *, report: Report) -> None:
        self.kills: Counter[str] = Counter()
        self.rig = rig
        self.rng = rng
        self.report = report
        self._canary = canary

    async def strike(self, *, until: float) -> bool:
        """One kill, its recovery, and a moment of quiet; False when time is up."""
        if time.monotonic() > until:
            self.report(f"out of time after {self.kills.total()} kills")
            return False
        await self.draw()()
        await self.pause()
        return True

    def draw(self) -> Callable[[], Awaitable[None]]:
        """The next kill: each target once, then as the dice fall, servers often, for they take everything with them."""
        broker = [] if self.rig.broker is None else [self.kill_broker]
        first = [*broker, self.kill_postgres, self.kill_worker, self.kill_api]
        if len(self.kills) < len(first):
            return first[len(self.kills)]
        return self.rng.choice([self.kill_worker] * 5 + [self.kill_api] * 4 + [self.kill_postgres] * 3 + broker * 3)

    async def pause(self) -> None:
        """Let the platform work for a moment."""
        await asyncio.sleep(self.rng.uniform(*_PAUSE))

    async def kill_api(self) -> None:
        """Kill -9 of one API instance."""
        await self._kill_member("api")

    async def kill_worker(self) -> None:
        """Kill -9 of one worker; now and then of both of a service."""
        await self._kill_member("worker")

    async def kill_postgres(self) -> None:
        """Kill -9 of the postmaster; its children follow."""
        killed = time.monotonic()
        await self.rig.platform.postgres.kill()
        await asyncio.sleep(self.rng.uniform(*_DOWN))
        await self.rig.platform.postgres.start()
        await self.recovered("postgres", killed)

    async def kill_broker(self) -> None:
        """Kill -9 of the Kafka broker."""
        broker = self.rig.broker
        if broker is None:
            return
        killed = time.monotonic()
        await broker.kill()
        await asyncio.sleep(self.rng.uniform(*_DOWN))
        await broker.start()
        await self.recovered("broker", killed)

    async def recovered(self, target: str, killed: float) -> None:
        """Count a kill and wait until a write is seen at the other end."""
        self.kills[target] += 1
        back = time.monotonic()
        seconds = await self._canary.flies(target, killed=killed, back=back)
        self.report(f"killed {target}, back after {back - killed:.1f} s, a write seen afar {seconds:.1f} s later")

    async def endured(self, fault: str, began: float) -> None:
        """A fault that killed nobody is over: wait until a write is seen at the other end."""
        back = time.monotonic()
        seconds = await self._canary.flies(fault.partition(" ")[0], killed=began, back=back)
        self.report(f"{fault}, {back - began:.1f} s, a write seen afar {seconds:.1f} s later")

    async def _kill_member(self, kind: str) -> None:
        """One of two: the other has to do. Both: they have to come back."""
        victims = [self.rng.choice([name for name in sorted(self.rig.members) if f"-{kind}-" in name])]
        if kind == "worker" and self.rng.random() < 0.2:
            service = self.rig.members[victims[0]].service
            victims = sorted(self.rig.of(service, "worker"))
        killed = time.monotonic()
        for name in victims:
            await self.rig.members[name].kill()
            self.rig.members[name].start()
        self.kills[kind] += len(victims)
        target = kind if len(victims) == 1 else "both workers"
        seconds = await self._canary.flies(target, killed=killed, back=killed)
        self.report(f"killed {', '.join(victims)}, a write seen afar after {seconds:.1f} s")
