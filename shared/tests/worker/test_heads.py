"""Published heads show what the chain alone cannot: a tail cut off, and a chain rewritten whole."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from aksu_local.databases import ServiceUrls
from aksu_local.templates import Databases
from aksu_local.waiting import eventually
from aksu_local.worker_rig import TOPIC, Consuming, Log, Registry, monitoring
from aksu_shared.bus import Bus, connect
from aksu_shared.db.notify import Notifier
from aksu_shared.worker.chain import DIGEST, link
from aksu_shared.worker.epochs import WorkerRuns, new_epoch
from aksu_shared.worker.heads import Head, append_head, contradictions, head_of, read_heads
from aksu_shared.worker.republish import republish
from aksu_shared.worker.verify import verify


async def logged(registry: Registry, urls: ServiceUrls, notifier: Notifier, count: int, bus: Bus | None = None) -> None:
    """So many more changes, sequenced and, with a bus, shipped."""
    before = await registry.pool.fetchval("SELECT position FROM log_state")
    for _ in range(count):
        await registry.register()
    done = "position" if bus is None else "shipped"
    async with Log(urls, registry.pool, notifier, bus):
        await eventually(lambda: registry.pool.fetchval(f"SELECT {done} = $1 FROM log_state", before + count))


@pytest_asyncio.fixture
async def admin(databases: Databases, registry_urls: ServiceUrls) -> AsyncIterator[asyncpg.Connection]:
    """A connection that may do anything to the log."""
    connection = await asyncpg.connect(databases.server.url(registry_urls.database))
    yield connection
    await connection.close()


@pytest_asyncio.fixture
async def bus(fresh_bus: Callable[[], Awaitable[str]], monitoring_pool: asyncpg.Pool) -> AsyncIterator[Bus]:
    async with connect(await fresh_bus(), cursors=monitoring_pool) as bus:
        yield bus


async def kinds(registry: Registry, heads: list[Head]) -> list[str]:
    return [each.kind for each in await contradictions(registry.pool, heads)]


async def test_heads_are_kept_line_by_line_and_agree_with_an_untouched_log(
    registry: Registry, registry_urls: ServiceUrls, notifier: Notifier, tmp_path: Path
) -> None:
    file = tmp_path / "heads"
    for _ in range(3):
        await logged(registry, registry_urls, notifier, 2)
        append_head(file, await head_of(registry.pool, "registry"))
    append_head(file, Head(service="licensing", epoch="e", position=9, hash="00", at="now"))
    heads = read_heads(file, "registry")
    assert [head.position for head in heads] == [2, 4, 6]
    assert await kinds(registry, heads) == []


async def test_a_tail_cut_off_together_with_the_state_of_the_log_is_found(
    registry: Registry, registry_urls: ServiceUrls, notifier: Notifier, admin: asyncpg.Connection
) -> None:
    await logged(registry, registry_urls, notifier, 5)
    head = await head_of(registry.pool, "registry")
    await admin.execute("DELETE FROM change_log WHERE position > 3")
    await admin.execute("UPDATE log_state SET position = 3, hash = (SELECT hash FROM change_log WHERE position = 3)")
    assert (await verify(registry.pool)).ok  # whole in itself
    assert await kinds(registry, [head]) == ["cut"]


async def test_a_chain_rewritten_whole_is_found(
    registry: Registry, registry_urls: ServiceUrls, notifier: Notifier, admin: asyncpg.Connection
) -> None:
    await logged(registry, registry_urls, notifier, 5)
    head = await head_of(registry.pool, "registry")
    await admin.execute("UPDATE change_log SET actor = 'somebody' WHERE position = 2")
    current = b""
    for row in await admin.fetch(f"SELECT seq, position, {DIGEST} AS digest FROM change_log ORDER BY position"):
        current = link(current, row["digest"])
        await admin.execute("UPDATE change_log SET hash = $1 WHERE seq = $2", current, row["seq"])
    await admin.execute("UPDATE log_state SET hash = $1", current)
    assert (await verify(registry.pool)).ok
    assert await kinds(registry, [head]) == ["rewritten"]


async def test_what_a_stated_restore_lost_is_no_forgery_but_a_new_epoch_nobody_stated_is(
    registry: Registry, registry_urls: ServiceUrls, notifier: Notifier, admin: asyncpg.Connection, bus: Bus
) -> None:
    await logged(registry, registry_urls, notifier, 5)
    kept = await head_of(registry.pool, "registry")
    await logged(registry, registry_urls, notifier, 2)
    lost = await head_of(registry.pool, "registry")
    await admin.execute("DELETE FROM change_log WHERE position > 5")
    await admin.execute("UPDATE log_state SET position = 5, hash = (SELECT hash FROM change_log WHERE position = 5)")
    await new_epoch(registry.pool, bus, service="registry", reason="a test")
    await logged(registry, registry_urls, notifier, 4)
    assert await kinds(registry, [kept, lost]) == ["restored"]
    foreign = replace(kept, epoch="nobody's")
    assert await kinds(registry, [foreign]) == ["rewritten"]


async def test_an_epoch_is_not_begun_under_a_running_worker(
    registry: Registry, registry_urls: ServiceUrls, notifier: Notifier, bus: Bus
) -> None:
    before = await registry.pool.fetchval("SELECT epoch FROM log_state")
    async with Log(registry_urls, registry.pool, notifier):
        await eventually(lambda: registry.pool.fetchval("SELECT holder IS NOT NULL FROM log_state"))
        with pytest.raises(WorkerRuns):
            await new_epoch(registry.pool, bus, service="registry", reason="a test")
    assert await registry.pool.fetchval("SELECT epoch FROM log_state") == before


async def test_what_is_published_again_has_no_second_effect(
    *,
    registry: Registry,
    registry_urls: ServiceUrls,
    notifier: Notifier,
    monitoring_urls: ServiceUrls,
    monitoring_pool: asyncpg.Pool,
    bus: Bus,
) -> None:
    await logged(registry, registry_urls, notifier, 6, bus)
    count = "SELECT count(*) FROM effect"
    async with (
        Notifier(monitoring_urls.worker) as wakes,
        Consuming(monitoring_pool, bus, monitoring(monitoring_pool), wakes),
    ):
        await eventually(lambda: monitoring_pool.fetchval(count), lambda seen: seen == 6)
        assert await republish(registry.pool, bus, source="registry", first=2, last=4) == 3
        await logged(registry, registry_urls, notifier, 1, bus)
        await eventually(lambda: monitoring_pool.fetchval(count), lambda seen: seen == 7)
    read = """SELECT "offset" FROM bus_cursor WHERE topic = $1"""
    assert await monitoring_pool.fetchval(read, TOPIC) == 6 + 3 + 1
