"""The worker over a real bus: what is published is seen in the summary, at once and through whatever repeats."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from reporting_builders import Telling, inspection, service

from aksu_local.served import Served
from aksu_local.waiting import eventually
from aksu_reporting.wiring import HANDLERS
from aksu_shared.bus import Bus, Record, connect
from aksu_shared.bus.contract import Delivered
from aksu_shared.db.notify import Notifier
from aksu_shared.kernel.clock import Clock
from aksu_shared.serving.health import Health
from aksu_shared.worker.applying import Applier
from aksu_shared.worker.consumer import ConsumerLoop
from aksu_shared.worker.progress import Progress


@asynccontextmanager
async def consuming(reporting: Served, bus_url: str) -> AsyncIterator[Bus]:
    """Reporting's consumer loop, running as its worker runs it."""
    stop = asyncio.Event()
    applier = Applier(reporting.worker, service="reporting", handlers=HANDLERS, clock=Clock())
    async with connect(bus_url, cursors=reporting.worker) as bus, Notifier(reporting.urls.worker) as notifier:
        loop = ConsumerLoop(reporting.worker, bus, applier, notifier=notifier, progress=Progress(Health()))
        running = asyncio.create_task(loop.run(stop))
        yield bus
        stop.set()
        await running


async def publish(bus: Bus, *records: Delivered) -> None:
    await bus.publish([Record(record.topic, record.key, record.value, record.headers) for record in records])


async def inspections(reporting: Served) -> int:
    answer = await reporting.get("/v1/territory/BLG03/summary")
    total: int = answer.json()["inspections"]["total"]
    return total


async def test_a_published_inspection_is_in_the_next_summary_that_waits_for_it(
    reporting: Served, tell: Telling, fresh_bus: Callable[[], Awaitable[str]]
) -> None:
    async with consuming(reporting, await fresh_bus()) as bus:
        record = tell.record(inspection())
        await publish(bus, record)
        after = {"Aksu-After": f"monitoring:{record.headers['ce_seq']}"}
        answer = await reporting.get("/v1/territory/BLG03/summary", headers=after)
        assert answer.json()["inspections"]["total"] == 1


async def test_what_is_delivered_again_counts_once_and_what_is_no_event_stops_nobody(
    reporting: Served, tell: Telling, fresh_bus: Callable[[], Awaitable[str]]
) -> None:
    async with consuming(reporting, await fresh_bus()) as bus:
        first, second = tell.record(inspection()), tell.record(inspection())
        broken = Delivered(first.topic, 0, 9, "k", b"{", first.headers, 0)
        await publish(bus, first, broken, first, second, first)
        assert await eventually(lambda: inspections(reporting), lambda total: total == 2) == 2
        parked = await reporting.worker.fetch("SELECT reason FROM dead_letter")
        assert [row["reason"] for row in parked] == ["WRONG_KEY"]


async def test_a_source_without_news_stays_fresh(
    reporting: Served, tell: Telling, fresh_bus: Callable[[], Awaitable[str]]
) -> None:
    async with consuming(reporting, await fresh_bus()) as bus:
        await publish(bus, tell.record(service()))

        async def fresh_at() -> list[str | None]:
            items = (await reporting.get("/v1/freshness")).json()["items"]
            return [item["fresh_at"] for item in items]

        first = await eventually(fresh_at, all)
        later = await eventually(fresh_at, lambda now: all(a and b and a > b for a, b in zip(now, first, strict=True)))
        assert later != first
