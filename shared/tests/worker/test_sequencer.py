"""Positions and the hash chain of the change log."""

import asyncio
import random
import time
from statistics import median

import asyncpg
import pytest
from uuid_utils.compat import uuid7

from aksu_local.databases import ServiceUrls
from aksu_local.waiting import eventually
from aksu_local.worker_rig import Log, Registry
from aksu_shared.bus.lease import SILENCE, try_hold
from aksu_shared.db.log_keys import DEVELOPMENT_LOG_KEYS
from aksu_shared.db.notify import SEQUENCED, Notifier
from aksu_shared.serving.health import Health
from aksu_shared.worker.handover import Handover
from aksu_shared.worker.progress import Progress
from aksu_shared.worker.sequencer import LEASE, LogLost, Sequencer
from aksu_shared.worker.verify import verify

LOG = "SELECT position, seq, aggregate_id, version FROM change_log ORDER BY position NULLS LAST"


async def all_sequenced(pool: asyncpg.Pool, count: int) -> list[asyncpg.Record]:
    await eventually(lambda: pool.fetchval("SELECT position FROM log_state"), lambda seen: seen >= count, within=20)
    rows: list[asyncpg.Record] = await pool.fetch(LOG)
    return rows


async def test_positions_are_gap_free_and_in_version_order_however_late_transactions_commit(
    registry: Registry, registry_urls: ServiceUrls, notifier: Notifier
) -> None:
    chance = random.Random(7)  # noqa: S311 - no secret
    shared = [await registry.register() for _ in range(4)]

    async def writer() -> None:
        for _ in range(15):
            delay = chance.choice([0, 0, 0.005, 0.03])
            if chance.random() < 0.5:
                await registry.register(delay=delay)
            else:
                await registry.amend(chance.choice(shared), address="ул. Втора 2", delay=delay)

    async with Log(registry_urls, registry.pool, notifier):
        await asyncio.gather(*(writer() for _ in range(16)))
        rows = await all_sequenced(registry.pool, 4 + 16 * 15)

    assert [row["position"] for row in rows] == list(range(1, len(rows) + 1))
    assert [row["seq"] for row in rows] != sorted(row["seq"] for row in rows), "the scenario had no late commit"
    for key in shared:
        versions = [row["version"] for row in rows if row["aggregate_id"] == key]
        assert versions == list(range(1, len(versions) + 1))
    assert (await verify(registry.pool)).ok


async def test_a_row_of_a_transaction_that_commits_late_is_not_missed(
    registry: Registry, registry_urls: ServiceUrls, notifier: Notifier
) -> None:
    async with Log(registry_urls, registry.pool, notifier):
        async with registry.unit() as late:
            registry.record(late, uuid7(), "ул. Първа 1")
            await late.flush()
            early = await registry.register()
            await all_sequenced(registry.pool, 1)
        rows = await all_sequenced(registry.pool, 2)
    assert rows[0]["aggregate_id"] == early
    assert rows[0]["seq"] > rows[1]["seq"]


async def test_a_stand_by_takes_over_at_once_when_the_holder_leaves(
    registry: Registry, registry_urls: ServiceUrls, notifier: Notifier
) -> None:
    async with Log(registry_urls, registry.pool, notifier) as first:
        await eventually(lambda: _value(first.handover.holder))
        async with Log(registry_urls, registry.pool, notifier) as second:
            assert second.handover.holder is None
            await registry.register()
            await all_sequenced(registry.pool, 1)
            await registry.pool.fetchval("SELECT pg_terminate_backend($1)", first.handover.holder)
            await registry.register()
            rows = await all_sequenced(registry.pool, 2)
            await eventually(lambda: _value((first.handover.holder is None) != (second.handover.holder is None)))
    assert [row["position"] for row in rows] == [1, 2]
    assert (await verify(registry.pool)).ok


async def test_who_no_longer_holds_the_log_writes_no_position(
    registry: Registry, registry_urls: ServiceUrls, notifier: Notifier
) -> None:
    handover = Handover()
    zombie = Sequencer(
        registry_urls.worker,
        service="registry",
        keys=DEVELOPMENT_LOG_KEYS,
        handover=handover,
        notifier=notifier,
        progress=Progress(Health()),
    )
    handover.taken(1, epoch="e1", position=0)
    await registry.register()
    async with registry.pool.acquire() as connection:
        with pytest.raises(LogLost):
            await zombie._batch(connection)
        assert [row["position"] for row in await connection.fetch(LOG)] == [None]
        # It holds the log again, but somebody has moved its head meanwhile.
        await connection.execute("UPDATE log_state SET holder = pg_backend_pid(), position = 7")
        with pytest.raises(LogLost):
            await zombie._batch(connection)
        assert [row["position"] for row in await connection.fetch(LOG)] == [None]


async def test_who_lost_the_log_tries_to_take_it_again(
    registry: Registry, registry_urls: ServiceUrls, notifier: Notifier
) -> None:
    async with Log(registry_urls, registry.pool, notifier) as log:
        holder = await eventually(lambda: _value(log.handover.holder))
        await registry.pool.execute("UPDATE log_state SET holder = -1")
        await registry.register()
        await eventually(lambda: _value(log.handover.holder not in {None, holder}))
        await all_sequenced(registry.pool, 1)
    assert (await verify(registry.pool)).ok


async def test_the_holder_shows_life_every_second_even_when_idle(
    registry: Registry, registry_urls: ServiceUrls, notifier: Notifier
) -> None:
    async with Log(registry_urls, registry.pool, notifier) as log:
        await eventually(lambda: _value(log.handover.holder))
        first = await registry.pool.fetchval("SELECT seen_alive_at FROM log_state")
        query = "SELECT extract(epoch FROM seen_alive_at - $1)::float FROM log_state"
        step = await eventually(lambda: registry.pool.fetchval(query, first), within=20)
    assert 0 < step < SILENCE


async def test_the_lease_is_free_after_a_clean_stop(
    registry: Registry, registry_urls: ServiceUrls, notifier: Notifier
) -> None:
    async with Log(registry_urls, registry.pool, notifier) as log:
        await eventually(lambda: _value(log.handover.holder))
    async with registry.pool.acquire() as connection:
        await eventually(lambda: try_hold(connection, LEASE), within=10)
        await connection.execute("SELECT pg_advisory_unlock_all()")


async def test_a_written_change_wakes_the_sequencer_and_it_tells_that_positions_are_there(
    registry: Registry, registry_urls: ServiceUrls, notifier: Notifier
) -> None:
    heard, delays = asyncio.Event(), []
    async with registry.pool.acquire() as listener, Log(registry_urls, registry.pool, notifier) as log:
        await listener.add_listener(SEQUENCED, lambda *_: heard.set())
        await eventually(lambda: _value(log.handover.holder))
        for _ in range(9):
            heard.clear()
            await registry.register()
            committed = time.monotonic()
            async with asyncio.timeout(20):
                await heard.wait()
            delays.append(time.monotonic() - committed)
        await listener.reset()
    assert median(delays) < 0.2  # the sequencer by itself looks every 0.8 s


async def _value(value: object) -> object:
    return value
