"""Monitoring's own loop over staged events, run in the test's process."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

from uuid_utils.compat import uuid7

from aksu_local.served import Served
from aksu_monitoring.ingest.applying.loop import StagedLoop, apply_staged
from aksu_monitoring.wiring import DEADLINES, HANDLERS
from aksu_shared.bus import Delivered, connect
from aksu_shared.db.notify import Notifier
from aksu_shared.db.pool import create_pool
from aksu_shared.events import Event
from aksu_shared.kernel.clock import Clock
from aksu_shared.serving.health import Health
from aksu_shared.worker.applying import Applier
from aksu_shared.worker.handover import Handover
from aksu_shared.worker.items import read
from aksu_shared.worker.parts import Worker
from aksu_shared.worker.progress import Progress
from aksu_shared.worker.scheduler import Scheduler

_numbers = count(1)


@asynccontextmanager
async def worker_of(monitoring: Served) -> AsyncIterator[Worker]:
    """What a worker of this database has."""
    clock = Clock(monitoring.clock_file)
    bus_url = monitoring.config.bus_url.get_secret_value()
    async with (
        await create_pool(monitoring.urls.worker, application="test-worker", size=4) as pool,
        connect(bus_url, cursors=pool) as bus,
        Notifier(monitoring.urls.worker) as notifier,
    ):
        yield Worker(
            pool=pool,
            bus=bus,
            clock=clock,
            notifier=notifier,
            progress=Progress(Health()),
            applier=Applier(pool, service="monitoring", handlers=HANDLERS, clock=clock),
            handover=Handover(),
            stop=asyncio.Event(),
        )


@asynccontextmanager
async def applying(monitoring: Served) -> AsyncIterator[Worker]:
    """The loop at work, woken by pushes."""
    async with worker_of(monitoring) as worker:
        task = asyncio.create_task(apply_staged(worker))
        try:
            yield worker
        finally:
            worker.stop.set()
            await task


async def apply_all(worker: Worker) -> int:
    """Apply what is due now; give how many events moved."""
    loop = StagedLoop(worker)
    total = 0
    while moved := await loop.settle():
        total += moved
    return total


async def apply(monitoring: Served) -> int:
    """Apply what is due now, as a worker that has just started."""
    async with worker_of(monitoring) as worker:
        return await apply_all(worker)


def delivered(event: Event[Any]) -> Delivered:
    """The record by which another service tells of `event`."""
    number = next(_numbers)
    headers = {
        "ce_specversion": "1.0",
        "ce_id": str(uuid7()),
        "ce_source": f"/aksu/{event.owner}",
        "ce_type": event.type,
        "ce_subject": event.id,
        "ce_time": "2026-01-01T10:00:00+00:00",
        "ce_seq": str(number),
        "ce_position": str(number),
        "ce_epoch": "e1",
    }
    value = json.dumps(event.data(), ensure_ascii=False).encode()
    return Delivered(event.topic, 0, number, event.id, value, headers, 1_760_000_000_000)


async def tell(monitoring: Served, *events: Event[Any]) -> None:
    """Let monitoring consume these events of other services, in one batch."""
    async with worker_of(monitoring) as worker:
        applied = await worker.applier.apply([read(delivered(event)) for event in events])
        assert (applied.events, applied.parked) == (len(events), 0)


async def feed(monitoring: Served, **caller: Any) -> str:
    """The change feed as this caller reads it, once all that was changed has its position."""
    await monitoring.worker.execute("UPDATE change_log SET position = seq WHERE position IS NULL")
    await monitoring.worker.execute("UPDATE log_state SET position = (SELECT coalesce(max(seq), 0) FROM change_log)")
    return (await monitoring.get("/v1/changes?limit=200", **caller)).text


async def fire(monitoring: Served) -> int:
    """Fire the deadlines that are due now; give how many were tried."""
    async with worker_of(monitoring) as worker:
        worker.handover.taken(1, epoch=str(uuid7()), position=0)
        scheduler = Scheduler(
            worker.pool,
            worker.applier,
            handlers=DEADLINES,
            handover=worker.handover,
            notifier=worker.notifier,
            progress=worker.progress,
        )
        return await scheduler._round(asyncio.Event())
