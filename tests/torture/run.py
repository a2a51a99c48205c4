"""One run on one driver: platform up, load and nemesis together, rest, snapshot, checks, verdict."""

import asyncio
import time
from collections.abc import Mapping
from functools import cache
from itertools import count
from pathlib import Path
from random import Random

from aksu_local.legal_clock import legal_now
from aksu_local.platform import Platform
from aksu_local.postgres import Postgres
from aksu_shared.kernel.clock import legal_day
from torture.caller import Caller
from torture.checks_consumers import check_consumers, check_poison
from torture.checks_log import check_bus, check_logs
from torture.checks_operations import check_operations, check_pushes
from torture.drama import Drama
from torture.findings import Findings
from torture.leaks import Baseline, baseline, check_leaks
from torture.ledger import Ledger
from torture.load import Load
from torture.nemesis import Report
from torture.quiet import LIMIT, comes_to_rest
from torture.recovery import Canary, Recoveries
from torture.rig import Rig
from torture.scopes import check_scopes
from torture.seams import PLAN, Plan
from torture.snapshot import take
from torture.stories import World
from torture.tier import Driver, Tier
from torture.verdict import bars, verdict


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
        plan: Plan = PLAN,
        drama: type[Drama] = Drama,
        settings: Mapping[str, str] | None = None,
        patience: float = LIMIT,
    ) -> None:
        self.findings = Findings()
        self.recoveries = Recoveries()
        self.seconds: dict[str, float] = {}
        self._driver = driver
        self._tier = tier
        self._seed = seed
        self._folder = folder
        self._drama = drama
        self._settings = settings
        self._complete = False
        self._bars: dict[str, bool] = {}
        self._report = report
        self._plan = plan
        self._patience = patience

    @property
    def complete(self) -> bool:
        """Whether the run did what its tier promises: every seam, kill and fault, every operation asked for."""
        return self._complete

    @property
    def met(self) -> bool:
        """Whether every bar was."""
        return all(self._bars.values())

    async def go(self, *, double: str = "") -> str:
        """The verdict; `double` is the planted bug of a self-test."""
        platform = Platform(self._folder, bus=self._driver)
        if self._settings:
            platform.postgres = Postgres(platform.folder.postgres, durable=False, settings=self._settings)
        rig = Rig(platform, driver=self._driver, layout=self._tier.layout, double=double)
        started = time.monotonic()
        async with rig.running():
            self._took("start", started)
            async with Ledger(platform.folder.root / "ledger.jsonl") as ledger:
                return await self._tortured(rig, ledger)

    async def _tortured(self, rig: Rig, ledger: Ledger) -> str:
        before = baseline(rig)
        until = time.monotonic() + self._tier.seconds
        world = _world(rig, ledger, self._seed)
        caller = Caller(rig.doors, ledger, Random(f"{self._seed}:canary"), turn=0, until=until + 60)
        canary = Canary(rig, world, caller, self.recoveries)
        drama = self._drama(rig, canary, tier=self._tier, seed=self._seed, plan=self._plan, report=self._report)
        load = Load(
            doors=rig.doors,
            ledger=ledger,
            world=world,
            tier=self._tier,
            seed=self._seed,
            today=lambda: legal_day(legal_now(rig.platform.folder.clock)),
            until=until,
        )
        await self._under_load(load, drama, until)
        caller.close()
        await self._check(rig, ledger, before, drama)
        self._bars = bars(ledger, self.recoveries, self._tier)
        return verdict(
            driver=self._driver,
            seed=self._seed,
            tier=self._tier,
            ledger=ledger,
            recoveries=self.recoveries,
            findings=self.findings,
            seconds=self.seconds,
            facts={**drama.facts(), "reached": self._complete, "bars": self._bars},
        )

    async def _under_load(self, load: Load, drama: Drama, until: float) -> None:
        started = time.monotonic()
        async with asyncio.TaskGroup() as group:
            group.create_task(load.run())
            await asyncio.sleep(1)
            try:
                await drama.play(until=until)
            finally:
                load.enough.set()
        enough = load.ledger.singles >= self._tier.singles and load.ledger.pushed >= self._tier.pushed
        self._complete = enough and drama.complete
        self._report(f"{load.ledger.singles} commands and {load.ledger.pushed} events acknowledged")
        self._took("load", started)

    async def _check(self, rig: Rig, ledger: Ledger, before: Baseline, drama: Drama) -> None:
        rig.network.heal()
        await rig.ready()
        self.seconds["to_rest"] = await comes_to_rest(rig, self.findings, within=self._patience)
        started = time.monotonic()
        await check_leaks(rig, before, self.findings)
        await check_scopes(rig, self.findings)
        snapshot = await take(rig)
        check_operations(snapshot, ledger, self.findings)
        check_pushes(snapshot, ledger, self.findings)
        check_logs(snapshot, self.findings)
        check_bus(snapshot, self.findings)
        check_consumers(snapshot, self.findings)
        check_poison(snapshot, drama.deliveries.poisoned, self.findings)
        for target in self.recoveries.never:
            self.findings.add("I7", f"no write came through within 90 s of the return of {target}")
        self._report(str(self.findings))
        self._took("checks", started)

    def _took(self, what: str, started: float) -> None:
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
