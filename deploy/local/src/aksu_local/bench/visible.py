"""From the push of an inspection's start to the summary of its municipality in reporting, on an idle platform."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import uuid4

from aksu_local.bench.line import Bar, Line, ScenarioFailed
from aksu_local.bench.load import Connection, percentile, request
from aksu_local.bench.push import known_places
from aksu_local.bench.pushed import BATCH_TYPE, PATH, SYSTEM, encoded, inspection
from aksu_local.bench.rig import Rig
from aksu_local.legal_clock import legal_now
from aksu_shared.kernel.clock import legal_day

PUSHES = 120
_PAUSE = 0.05
_POLL = 0.005
"""Each look costs the summary's statement: looking all the time would slow down what is looked for."""
_PATIENCE = 10.0


class NotVisible(ScenarioFailed):
    """A pushed inspection did not reach reporting."""


async def visible(rig: Rig) -> AsyncIterator[Line]:
    """Against one row written by a bare handler and read back from it."""
    await rig.settled()
    floor = await _floor(rig)
    ours = await _ours(rig)
    bus = rig.platform.bus
    for share, most in ((0.5, 60.0), (0.99, 300.0)):
        value, least = percentile(ours, share), percentile(floor, share)
        yield Line(
            name=f"visible {bus} p{share * 100:.0f}",
            value=value,
            unit="ms",
            floor=least,
            ratio=value / least,
            bar=Bar(at_most=most),
            details={"pushes": len(ours), "longest_ms": round(ours[-1], 1)},
        )


async def _ours(rig: Rig) -> list[float]:
    today = legal_day(legal_now(rig.platform.folder.clock))
    headers = BATCH_TYPE | rig.headers("integration", subject=SYSTEM)
    run = uuid4().hex[:12]
    async with (
        Connection(rig.platform.url("monitoring")) as monitoring,
        Connection(rig.platform.url("reporting")) as reporting,
    ):
        place, municipality = await _place(rig)
        ask = request("GET", f"/v1/territory/{municipality}/summary")

        async def total() -> int:
            found: int = json.loads(await reporting.ask(ask, expect=200))["inspections"]["total"]
            return found

        async def push(number: int) -> None:
            events = inspection(f"{run}-{number}", place=place, today=today)[:1]
            await monitoring.ask(request("POST", PATH, headers=headers, body=encoded(events)), expect=202)

        return await _times(push, total)


async def _floor(rig: Rig) -> list[float]:
    run = uuid4().hex[:12]
    async with Connection(rig.floors.url) as writing, Connection(rig.floors.url) as reading:
        ask = request("GET", f"/raw/events?source={run}")

        async def total() -> int:
            return int(await reading.ask(ask, expect=200))

        async def push(number: int) -> None:
            event = [{"source": run, "id": str(number), "subject": "x", "sequence": 1, "type": "x", "data": {}}]
            await writing.ask(request("POST", "/raw/events", body=encoded(event)), expect=202)

        return await _times(push, total)


async def _times(push: Callable[[int], Awaitable[None]], total: Callable[[], Awaitable[int]]) -> list[float]:
    """Milliseconds from sending a push to its effect, ascending; the first ones warm up and are left out."""
    times = []
    warm = PUSHES // 10
    for number in range(warm + PUSHES):
        before = await total()
        started = time.perf_counter()
        await push(number)
        while await total() <= before:
            if time.perf_counter() - started > _PATIENCE:
                raise NotVisible(f"push {number} is not visible after {_PATIENCE:.0f} s")
            await asyncio.sleep(_POLL)
        times.append((time.perf_counter() - started) * 1000)
        await asyncio.sleep(_PAUSE)
    return sorted(times[warm:])


async def _place(rig: Rig) -> tuple[str, str]:
    async with Connection(rig.platform.url("registry")) as connection:
        key = (await known_places(rig))[0]
        place = json.loads(await connection.ask(request("GET", f"/v1/places/{key}"), expect=200))
    return key, place["municipality"]
