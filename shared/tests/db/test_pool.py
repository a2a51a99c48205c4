"""The pool hands out clean connections only, whatever was left open on them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import pytest
import pytest_asyncio

from aksu_local.databases import ServiceUrls
from aksu_shared.db.pool import create_pool

PID = "SELECT pg_backend_pid()"


@pytest_asyncio.fixture
async def pool(fresh_database: Callable[..., Awaitable[ServiceUrls]]) -> AsyncIterator[asyncpg.Pool]:
    urls = await fresh_database("registry")
    async with await create_pool(urls.runtime, application="test", size=1) as pool:
        yield pool


async def test_a_clean_connection_serves_again_at_once(pool: asyncpg.Pool) -> None:
    async with pool.acquire(timeout=1) as first:
        pid = await first.fetchval(PID)
    assert pool.get_idle_size() == 1
    async with pool.acquire(timeout=1) as second:
        assert await second.fetchval(PID) == pid
    with pytest.raises(asyncpg.InterfaceError, match="released back to the pool"):
        await first.fetchval(PID)  # who still holds it cannot use it


async def test_a_connection_given_back_twice_is_one_connection(pool: asyncpg.Pool) -> None:
    connection = await pool.acquire()
    await pool.release(connection)
    await pool.release(connection)
    assert (pool.get_size(), pool.get_idle_size()) == (1, 1)


async def test_an_open_transaction_is_rolled_back_before_another_gets_the_connection(pool: asyncpg.Pool) -> None:
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # asyncpg complains about who left it open
    async with pool.acquire() as connection:
        pid = await connection.fetchval(PID)
        await connection.execute("BEGIN")
        await connection.execute("SET LOCAL app.scope = 'BG'")
    async with pool.acquire() as connection:
        assert await connection.fetchval(PID) == pid
        assert not connection.is_in_transaction()
        assert await connection.fetchval("SELECT current_setting('app.scope', true)") in {None, ""}


async def test_a_failed_transaction_is_ended_too(pool: asyncpg.Pool) -> None:
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    async with pool.acquire() as connection:
        await connection.execute("BEGIN")
        with pytest.raises(asyncpg.DivisionByZeroError):
            await connection.fetchval("SELECT 1 / 0")
    assert await pool.fetchval("SELECT 1") == 1


async def test_a_cancelled_statement_is_over_before_another_gets_the_connection(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        with pytest.raises(TimeoutError):
            await connection.fetchval("SELECT pg_sleep(5)", timeout=0.05)
    assert await asyncio.wait_for(pool.fetchval("SELECT 7"), 3) == 7


async def test_a_closed_connection_is_replaced(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        pid = await connection.fetchval(PID)
        connection.terminate()
    assert await pool.fetchval(PID) != pid


async def test_a_connection_of_before_is_closed_when_it_comes_back(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        pid = await connection.fetchval(PID)
        await pool.expire_connections()
    assert await pool.fetchval(PID) != pid


async def test_a_listener_left_behind_hears_nothing_more(pool: asyncpg.Pool) -> None:
    heard: list[object] = []

    def hear(*said: object) -> None:
        heard.append(said)

    connection = await pool.acquire()
    await connection.add_listener("forgotten", hear)
    with pytest.warns(asyncpg.InterfaceWarning, match="active notification listener"):
        await pool.release(connection)
    await pool.execute("NOTIFY forgotten")
    assert heard == []


async def test_who_asks_while_none_is_free_waits_no_longer_than_it_said(pool: asyncpg.Pool) -> None:
    async with pool.acquire():
        with pytest.raises(TimeoutError):
            await pool.acquire(timeout=0.05)


async def test_who_waits_gets_the_connection_that_comes_back(pool: asyncpg.Pool) -> None:
    async def ask() -> int:
        async with pool.acquire(timeout=5) as connection:
            return int(await connection.fetchval(PID))

    async with pool.acquire() as connection:
        pid = await connection.fetchval(PID)
        waiting = asyncio.create_task(ask())
        await asyncio.sleep(0)
    assert await waiting == pid
