"""A unit of work outside a transaction: each statement in its own scope, one row by itself, several together."""

from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio
from uuid_utils.compat import uuid7

from aksu_local.databases import ServiceUrls
from aksu_local.worker_rig import PLACE, SCOPE, prepare_registry
from aksu_shared.db.pool import create_pool
from aksu_shared.db.store import Store, begins
from aksu_shared.db.work import Actor, UnitOfWork
from aksu_shared.events.registry.places import PlaceAmended, PlaceRegistered, PlaceState
from aksu_shared.kernel.clock import Clock
from aksu_shared.kernel.errors import ConcurrentWrite, Forbidden, NotFound

HERE = ("public", "BLG01", "b:MUNICIPALITY:BLG01")
ELSEWHERE = ("b:MUNICIPALITY:VAR06", "VAR06")
RUNTIME = {"app.access_patience": "off"}

Work = Callable[..., UnitOfWork]


@pytest_asyncio.fixture
async def pool(fresh_database: Callable[..., Awaitable[ServiceUrls]]) -> AsyncIterator[asyncpg.Pool]:
    urls = await fresh_database("registry", prepare=prepare_registry)
    async with await create_pool(urls.runtime, application="test", settings=RUNTIME) as pool:
        yield pool


@pytest_asyncio.fixture
async def connection(pool: asyncpg.Pool) -> AsyncIterator[asyncpg.pool.PoolConnectionProxy]:
    async with pool.acquire() as connection:
        yield connection


@pytest.fixture
def work(connection: asyncpg.pool.PoolConnectionProxy) -> Work:
    """Makes units of work on one connection of the runtime role."""

    def make(scope: tuple[str, ...] = HERE) -> UnitOfWork:
        actor = Actor(subject="tester", scope=scope)
        return UnitOfWork(connection=connection, actor=actor, clock=Clock(), source="registry")

    return make


def places(work: UnitOfWork) -> Store[PlaceState]:
    return Store(work, PLACE, PlaceState)


def add(work: UnitOfWork) -> UUID:
    key = uuid7()
    state = PlaceState(id=key, key=str(key), municipality="BLG01", settlement="гр. Банско", address="ул. Първа 1")
    places(work).save(begins(PlaceRegistered, state, id=str(key), scope=SCOPE))
    return key


async def known(work: Work, key: UUID) -> int:
    """The version stored."""
    return (await places(work()).get(key, lock=False)).version


async def test_one_row_is_written_and_committed_by_one_statement(work: Work) -> None:
    writing = work()
    key = add(writing)
    await writing.flush()
    assert not writing.begun
    assert await known(work, key) == 1


async def test_a_row_that_lost_its_version_takes_the_others_with_it(work: Work) -> None:
    first = work()
    key = add(first)
    await first.flush()
    stale = await places(work()).get(key, lock=False)
    quick = work()
    places(quick).save(stale.becomes(PlaceAmended, address="ул. Втора 2"))
    await quick.flush()

    late = work()
    places(late).save(stale.becomes(PlaceAmended, address="ул. Трета 3"))
    other = add(late)
    with pytest.raises(ConcurrentWrite):
        await late.flush()
    await late.rollback()

    assert await known(work, key) == 2
    with pytest.raises(NotFound):
        await known(work, other)


async def test_a_lock_begins_a_transaction_that_can_be_taken_back(work: Work) -> None:
    first = work()
    key = add(first)
    await first.flush()
    changing = work()
    kept = await places(changing).get(key)
    assert changing.begun
    places(changing).save(kept.becomes(PlaceAmended, address="ул. Втора 2"))
    await changing.flush()
    await changing.rollback()
    assert await known(work, key) == 1


async def test_a_statement_s_scope_ends_with_it(work: Work, connection: asyncpg.pool.PoolConnectionProxy) -> None:
    writing = work()
    key = add(writing)
    await writing.flush()
    await known(work, key)
    assert not await connection.fetchval("SELECT current_setting('app.scope', true)")
    assert await connection.fetchval("SELECT count(*) FROM place") == 0


async def test_outside_its_scope_nothing_is_found_or_written(work: Work) -> None:
    writing = work()
    key = add(writing)
    await writing.flush()
    with pytest.raises(NotFound):
        await places(work(ELSEWHERE)).get(key, lock=False)
    with pytest.raises(NotFound):
        await places(locking := work(ELSEWHERE)).get(key)
    await locking.rollback()
    foreign = work(ELSEWHERE)
    add(foreign)
    with pytest.raises(Forbidden):
        await foreign.flush()
