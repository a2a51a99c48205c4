"""The worker process of a service: all loops composed, health on its port, ended within ten seconds of SIGTERM."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any, Final

import asyncpg
import structlog

from aksu_shared.bus import connect
from aksu_shared.config.base import BaseConfig
from aksu_shared.db.fitness import require_fit, require_role
from aksu_shared.db.notify import APPLIED, CHANGE_LOG, Notifier
from aksu_shared.db.pool import create_pool
from aksu_shared.db.schema import require_known_schema
from aksu_shared.db.work import UnitOfWork
from aksu_shared.events.registry.access import AccessEvent
from aksu_shared.kernel.clock import Clock
from aksu_shared.serving.health import Health, worker_app
from aksu_shared.serving.server import serving
from aksu_shared.worker.access_feed import AccessFeed
from aksu_shared.worker.applying import Applier
from aksu_shared.worker.consumer import ConsumerLoop
from aksu_shared.worker.daily import expiry, head_publisher
from aksu_shared.worker.dead_letters import carry_out
from aksu_shared.worker.failure import DatabaseAway, database, transaction
from aksu_shared.worker.handover import Handover
from aksu_shared.worker.housekeeping import Housekeeping
from aksu_shared.worker.loop import turns
from aksu_shared.worker.parts import Worker, WorkerParts
from aksu_shared.worker.progress import Progress, pause
from aksu_shared.worker.rebuilding import RebuildLoop
from aksu_shared.worker.reconcile import Reconcile
from aksu_shared.worker.scheduler import Scheduler
from aksu_shared.worker.sequencer import Sequencer
from aksu_shared.worker.shipper import Shipper
from aksu_shared.worker.watchdog import EXIT_STUCK, LoopGuard, Watchdog

_LEAVE: Final = 7.0
"""Seconds for the work in hand after SIGTERM; with the closing of connections it must stay below ten."""
_LEAVE_AT_LAST: Final = 9.5
_STANDBY: Final = 5.0
_ORDERS: Final = 1.0

log = structlog.get_logger(__name__)


async def run_worker(parts: WorkerParts, config: BaseConfig, *, health_port: int) -> None:
    """Work until SIGTERM or SIGINT. A database or bus that is away is waited for, at the start too.

    Raises Unfit, and SystemExit(70) when the watchdog finds the process stuck.
    """
    if config.worker_database_url is None:
        raise ValueError("AKSU_WORKER_DATABASE_URL is not set")
    url = config.worker_database_url.get_secret_value()
    stop, health = asyncio.Event(), Health()
    progress = Progress(health)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        stack.enter_context(LoopGuard())
        health.check("started", _not_yet)
        page = serving(worker_app(health), host=config.health_host, port=health_port, shutdown_seconds=1)
        await stack.enter_async_context(page)
        pool = await _open_pool(parts.service, url, config.database_pool_size, stop=stop)
        if pool is None:
            return
        stack.push_async_callback(_close, pool)
        worker = await _open_worker(stack, parts, config, pool=pool, progress=progress, stop=stop)
        health.check("started", _yet)
        health.check("database", lambda: pool.fetchval("SELECT 1"))
        health.check("role", lambda: require_role(parts.service, "worker", pool))
        health.check("bus", worker.bus.ping)
        watchdog = Watchdog(pool, health=health, progress=progress, handover=worker.handover)
        code = await _supervise(_loops(parts, worker, config, url), watchdog, health, stop)
    if code:
        raise SystemExit(code)


async def _open_worker(
    stack: AsyncExitStack,
    parts: WorkerParts,
    config: BaseConfig,
    *,
    pool: asyncpg.Pool,
    progress: Progress,
    stop: asyncio.Event,
) -> Worker:
    clock = Clock(config.clock_file)
    bus = await stack.enter_async_context(connect(config.bus_url.get_secret_value(), cursors=pool))
    database_url = config.worker_database_url.get_secret_value() if config.worker_database_url else ""
    return Worker(
        pool=pool,
        bus=bus,
        clock=clock,
        notifier=await stack.enter_async_context(Notifier(database_url)),
        progress=progress,
        applier=Applier(pool, service=parts.service, handlers=parts.handlers, clock=clock, log_keys=config.log_keys),
        handover=Handover(),
        stop=stop,
    )


def _loops(parts: WorkerParts, worker: Worker, config: BaseConfig, url: str) -> dict[str, Coroutine[Any, Any, None]]:
    """All loops of the process, not yet running."""
    pool, stop = worker.pool, worker.stop
    handover, notifier, progress = worker.handover, worker.notifier, worker.progress
    loops: dict[str, Coroutine[Any, Any, None]] = {
        "sequencer": Sequencer(
            url,
            service=parts.service,
            keys=config.log_keys,
            handover=handover,
            notifier=notifier,
            progress=progress,
        ).run(stop),
        "shipper": Shipper(pool, worker.bus, source=parts.service, handover=handover, progress=progress).run(stop),
        "housekeeping": Housekeeping(
            pool,
            handover=handover,
            progress=progress,
            publish=head_publisher(parts.service, config, worker),
            expire=expiry(config, worker, parts.holdings),
        ).run(stop),
    }
    if parts.handlers:
        loops |= _consuming(parts, worker, config, url)
    if parts.deadlines:
        scheduler = Scheduler(
            pool,
            worker.applier,
            handlers=parts.deadlines,
            handover=handover,
            notifier=notifier,
            progress=progress,
        )
        loops["scheduler"] = scheduler.run(stop)
    if parts.at_start is not None:
        loops["start"] = _start(parts.at_start, worker)
    return loops | {name: loop(worker) for name, loop in parts.loops.items()}


def _consuming(
    parts: WorkerParts, worker: Worker, config: BaseConfig, url: str
) -> dict[str, Coroutine[Any, Any, None]]:
    """The loops of a service that listens to others."""
    pool, stop, applier = worker.pool, worker.stop, worker.applier
    handover, notifier, progress = worker.handover, worker.notifier, worker.progress
    consumer = ConsumerLoop(pool, worker.bus, applier, notifier=notifier, progress=progress, member=config.bus_member)
    rebuild = RebuildLoop(
        pool,
        applier,
        url=url,
        config=config,
        handlers=parts.handlers,
        copies=parts.copies,
        on_rebuilt=parts.on_rebuilt,
        handover=handover,
        notifier=notifier,
        progress=progress,
    )
    loops = {
        "consumer": consumer.run(stop),
        "dead letters": _carry_out_orders(worker),
        "rebuild": rebuild.run(stop),
    }
    if parts.copies:
        loops["reconcile"] = Reconcile(worker, config, parts.copies).run()
    if AccessEvent.topic in applier.topics and AccessEvent.owner in config.feeds:
        feed = AccessFeed(pool, applier, config=config, handover=handover, notifier=notifier, progress=progress)
        loops["access feed"] = feed.run(stop)
    return loops


async def _start(at_start: Callable[[UnitOfWork], Awaitable[None]], worker: Worker) -> None:
    """Do the service's first unit of work in the process that leads, then only wait for the end."""
    done = asyncio.Event()

    async def turn() -> None:
        if worker.leads and not done.is_set():
            async with transaction(worker.pool) as connection:
                work = worker.applier.work(connection)
                await at_start(work)
                await work.flush()
            done.set()
            worker.notifier.poke(CHANGE_LOG)
        worker.progress.turned("start")
        await pause(worker.stop, _STANDBY if done.is_set() else _STANDBY / 10)

    await turns("start", turn, stop=worker.stop, progress=worker.progress)


