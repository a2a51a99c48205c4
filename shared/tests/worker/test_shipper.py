"""From the change log to the bus."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from typing import cast
from urllib.parse import urlsplit

import asyncpg
import pytest_asyncio
from uuid_utils.compat import uuid7

from aksu_local.databases import ServiceUrls
from aksu_local.templates import Databases
from aksu_local.waiting import eventually
from aksu_local.worker_rig import TOPIC, Log, Registry
from aksu_shared.bus import Bus, Delivered, Record, connect
from aksu_shared.bus.wire import COLUMNS
from aksu_shared.db.notify import Notifier
from aksu_shared.serving.health import Health
from aksu_shared.worker.handover import Handover, Rows
from aksu_shared.worker.progress import Progress
from aksu_shared.worker.republish import republish
from aksu_shared.worker.shipper import Shipper

FreshBus = Callable[[], Awaitable[str]]


@pytest_asyncio.fixture
async def bus_url(fresh_bus: FreshBus) -> str:
    return await fresh_bus()


@pytest_asyncio.fixture
async def bus(bus_url: str, registry_pool: asyncpg.Pool) -> AsyncIterator[Bus]:
    async with connect(bus_url, cursors=registry_pool) as bus:
        yield bus


async def arrived(bus: Bus, count: int) -> Sequence[Delivered]:
    """Everything on the topic once there are `count` records, and what comes within a moment after."""
    records: list[Delivered] = []
    async with asyncio.timeout(20), bus.consumer("test", [TOPIC]) as consumer:
        while len(records) < count:
            records += await consumer.fetch(max_records=1_000, wait=0.5)
        records += await consumer.fetch(max_records=1_000, wait=0.3)
    return records


def positions(records: Sequence[Delivered]) -> list[int]:
    return [int(record.headers["ce_position"]) for record in records]


async def shipped(pool: asyncpg.Pool, position: int) -> None:
    await eventually(lambda: pool.fetchval("SELECT shipped FROM log_state"), lambda seen: seen == position, within=20)


async def test_every_change_is_sent_once_in_order_of_positions(
    registry: Registry, registry_urls: ServiceUrls, notifier: Notifier, bus: Bus
) -> None:
    async with Log(registry_urls, registry.pool, notifier, bus):
        await asyncio.gather(*(registry.register(delay=0.01 * (n % 3)) for n in range(50)))
        await shipped(registry.pool, 50)
    assert positions(await arrived(bus, 50)) == list(range(1, 51))


async def test_a_long_backlog_is_read_from_the_log_without_a_gap(
    registry: Registry, registry_urls: ServiceUrls, notifier: Notifier, bus: Bus
) -> None:
    count = 9_000  # more than the sequencer hands over in memory
    async with registry.unit() as work:
        for _ in range(count):
            registry.record(work, uuid7(), "ул. Първа 1")
    async with Log(registry_urls, registry.pool, notifier, bus):
        await shipped(registry.pool, count)
    assert positions(await arrived(bus, count)) == list(range(1, count + 1))


async def test_what_lies_before_a_hole_in_the_log_is_sent_once_and_what_lies_behind_it_waits(
    registry: Registry, registry_urls: ServiceUrls, notifier: Notifier, bus: Bus, databases: Databases
) -> None:
    async with registry.unit() as work:
        for _ in range(4_500):
            registry.record(work, uuid7(), "ул. Първа 1")
    async with Log(registry_urls, registry.pool, notifier):
        await eventually(lambda: registry.pool.fetchval("SELECT position = 4500 FROM log_state"), within=20)
    anybody = await asyncpg.connect(databases.server.url(registry_urls.database))
    try:
        assert await anybody.execute("DELETE FROM change_log WHERE position = 3000") == "DELETE 1"
    finally:
        await anybody.close()
    async with Log(registry_urls, registry.pool, notifier, bus) as log:
        await shipped(registry.pool, 2_000)
        await asyncio.sleep(1)  # it tries again three times meanwhile
        assert await registry.pool.fetchval("SELECT shipped FROM log_state") == 2_000
        assert not log.progress.waiting  # that is no server's absence: the watchdog has to see it
    assert positions(await arrived(bus, 2_000)) == list(range(1, 2_001))


async def test_while_the_bus_is_away_nothing_is_lost_or_skipped(
    registry: Registry, registry_urls: ServiceUrls, notifier: Notifier, bus_url: str, databases: Databases
) -> None:
    away = bus_url.replace("/bus_", "/away_")
    async with connect(away) as bus, Log(registry_urls, registry.pool, notifier, bus) as log:
        for _ in range(5):
            await registry.register()
        await eventually(lambda: _value(log.progress.waiting.get("shipper") == "bus"))
        await eventually(lambda: registry.pool.fetchval("SELECT position = 5 FROM log_state"))
        assert await registry.pool.fetchval("SELECT shipped FROM log_state") == 0
        await rename(databases, bus_url, away)
        await shipped(registry.pool, 5)
        assert not log.progress.waiting
        await rename(databases, away, bus_url)
        await registry.register()
        await eventually(lambda: _value(log.progress.waiting.get("shipper") == "bus"))
        await rename(databases, bus_url, away)
        await shipped(registry.pool, 6)
        async with connect(away, cursors=registry.pool) as reader:
            records = await arrived(reader, 6)
        await rename(databases, away, bus_url)
    assert positions(records) == list(range(1, 7))


class Waiting:
    """A bus that takes nothing until `opened`, as a client does that goes on trying to reach its broker."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self.opened = asyncio.Event()
        self.portions: list[int] = []

    async def publish(self, records: Sequence[Record]) -> None:
        self.portions.append(len(records))
        await self.opened.wait()
        await self._bus.publish(records)


