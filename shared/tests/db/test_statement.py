"""Statements of our own make: their parameters' places, and the scope they run in."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

import asyncpg
import pytest
import pytest_asyncio
from sqlalchemy import bindparam, select
from uuid_utils.compat import uuid7

from aksu_local.databases import ServiceUrls
from aksu_local.worker_rig import PLACE, prepare_registry
from aksu_shared.db.pool import create_pool
from aksu_shared.db.statement import SCOPE, Statement, scope_with, shift

BY_SETTLEMENT: Final = select(PLACE.c.key).where(
    PLACE.c.settlement == bindparam("settlement"), PLACE.c.municipality == "BLG01"
)


@pytest_asyncio.fixture
async def pool(fresh_database: Callable[..., Awaitable[ServiceUrls]]) -> AsyncIterator[asyncpg.Pool]:
    """The runtime role's, in a database with one place in each of three scopes."""
    urls = await fresh_database("registry", prepare=prepare_registry)
    worker = await asyncpg.connect(urls.worker)
    for scope in (["BG", "BLG", "BLG01"], ["public", "BG"], ["b:AKSU"]):
        await worker.execute(
            "INSERT INTO place (id, version, scope, key, municipality, settlement) VALUES ($1, 1, $2, $3, $4, $5)",
            *(uuid7(), scope, scope[-1], "BLG01", "Банско"),
        )
    await worker.close()
    async with await create_pool(urls.runtime, application="test", size=1) as pool:
        yield pool


async def seen(pool: asyncpg.Pool, scope: str, settlement: str = "Банско") -> set[str]:
    statement = Statement(BY_SETTLEMENT)
    sql = f"WITH {SCOPE} SELECT q.* FROM s, LATERAL ({statement.gated()}) q"
    rows = await pool.fetch(sql, scope, *statement.args({"settlement": settlement}))
    return {row["key"] for row in rows}


@pytest.mark.parametrize(
    ("sql", "by", "shifted"),
    [
        ("SELECT $1, $10 WHERE a = $2", 3, "SELECT $4, $13 WHERE a = $5"),
        ("SELECT $1", 0, "SELECT $1"),
        ("SELECT 1", 5, "SELECT 1"),
    ],
)
def test_places_move_by_a_number_and_everything_else_stays(sql: str, by: int, shifted: str) -> None:
    assert shift(sql, by) == shifted


def test_parameters_come_in_the_order_of_their_places_and_literals_from_the_statement() -> None:
    statement = Statement(BY_SETTLEMENT)
    assert statement.args({"settlement": "Банско"}) == ["Банско", "BLG01"]
    assert statement.args({"settlement": None}) == [None, "BLG01"]
    assert statement.places == 2


def test_what_stands_in_another_statement_leaves_the_first_place_to_the_scope() -> None:
    statement = Statement(BY_SETTLEMENT)
    assert "$1" in statement.sql
    assert "$1" not in statement.gated()
    assert {"$2", "$3"} == {word for word in ("$1", "$2", "$3", "$4") if word in statement.gated()}


def test_a_statement_locks_only_when_it_says_so() -> None:
    assert not Statement(BY_SETTLEMENT).locks
    assert Statement(select(PLACE.c.key).with_for_update(), locks=True).locks


@pytest.mark.parametrize(
    ("scope", "keys"),
    [
        ("public", {"BG"}),
        ("public,BLG01", {"BG", "BLG01"}),
        ("BLG", {"BLG01"}),
        ("BG", {"BG", "BLG01"}),
        ("b:AKSU", {"b:AKSU"}),
        ("AKSU", set()),
        ("b", set()),
        ("VAR,VAR06", set()),
        ("", set()),
    ],
)
async def test_rows_are_seen_whose_scope_meets_the_callers_keys(pool: asyncpg.Pool, scope: str, keys: set[str]) -> None:
    assert await seen(pool, scope) == keys
    assert await seen(pool, scope, settlement="Разлог") == set()


async def test_a_scope_ends_with_its_statement(pool: asyncpg.Pool) -> None:
    assert await seen(pool, "b:AKSU")
    assert await pool.fetchval("SELECT count(*) FROM place") == 0
    assert await seen(pool, "public") == {"BG"}


async def test_no_row_comes_without_a_scope_set(pool: asyncpg.Pool) -> None:
    assert await pool.fetch("SELECT key FROM place") == []


async def test_the_columns_beside_the_scope_are_those_asked_for(pool: asyncpg.Pool) -> None:
    row: Any = await pool.fetchrow(f"WITH {scope_with('7 AS seven', 'true AS yes')} SELECT * FROM s", "public,BG")
    assert dict(row) == {"v": "public,BG", "seven": 7, "yes": True}