async def _carry_out_orders(worker: Worker) -> None:
    """Replay and discard dead letters as ordered through the API, in the process that leads."""

    async def turn() -> None:
        done = 0
        if worker.leads:
            with database():
                done = await carry_out(worker.pool, worker.applier)
        if done:
            worker.notifier.poke(CHANGE_LOG)
            worker.notifier.poke(APPLIED)
        worker.progress.turned("dead letters")
        await pause(worker.stop, _ORDERS)

    await turns("dead letters", turn, stop=worker.stop, progress=worker.progress)


async def _supervise(
    loops: Mapping[str, Coroutine[Any, Any, None]], watchdog: Watchdog, health: Health, stop: asyncio.Event
) -> int:
    """Run the loops until stop; give the exit code. A loop that ends by itself ends the process."""
    tasks = [asyncio.create_task(loop, name=name) for name, loop in loops.items()]
    watching = asyncio.create_task(watchdog.run(stop), name="watchdog")
    done, _ = await asyncio.wait([watching, *tasks], return_when=asyncio.FIRST_COMPLETED)
    code = 0 if stop.is_set() else EXIT_STUCK
    if code:
        why = watching.result() if watching in done else None
        ended = [task.get_name() for task in tasks if task in done]
        log.critical("worker_stuck", why=why, ended=ended, errors=[repr(task.exception()) for task in done])
    health.draining = True
    stop.set()
    asyncio.get_running_loop().call_later(_LEAVE_AT_LAST, os._exit, code or 1)
    _, late = await asyncio.wait([watching, *tasks], timeout=_LEAVE)
    for task in late:
        log.error("loop_cut_off", loop=task.get_name())
        task.cancel()
    await asyncio.wait([watching, *tasks], timeout=1)
    log.info("worker_left", code=code)
    return code


async def _open_pool(service: str, url: str, size: int, *, stop: asyncio.Event) -> asyncpg.Pool | None:
    """The worker's pool, on a database fit for it, as soon as that answers; None when stopped before. Raises Unfit."""
    wait = 0.1
    while not stop.is_set():
        try:
            with database():
                pool = await create_pool(
                    url,
                    application=f"aksu-{service}-worker",
                    size=size,
                    statement_timeout=timedelta(seconds=30),
                    settings={"idle_in_transaction_session_timeout": "60000"},
                )
                await _require_fit(service, pool)
        except DatabaseAway as failure:
            log.warning("worker_waits_for_database", error=str(failure))
            await pause(stop, wait)
            wait = min(wait * 2, 5.0)
        else:
            return pool
    return None


async def _require_fit(service: str, pool: asyncpg.Pool) -> None:
    try:
        await require_fit(service, "worker", pool)
        await require_known_schema(service, pool)
    except BaseException:
        pool.terminate()
        raise


async def _close(pool: asyncpg.Pool) -> None:
    try:
        async with asyncio.timeout(1):
            await pool.close()
    except TimeoutError:
        pool.terminate()


async def _yet() -> None:
    """Ready."""


async def _not_yet() -> None:
    raise RuntimeError("the worker has not started yet")