async def test_what_gathered_while_the_bus_was_away_goes_in_few_portions(
    registry: Registry, registry_urls: ServiceUrls, notifier: Notifier, bus: Bus
) -> None:
    waiting = Waiting(bus)
    async with Log(registry_urls, registry.pool, notifier, cast("Bus", waiting)):
        for number in range(1, 11):  # each of them sequenced alone
            await registry.register()
            head = partial(registry.pool.fetchval, "SELECT position = $1 FROM log_state", number)
            await eventually(head)
        waiting.opened.set()
        await shipped(registry.pool, 10)
    assert positions(await arrived(bus, 10)) == list(range(1, 11))
    assert len(waiting.portions) <= 3, waiting.portions  # the one in hand, what was read behind it, all the rest


async def rename(databases: Databases, old: str, new: str) -> None:
    """A database renamed is away for whoever knows its old name."""
    names = [urlsplit(url).path[1:] for url in (old, new)]
    connection = await asyncpg.connect(databases.server.url())
    try:
        await connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", names[0])
        await connection.execute(f'ALTER DATABASE "{names[0]}" RENAME TO "{names[1]}"')
    finally:
        await connection.close()


async def test_records_sent_and_not_marked_are_sent_again_after_a_takeover(
    registry: Registry, registry_urls: ServiceUrls, notifier: Notifier, bus: Bus
) -> None:
    async with Log(registry_urls, registry.pool, notifier, bus):
        for _ in range(3):
            await registry.register()
        await shipped(registry.pool, 3)
    await registry.pool.execute("UPDATE log_state SET shipped = 1")
    async with Log(registry_urls, registry.pool, notifier, bus):
        await shipped(registry.pool, 3)
    assert positions(await arrived(bus, 5)) == [1, 2, 3, 2, 3]


async def test_a_shipper_whose_log_was_taken_sends_nothing_more(
    registry: Registry, registry_urls: ServiceUrls, notifier: Notifier, bus: Bus
) -> None:
    handover, stop = Handover(), asyncio.Event()
    await registry.pool.execute("UPDATE log_state SET holder = -7")
    handover.taken(-7, epoch="stale", position=0)
    zombie = Shipper(registry.pool, bus, source="registry", handover=handover, progress=Progress(Health()))
    running = asyncio.create_task(zombie.run(stop))
    await eventually(lambda: _value(not handover.news.is_set()))
    async with Log(registry_urls, registry.pool, notifier, bus):
        await registry.register()
        await shipped(registry.pool, 1)
        # It wakes with rows in hand, still believing that it holds the log.
        handover.put(Rows(1, await registry.pool.fetch(f"SELECT {COLUMNS} FROM change_log")))
        await eventually(lambda: _value(not handover.news.is_set()))
        stop.set()
        await running
    records = await arrived(bus, 1)
    assert positions(records) == [1]
    assert records[0].headers["ce_epoch"] != "stale"


async def test_a_part_of_the_log_can_be_published_again(
    registry: Registry, registry_urls: ServiceUrls, notifier: Notifier, bus: Bus
) -> None:
    key = await registry.register()
    await registry.amend(key, address="ул. Втора 2")
    await registry.register()
    async with Log(registry_urls, registry.pool, notifier, bus):
        await shipped(registry.pool, 3)
    await registry.register()
    assert await republish(registry.pool, bus, source="registry", first=2, last=99) == 2
    amended = "bg.aksu.registry.place.amended.v1"
    assert await republish(registry.pool, bus, source="registry", first=1, last=99, type=amended) == 1
    records = await arrived(bus, 6)
    assert positions(records) == [1, 2, 3, 2, 3, 2]
    assert len({record.headers["ce_id"] for record in records}) == 3


async def _value(value: object) -> object:
    return value
