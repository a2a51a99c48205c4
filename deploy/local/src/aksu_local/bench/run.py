"""Runs the scenarios one after the other on fresh platforms and prints a line for each figure."""

import json
import os
import platform as machine
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from aksu_local.bench.floors.serving import served
from aksu_local.bench.imports import imports
from aksu_local.bench.line import Line
from aksu_local.bench.lists import lists
from aksu_local.bench.push import push
from aksu_local.bench.ready import ready
from aksu_local.bench.rebuild import rebuild
from aksu_local.bench.rig import Rig
from aksu_local.bench.streams import streams
from aksu_local.bench.visible import visible
from aksu_local.bench.writes import writes
from aksu_local.databases import SERVICES
from aksu_local.loading import load_sample
from aksu_local.platform import BusKind, Platform
from aksu_local.sample import SEED

Scenario = Callable[[Rig], AsyncIterator[Line]]

ALONE: Final = "ready"
"""The scenario that starts its own platforms."""
STREAMS: Final = "streams"
"""The scenario that needs servers only: the log's parts run in this process."""
STAGES: Final[Sequence[tuple[BusKind, tuple[str, ...], Mapping[str, Scenario]]]] = (
    # What one service does is measured as it is deployed: without the three others on the same two cores.
    ("embedded", ("registry",), {"lists": lists, "writes": writes, "imports": imports}),
    ("embedded", ("registry", "monitoring"), {"push": push}),
    ("embedded", ("registry", "reporting"), {"rebuild": rebuild}),
    ("embedded", SERVICES, {"visible": visible}),
    ("kafka", SERVICES, {"visible": visible}),
)
"""Bus, services and scenarios of each platform that is started."""
NAMES: Final = tuple(dict.fromkeys([ALONE, STREAMS, *(name for _, _, scenarios in STAGES for name in scenarios)]))


async def bench(*, only: Collection[str], rounds: int, seconds: float, say: Callable[[str], None]) -> None:
    """Print the lines of all scenarios, or of those in `only`. Raises what a scenario fails with."""
    print(json.dumps(_environment(rounds=rounds, seconds=seconds), ensure_ascii=False), flush=True)
    if not only or ALONE in only:
        say(ALONE)
        async for line in ready():
            print(line, flush=True)
    if not only or STREAMS in only:
        say(STREAMS)
        async for line in streams(rounds=rounds):
            print(line, flush=True)
    for bus, services, scenarios in STAGES:
        chosen = {name: scenario for name, scenario in scenarios.items() if not only or name in only}
        if not chosen:
            continue
        say(f"a fresh platform: {', '.join(services)}; bus: {bus}")
        async with _rig(bus, services, rounds=rounds, seconds=seconds, say=say) as rig:
            for name, scenario in chosen.items():
                say(name)
                async for line in scenario(rig):
                    print(line, flush=True)


@asynccontextmanager
async def _rig(
    bus: BusKind, services: tuple[str, ...], *, rounds: int, seconds: float, say: Callable[[str], None]
) -> AsyncIterator[Rig]:
    async with Platform(bus=bus, services=services, durable=True) as platform:
        sample = await load_sample(platform)
        say(f"sample data: {sample.register_rows} rows of the register, {sample.municipal_services} municipal services")
        log = platform.folder.logs / "floors.log"
        async with served(platform.postgres.url("registry"), log=log) as floors:
            yield Rig(platform=platform, floors=floors, rounds=rounds, seconds=seconds)


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
