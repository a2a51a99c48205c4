"""What statements show by themselves, where row-level security is switched off."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import pytest
import pytest_asyncio
from sqlalchemy import bindparam, select
from uuid_utils.compat import uuid7

from aksu_local.databases import ServiceUrls
from aksu_local.worker_rig import PLACE, prepare_registry
from aksu_shared.db.pool import create_pool
from aksu_shared.db.reads import Page, Reads
from aksu_shared.db.statement import Statement
from aksu_shared.db.store import Store, find_together, rows_where
from aksu_shared.db.visible import within_scope
from aksu_shared.db.work import Actor, UnitOfWork
from aksu_shared.events.registry.places import PlaceState
from aksu_shared.kernel.clock import Clock
from aksu_shared.kernel.errors import NotFound

HERE, THERE = uuid7(), uuid7()
_TOLD = PLACE.alias("told")
PLACES = Page(
    columns=select(
        PLACE.c.id,
        # the same table once more, where a condition is easily forgotten
        select(_TOLD.c.key).order_by(_TOLD.c.key.desc()).limit(1).scalar_subquery().label("last"),
    ),
    filters={},
    sorts={"id": (PLACE.c.id,)},
)
ONE = Statement(select(PLACE.c.id, PLACE.c.version).where(PLACE.c.id == bindparam("id")))
RAW = """
SELECT coalesce(json_agg(id), '[]')
  FROM (SELECT p.id FROM change_log c RIGHT JOIN place p ON true WHERE s.v IS NOT NULL) AS found"""
ALL, ALL_TO_CHANGE = (rows_where(PLACE, PLACE.c.version > 0, lock=lock) for lock in (False, True))


@pytest_asyncio.fixture
async def pool(fresh_database: Callable[..., Awaitable[ServiceUrls]]) -> AsyncIterator[asyncpg.Pool]:
    """The runtime role's, with a place of BLG01 and one of VAR06, and nothing but statements to hide them."""
    urls = await fresh_database("registry", prepare=prepare_registry)
    owner = await asyncpg.connect(urls.owner)
    await owner.execute("ALTER TABLE place DISABLE ROW LEVEL SECURITY")
    for key, scope in ((HERE, "BLG01"), (THERE, "VAR06")):
        await owner.execute(
            "INSERT INTO place (id, version, scope, key, municipality, settlement, address)"
            " VALUES ($1, 1, ARRAY[$2], $2, $2, '', '')",
            *(key, scope),
        )
    await owner.close()
    async with await create_pool(urls.runtime, application="test", size=2) as pool:
        yield pool


async def test_a_read_shows_what_is_within_the_callers_scope(pool: asyncpg.Pool) -> None:
    reads = await Reads.of(pool)
    for scope, mine, other in (("public,BLG01", HERE, THERE), ("VAR06", THERE, HERE)):
        item = {"id": str(mine), "last": scope.split(",")[-1]}
        assert json.loads(await reads.page(PLACES, scope=scope, sort="id", limit=9))["items"] == [item]
        assert json.loads(await reads.lines(PLACES, scope=scope, sort="-id")) == item
        assert await reads.one(ONE, scope=scope, id=mine) is not None
        assert await reads.one(ONE, scope=scope, id=other) is None
        assert json.loads(await reads.raw(RAW, scope)) == [str(mine)]
    for nobody in ("public", ""):
        assert json.loads(await reads.page(PLACES, scope=nobody, sort="id", limit=9))["items"] == []
        assert await reads.lines(PLACES, scope=nobody, sort="id") == b""
        assert json.loads(await reads.raw(RAW, nobody)) == []


@pytest.mark.parametrize("sees_all", [False, True])
async def test_a_store_gives_a_caller_what_is_within_its_scope_and_the_service_itself_everything(
    pool: asyncpg.Pool, *, sees_all: bool
) -> None:
    async with pool.acquire() as connection:
        actor = Actor(subject="tester", scope=("public", "BLG01"))
        work = UnitOfWork(connection=connection, actor=actor, clock=Clock(), source="registry", sees_all=sees_all)
        places = Store(work, PLACE, PlaceState)
        seen = {str(HERE), str(THERE)} if sees_all else {str(HERE)}
        try:
            for statement in (ALL, ALL_TO_CHANGE):
                assert {kept.id for kept in await places.find(statement)} == seen
            assert set(await places.get_many([HERE, THERE])) == seen
            found = await find_together(work, places.search(ALL), places.search(ALL))
            assert [{kept.id for kept in each} for each in found] == [seen, seen]
            assert (await places.get(HERE, lock=False)).id == str(HERE)
            if not sees_all:
                with pytest.raises(NotFound):
                    await places.get(THERE)
        finally:
            await work.rollback()


async def test_a_row_read_for_a_change_is_locked(pool: asyncpg.Pool) -> None:
    free = "SELECT id FROM place FOR UPDATE SKIP LOCKED"
    async with pool.acquire() as connection, pool.acquire() as other:
        actor = Actor(subject="tester", scope=("BLG01",))
        work = UnitOfWork(connection=connection, actor=actor, clock=Clock(), source="registry")
        await Store(work, PLACE, PlaceState).get(HERE)
        assert [row["id"] for row in await other.fetch(free)] == [THERE]
        with pytest.raises(NotFound):
            await Store(work, PLACE, PlaceState).get(THERE)
        await work.rollback()


def test_a_statement_begins_with_the_tables_that_it_names_and_no_others() -> None:
    sql = within_scope("SELECT 1 FROM s, place AS p JOIN log_state ON true", frozenset({"place", "plac", "change_log"}))
    assert "place AS NOT MATERIALIZED (SELECT * FROM place WHERE (scope && (SELECT app_scope()))::int <> 0)" in sql
    assert "plac AS" not in sql
    assert "change_log" not in sql
