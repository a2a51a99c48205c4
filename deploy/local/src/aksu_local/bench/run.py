"""Runs the scenarios one after the other on fresh platforms and prints a line for each figure."""

import json
import os
import platform as machine
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from aksu_local.bench.floors.serving import served
from aksu_local.bench.imports import imports
from aksu_local.bench.line import Line
from aksu_local.bench.lists import lists
from aksu_local.bench.push import push
from aksu_local.bench.ready import ready
from aksu_local.bench.rig import Rig
from aksu_local.bench.visible import visible
from aksu_local.bench.writes import writes
from aksu_local.loading import Sample, load_sample
from aksu_local.platform import BusKind, Platform
from aksu_local.sample import SEED

Scenario = Callable[[Rig], AsyncIterator[Line]]

ALONE: Final = "ready"
"""The scenario that starts its own platforms."""
EMBEDDED: Final[Mapping[str, Scenario]] = {
    "lists": lists,
    "writes": writes,
    "imports": imports,
    "push": push,
    "visible": visible,
}
KAFKA: Final[Mapping[str, Scenario]] = {"visible": visible}
NAMES: Final = (ALONE, *EMBEDDED)


async def bench(*, only: Collection[str], rounds: int, seconds: float, say: Callable[[str], None]) -> None:
    """Print the lines of all scenarios, or of those in `only`. Raises what a scenario fails with."""
    print(json.dumps(_environment(rounds=rounds, seconds=seconds), ensure_ascii=False), flush=True)
    if not only or ALONE in only:
        say(ALONE)
        async for line in ready():
            print(line, flush=True)
    for bus, scenarios in (("embedded", EMBEDDED), ("kafka", KAFKA)):
        chosen = {name: scenario for name, scenario in scenarios.items() if not only or name in only}
        if chosen:
            await _on(bus, chosen, rounds=rounds, seconds=seconds, say=say)  # type: ignore[arg-type]


async def _on(
    bus: BusKind, scenarios: Mapping[str, Scenario], *, rounds: int, seconds: float, say: Callable[[str], None]
) -> None:
    say(f"a fresh platform, bus: {bus}")
    async with (
        _platform(bus, say) as platform,
        served(platform.postgres.url("registry"), log=platform.folder.logs / "floors.log") as floors,
    ):
        rig = Rig(platform=platform, floors=floors, rounds=rounds, seconds=seconds, say=say)
        for name, scenario in scenarios.items():
            say(f"{name} ({bus})")
            async for line in scenario(rig):
                print(line, flush=True)


@asynccontextmanager
async def _platform(bus: BusKind, say: Callable[[str], None]) -> AsyncIterator[Platform]:
    async with Platform(bus=bus, durable=True) as platform:
        sample: Sample = await load_sample(platform)
        say(f"sample data: {sample.register_rows} rows of the register, {sample.municipal_services} municipal services")
        yield platform


def _environment(**settings: float) -> dict[str, Any]:
    return {
        "name": "environment",
        "value": os.cpu_count(),
        "unit": "cores",
        "ratio": None,
        "load_average": [round(load, 1) for load in os.getloadavg()],
        "machine": machine.machine(),
        "python": machine.python_version(),
        "date": time.strftime("%Y-%m-%d"),
        "seed": SEED,
        **settings,
    }
