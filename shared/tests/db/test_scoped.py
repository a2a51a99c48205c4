"""Row-level security as each migration makes it: what the runtime role sees and writes, whatever the statement says."""

from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import pytest
import pytest_asyncio
from uuid_utils.compat import uuid7

from aksu_local.databases import ServiceUrls
from aksu_local.worker_rig import Registry, prepare_registry, worker_pool

HERE, ELSEWHERE = "public,BLG01,b:MUNICIPALITY:BLG01", "public,VAR06,b:MUNICIPALITY:VAR06"


@pytest_asyncio.fixture
async def urls(fresh_database: Callable[..., Awaitable[ServiceUrls]]) -> ServiceUrls:
    return await fresh_database("registry", prepare=prepare_registry)


@pytest_asyncio.fixture
async def place(urls: ServiceUrls) -> AsyncIterator[str]:
    """The id of a public place in BLG01, with its row in the change log."""
    async with await worker_pool(urls) as pool:
        yield await Registry(pool).register()


@pytest_asyncio.fixture
async def runtime(urls: ServiceUrls) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(urls.runtime)
    yield connection
    await connection.close()


async def run(runtime: asyncpg.Connection, scope: str, sql: str, *args: object) -> int:
    """How many rows a statement met in a scope."""
    async with runtime.transaction():
        await runtime.execute("SELECT set_config('app.scope', $1, true)", scope)
        return int((await runtime.execute(sql, *args)).rsplit(" ", 1)[1])


async def add(runtime: asyncpg.Connection, scope: str, *keys: str) -> int:
    return await run(runtime, scope, "INSERT INTO place (id, version, scope) VALUES ($1, 1, $2)", uuid7(), list(keys))


async def test_the_owner_of_the_tables_is_bound_too(urls: ServiceUrls, place: str) -> None:
    owner = await asyncpg.connect(urls.owner)
    assert place
    assert await owner.fetchval("SELECT count(*) FROM place") == 0
    assert await owner.fetchval("SELECT count(*) FROM change_log") == 0
    await owner.close()


async def test_a_row_is_added_within_the_callers_own_territory_or_body_only(runtime: asyncpg.Connection) -> None:
    assert await add(runtime, HERE, "public", "BG", "BLG", "BLG01") == 1
    assert await add(runtime, HERE, "public", "b:MUNICIPALITY:BLG01") == 1
    for keys in (("VAR06",), ("public",), ("public", "BG"), ()):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await add(runtime, HERE, *keys)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await add(runtime, "", "public", "BLG01")


async def test_what_everybody_sees_only_its_own_may_change(runtime: asyncpg.Connection, place: str) -> None:
    rename = "UPDATE place SET settlement = 'Разлог' WHERE id = $1::text::uuid"
    assert await run(runtime, ELSEWHERE, "SELECT FROM place WHERE id = $1::text::uuid", place) == 1
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await run(runtime, ELSEWHERE, rename, place)
    assert await run(runtime, HERE, rename, place) == 1
    assert await run(runtime, "VAR06", rename, place) == 0


async def test_a_row_is_not_given_away_to_where_the_caller_may_not_write(
    runtime: asyncpg.Connection, place: str
) -> None:
    move = "UPDATE place SET scope = $2 WHERE id = $1::text::uuid"
    for keys in (["public", "VAR06"], ["public"]):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await run(runtime, HERE, move, place, keys)
    assert await run(runtime, HERE, move, place, ["public", "VAR06", "b:MUNICIPALITY:BLG01"]) == 1


async def test_a_change_is_seen_by_whom_it_concerns_and_by_whom_it_left(
    urls: ServiceUrls, runtime: asyncpg.Connection, place: str
) -> None:
    worker = await asyncpg.connect(urls.worker)
    await worker.execute(
        "INSERT INTO change_log (event_id, type, topic, aggregate_id, version, state, changed, scope, scope_before,"
        " legal_time) VALUES ($1, 't', 't', $2, 2, '{}', '{}', '{VAR06}', '{BLG01}', now())",
        *(uuid7(), place),
    )
    await worker.close()
    for scope, seen in (("BLG01", 2), ("VAR06", 1), ("public", 1), ("SOF", 0), ("", 0)):
        assert await run(runtime, scope, "SELECT FROM change_log") == seen, scope


async def test_the_runtime_role_neither_deletes_nor_makes_tables(runtime: asyncpg.Connection, place: str) -> None:
    for sql in (f"DELETE FROM place WHERE id = '{place}'", "TRUNCATE place", "CREATE TABLE mine ()"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await run(runtime, HERE, sql)
