"""Wake-ups after the commit."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest_asyncio

from aksu_local.databases import ServiceUrls
from aksu_local.waiting import eventually
from aksu_shared.db.notify import APPLIED, CHANGE_LOG, Notifier

BACKEND = "SELECT pid FROM pg_stat_activity WHERE application_name = 'notifier' AND datname = current_database()"


@pytest_asyncio.fixture
async def heard(registry_urls: ServiceUrls) -> AsyncIterator[asyncio.Queue[str]]:
    queue: asyncio.Queue[str] = asyncio.Queue()
    connection = await asyncpg.connect(registry_urls.worker)
    for channel in (CHANGE_LOG, APPLIED):
        await connection.add_listener(channel, lambda _connection, _pid, channel, _payload: queue.put_nowait(channel))
    yield queue
    await connection.close()


async def next_of(heard: asyncio.Queue[str]) -> str:
    async with asyncio.timeout(20):
        return await heard.get()


async def test_a_poke_reaches_the_listeners_of_its_channel(notifier: Notifier, heard: asyncio.Queue[str]) -> None:
    notifier.poke()
    assert await next_of(heard) == CHANGE_LOG
    notifier.poke(APPLIED)
    assert await next_of(heard) == APPLIED


async def test_many_pokes_are_few_notifications(notifier: Notifier, heard: asyncio.Queue[str]) -> None:
    for _ in range(1_000):
        notifier.poke()
    assert await next_of(heard) == CHANGE_LOG
    notifier.poke(APPLIED)
    rest = [await next_of(heard)]
    while rest[-1] != APPLIED:
        rest.append(await next_of(heard))
    assert len(rest) <= 3


async def test_a_lost_connection_costs_no_wake_up(
    notifier: Notifier, heard: asyncio.Queue[str], registry_pool: asyncpg.Pool
) -> None:
    notifier.poke()
    await next_of(heard)
    # Many times, since it depends on how much of the server's farewell was read when the next statement is sent.
    for _ in range(20):
        backend = await registry_pool.fetchval(BACKEND)
        await registry_pool.execute("SELECT pg_terminate_backend($1)", backend)
        notifier.poke()
        assert await next_of(heard) == CHANGE_LOG
        assert await eventually(lambda: registry_pool.fetchval(BACKEND)) != backend
