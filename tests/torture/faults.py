"""What is done besides killing: pauses, a bad network, strange deliveries, guests in the groups, moves of the clock."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from random import Random
from typing import Final

import asyncpg
from aiokafka import AIOKafkaConsumer

from torture.deliveries import Deliveries
from torture.nemesis import Nemesis
from torture.rig import Rig
from torture.snapshot import CONSUMED

_HELD: Final = (3.5, 6.0)
"""Seconds of a pause or a bad network: longer than the sessions of 3 s on either bus."""
_SLOW: Final = 0.15
_CLOCK: Final = ("36h", "2h", "3mo", "1d")


class Faults:
    """One fault of each kind after the other, each followed by a canary."""

    def __init__(self, rig: Rig, nemesis: Nemesis, deliveries: Deliveries, rng: Random) -> None:
        self.done: Counter[str] = Counter()
        self._rig = rig
        self._nemesis = nemesis
        self._deliveries = deliveries
        self._rng = rng

    async def run(self, *, until: float) -> bool:
        """All of them, in an order drawn from the seed; False when time is up before."""
        faults = self._all()
        self._rng.shuffle(faults)
        for name, fault in faults:
            if time.monotonic() > until:
                self._nemesis.report(f"out of time before {name}")
                return False
            began = time.monotonic()
            await fault()
            self.done[name] += 1
            await self._nemesis.endured(name, began)
            await self._nemesis.pause()
        return True

    def _all(self) -> list[tuple[str, Callable[[], Awaitable[None]]]]:
        network = [
            (f"network {kind} {target}", lambda kind=kind, target=target: self._network(kind, target))
            for target in ("api", "bus", "database")
            for kind in ("slow", "reset", "black_hole", "half_open")
        ]
        return [
            *network,
            ("paused worker", lambda: self._pause("worker")),
            ("paused log holder", lambda: self._pause("worker", every=True)),
            ("paused api", lambda: self._pause("api")),
            ("poison", self._deliveries.poison),
            ("repeated deliveries", self._deliveries.repeat),
            ("rebalance storm", self._storm),
            *((f"clock +{step}", lambda step=step: self._step(step)) for step in _CLOCK),
        ]

    async def _hold(self) -> None:
        await asyncio.sleep(self._rng.uniform(*_HELD))

    async def _network(self, kind: str, target: str) -> None:
        """One proxy goes bad for a while."""
        proxies = self._rig.network.proxies
        names = sorted(name for name in proxies if name.startswith(target) or f"-{target}-" in name)
        proxy = proxies[self._rng.choice(names)]
        try:
            match kind:
                case "slow":
                    proxy.slow(_SLOW)
                case "reset":
                    proxy.refuse()
                case "black_hole":
                    proxy.black_hole()
                case _:
                    proxy.half_open()
            await self._hold()
        finally:
            proxy.heal()

    async def _pause(self, kind: str, *, every: bool = False) -> None:
        """SIGSTOP one member, or one worker of each service, then SIGCONT: it wakes as a zombie."""
        names = sorted(name for name in self._rig.members if f"-{kind}-" in name)
        turn = self._rng.choice(("1", "2"))
        chosen = [name for name in names if name.endswith(turn)] if every else [self._rng.choice(names)]
        try:
            for name in chosen:
                self._rig.members[name].stop()
            await self._hold()
        finally:
            for name in chosen:
                self._rig.members[name].cont()

    async def _storm(self) -> None:
        """Members join the groups and leave again; on the embedded bus, those there are sent away one by one."""
        for consumer in CONSUMED:
            for _ in range(3):
                if self._rig.broker is None:
                    await self._turn_out(consumer)
                else:
                    await self._guest(consumer)

    async def _guest(self, consumer: str) -> None:
        topics = [f"aksu.{name}.v1" for name in CONSUMED[consumer]]
        guest = AIOKafkaConsumer(
            *topics,
            bootstrap_servers=f"127.0.0.1:{self._rig.broker_port}",
            group_id=f"aksu-{consumer}",
            enable_auto_commit=False,
            session_timeout_ms=3_000,
        )
        async with AsyncExitStack() as stack:
            stack.push_async_callback(guest.stop)
            async with asyncio.timeout(20):
                await guest.start()
                await asyncio.sleep(self._rng.uniform(0.1, 0.8))

    async def _turn_out(self, consumer: str) -> None:
        """End the sessions by which the group's leases are held; whoever comes next takes them."""
        connection = await asyncpg.connect(self._rig.platform.postgres.url("bus"))
        try:
            await connection.execute(_TURN_OUT, f"aksu-{consumer}")
        finally:
            await connection.close()
        await asyncio.sleep(self._rng.uniform(0.1, 0.8))

    async def _step(self, by: str) -> None:
        """Legal time moves; the machine's own clock is not ours to move."""
        self._rig.platform.advance_clock(by)
        await asyncio.sleep(0.5)


_TURN_OUT: Final = """
SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a JOIN pg_locks l USING (pid)
 WHERE a.datname = 'bus' AND l.locktype = 'advisory' AND l.granted AND a.application_name LIKE '%' || $1 || '%'"""
