"""Monitoring's own loop over staged events, run in the test's process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aksu_local.served import Served
from aksu_monitoring.consumers import HANDLERS
from aksu_monitoring.consumers.staged import StagedLoop, apply_staged
from aksu_shared.bus import connect
from aksu_shared.clock import Clock
from aksu_shared.db.notify import Notifier
from aksu_shared.db.pool import create_pool
from aksu_shared.web.health import Health
from aksu_shared.worker.applying import Applier
from aksu_shared.worker.handover import Handover
from aksu_shared.worker.process import Worker
from aksu_shared.worker.progress import Progress


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
    while moved := await loop._settle():
        total += moved
    return total
