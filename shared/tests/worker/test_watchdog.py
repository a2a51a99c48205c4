"""Alive is who moves, or waits knowingly."""

import asyncio
from dataclasses import dataclass

import asyncpg
import pytest
from uuid_utils.compat import uuid7

from aksu_local.databases import ServiceUrls
from aksu_local.waiting import eventually
from aksu_local.worker_rig import Log, Registry, monitoring
from aksu_shared.bus import BusUnavailable
from aksu_shared.db.notify import Notifier
from aksu_shared.db.work import UnitOfWork
from aksu_shared.kernel.clock import Clock
from aksu_shared.serving.health import Health
from aksu_shared.worker import loop
from aksu_shared.worker.handover import Handover
from aksu_shared.worker.loop import turns
from aksu_shared.worker.parts import Worker
from aksu_shared.worker.process import _start
from aksu_shared.worker.progress import Progress
from aksu_shared.worker.watchdog import Watchdog


@dataclass
class Parts:
    pool: asyncpg.Pool
    health: Health
    progress: Progress
    handover: Handover
    stop: asyncio.Event

    def watchdog(self) -> Watchdog:
        return Watchdog(self.pool, health=self.health, progress=self.progress, handover=self.handover, still=0.3)


@pytest.fixture
def parts(registry_pool: asyncpg.Pool) -> Parts:
    health = Health()
    return Parts(registry_pool, health, Progress(health, still=0.3), Handover(), asyncio.Event())


async def test_a_loop_without_a_turn_is_found(parts: Parts) -> None:
    parts.progress.turned("consumer")
    async with asyncio.timeout(5):
        why = await parts.watchdog().run(parts.stop)
    assert "consumer" in str(why)


async def test_the_first_failure_after_a_good_while_is_soon_tried_again(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    async def pause(_stop: asyncio.Event, seconds: float) -> None:
        pauses.append(seconds)

    async def turn() -> None:
        if len(pauses) == 4:
            await asyncio.sleep(0.21)  # works for long, then fails
        if len(pauses) == 5:
            parts.stop.set()
        raise BusUnavailable("away")

    monkeypatch.setattr(loop, "_LONGEST_PAUSE", 0.2)
    monkeypatch.setattr(loop, "pause", pause)
    await turns("consumer", turn, stop=parts.stop, progress=parts.progress)
    assert pauses == [0.1, 0.2, 0.2, 0.2, 0.1, 0.2]


@pytest.mark.parametrize(
    ("error", "alive"),
    [(BusUnavailable("away"), True), (ConnectionResetError("away"), True), (KeyError("a fault of ours"), False)],
    ids=["bus", "database", "fault"],
)
async def test_waiting_for_what_is_away_is_no_standstill_but_failing_for_ever_is(
    parts: Parts, error: Exception, *, alive: bool
) -> None:
    tried = 0

    async def turn() -> None:
        nonlocal tried
        tried += 1
        raise error

    looping = asyncio.create_task(turns("loop", turn, stop=parts.stop, progress=parts.progress))
    watching = asyncio.create_task(parts.watchdog().run(parts.stop))
    await eventually(lambda: _value(tried >= 3 or watching.done()))
    if alive:
        assert not watching.done()
        assert parts.progress.waiting
    else:
        async with asyncio.timeout(5):
            assert await watching
    parts.stop.set()
    await looping
    await watching


async def test_a_loop_whose_first_turn_never_ends_is_found(parts: Parts) -> None:
    looping = asyncio.create_task(turns("loop", asyncio.Event().wait, stop=parts.stop, progress=parts.progress))
    async with asyncio.timeout(5):
        assert "loop" in str(await parts.watchdog().run(parts.stop))
    looping.cancel()
    await asyncio.wait([looping])


async def test_a_backlog_that_stands_while_nothing_is_away_is_found(parts: Parts, registry: Registry) -> None:
    parts.handover.taken(1, epoch="e1", position=0)
    watching = asyncio.create_task(parts.watchdog().run(parts.stop))
    await registry.register()
    async with asyncio.timeout(5):
        assert "oldest unshipped change" in str(await watching)


async def test_a_backlog_is_not_this_process_s_when_it_does_not_hold_the_log_or_the_bus_is_away(
    parts: Parts, registry: Registry
) -> None:
    await registry.register()
    watchdog = parts.watchdog()
    assert not await watchdog._backlog_stands()
    parts.handover.taken(1, epoch="e1", position=0)
    parts.progress.waits("shipper", on="bus")
    watchdog._backlog_since -= 10
    assert not await watchdog._backlog_stands()
    parts.progress.turned("shipper")
    assert not await watchdog._backlog_stands()
    watchdog._backlog_since -= 10
    assert await watchdog._backlog_stands()


async def test_what_a_service_does_at_its_start_is_done_by_the_process_that_leads(
    parts: Parts, registry: Registry, registry_urls: ServiceUrls, notifier: Notifier
) -> None:
    done: list[str] = []
    leading = asyncio.Event()

    async def at_start(work: UnitOfWork) -> None:
        assert leading.is_set()
        if not done:
            done.append("failed once")
            raise ConnectionResetError
        registry.record(work, uuid7(), "ул. Начална 1")

    async with Log(registry_urls, registry.pool, notifier) as log:
        worker = Worker(
            pool=registry.pool,
            bus=None,  # type: ignore[arg-type]  # not used by this loop
            clock=Clock(),
            notifier=notifier,
            progress=parts.progress,
            applier=monitoring(registry.pool, service="registry"),
            handover=parts.handover,
            stop=parts.stop,
        )
        starting = asyncio.create_task(_start(at_start, worker))
        await eventually(lambda: _value(log.handover.holder))
        leading.set()
        parts.handover.taken(1, epoch="e1", position=0)
        await eventually(lambda: registry.pool.fetchval("SELECT position = 1 FROM log_state"))
        parts.stop.set()
        await starting
    assert done == ["failed once"]


async def _value(value: object) -> object:
    return value
