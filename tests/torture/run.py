"""One run on one driver: platform up, load and nemesis together, rest, snapshot, checks, verdict."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

from aksu_local.legal_clock import legal_now
from aksu_local.platform import Platform
from aksu_shared.clock import legal_day
from torture.caller import Caller
from torture.checks_consumers import check_consumers, check_poison
from torture.checks_log import check_bus, check_logs
from torture.checks_operations import check_operations, check_pushes
from torture.deliveries import Deliveries
from torture.faults import Faults
from torture.findings import Findings
from torture.leaks import Baseline, baseline, check_leaks
from torture.ledger import Ledger
from torture.load import Load
from torture.nemesis import Nemesis, Report
from torture.quiet import LIMIT, comes_to_rest
from torture.recovery import Canary, Recoveries
from torture.rig import LAYOUT, Layout, Rig
from torture.scopes import check_scopes
from torture.seams import PLAN, Plan, Seams
from torture.snapshot import take
from torture.stories import World
from torture.tier import Driver, Tier
from torture.verdict import verdict


class Run:
    """One run, from its seed."""

    def __init__(
        self,
        *,
        driver: Driver,
        tier: Tier,
        seed: int,
        report: Report,
        folder: Path | None = None,
        layout: Layout = LAYOUT,
        plan: Plan = PLAN,
        patience: float = LIMIT,
    ) -> None:
        self.findings = Findings()
        self.recoveries = Recoveries()
        self.seconds: dict[str, float] = {}
        self.faults: dict[str, Any] = {}
        self._driver = driver
        self._tier = tier
        self._seed = seed
        self._folder = folder
        self._layout = layout
        self._report = report
        self._plan = plan
        self._patience = patience

    @property
    def complete(self) -> bool:
        """Whether the run did what its tier promises: every seam reached, every operation asked for."""
        return not self.faults.get("seams_missed") and bool(self.faults)

    async def go(self, *, double: str = "") -> str:
        """The verdict; `double` is the planted bug of a self-test."""
        platform = Platform(self._folder, bus=self._driver, fresh=self._folder is None)
        rig = Rig(platform, driver=self._driver, layout=self._layout, double=double)
        async with self._timed("start"):
            running = rig.running()
            await running.__aenter__()
        try:
            async with Ledger(platform.folder.root / "ledger.jsonl") as ledger:
                return await self._tortured(rig, ledger)
        finally:
            await running.__aexit__(None, None, None)

    async def _tortured(self, rig: Rig, ledger: Ledger) -> str:
        before = baseline(rig)
        until = time.monotonic() + self._tier.seconds
        world = _world(rig, ledger, self._seed)
        load = Load(
            doors=rig.doors,
            ledger=ledger,
            world=world,
            tier=self._tier,
            seed=self._seed,
            today=lambda: legal_day(legal_now(rig.platform.folder.clock)),
            until=until,
        )
        caller = Caller(rig.doors, ledger, Random(f"{self._seed}:canary"), turn=0, until=until + 60)
        canary = Canary(rig, world, caller, self.recoveries)
        nemesis = Nemesis(rig, canary, Random(f"{self._seed}:nemesis"), report=self._report)
        seams = Seams(rig, report=self._report, plan=self._plan)
        deliveries = Deliveries(rig, Random(f"{self._seed}:deliveries"))
        faults = Faults(rig, nemesis, deliveries, Random(f"{self._seed}:faults"))
        async with self._timed("load"):
            await self._under_load(load, nemesis, seams, faults, until)
        caller.close()
        nemesis.kills["seam"] = seams.died.total()
        self.faults |= {"seams": dict(seams.died), "seams_missed": seams.missed, "faults": dict(faults.done)}
        await self._check(rig, ledger, before, deliveries)
        return verdict(
            driver=self._driver,
            seed=self._seed,
            tier=self._tier,
            ledger=ledger,
            nemesis=nemesis,
            recoveries=self.recoveries,
            findings=self.findings,
            seconds=self.seconds,
            faults=self.faults,
        )

    async def _under_load(self, load: Load, nemesis: Nemesis, seams: Seams, faults: Faults, until: float) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(load.run())
            await asyncio.sleep(1)
            try:
                await seams.run(until=until)
                await nemesis.run(kills=self._tier.kills, until=until)
                if self._tier.full:
                    await faults.run(until=until)
            finally:
                load.enough.set()
        self._report(f"{load.ledger.singles} commands and {load.ledger.pushed} events acknowledged")

    async def _check(self, rig: Rig, ledger: Ledger, before: Baseline, deliveries: Deliveries) -> None:
        async with self._timed("rest"):
            rig.network.heal()
            await rig.ready()
            self.seconds["to_rest"] = await comes_to_rest(rig, self.findings, within=self._patience)
            await check_leaks(rig, before, self.findings)
            await check_scopes(rig, self.findings)
        async with self._timed("checks"):
            snapshot = await take(rig)
            check_operations(snapshot, ledger, self.findings)
            check_pushes(snapshot, ledger, self.findings)
            check_logs(snapshot, self.findings)
            check_bus(snapshot, self.findings)
            check_consumers(snapshot, self.findings)
            check_poison(snapshot, deliveries.poisoned, self.findings)
        for target in self.recoveries.never:
            self.findings.add("I7", f"no write came through within 90 s of the return of {target}")
        self._report(str(self.findings))

    @asynccontextmanager
    async def _timed(self, what: str) -> AsyncIterator[None]:
        started = time.monotonic()
        yield
        self.seconds[what] = time.monotonic() - started
        self._report(f"{what}: {self.seconds[what]:.1f} s")


def _world(rig: Rig, ledger: Ledger, seed: int) -> World:
    @cache
    def token(role: str, body: str) -> str:
        if role == "integration":
            return f"Bearer {rig.platform.token(role, subject=body)}"
        return f"Bearer {rig.platform.token(role, body)}"

    # A resumed run goes on behind the numbers its ledger knows; providers' numbers come from the same count.
    return World(run=f"s{seed}", token=token, numbers=count(len(ledger.entries) * 3))
