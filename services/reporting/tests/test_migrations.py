"""The migrations make the schema that the code declares."""

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg

from aksu_local.databases import ServiceUrls
from aksu_local.served import SCHEMAS
from aksu_reporting.wiring import METADATA
from aksu_shared.db.migrate import check

Fresh = Callable[..., Awaitable[ServiceUrls]]


async def test_tables_in_code_and_database_are_the_same(fresh_database: Fresh) -> None:
    urls = await fresh_database("reporting", prepare=SCHEMAS["reporting"])
    await asyncio.to_thread(check, "reporting", urls.owner)


async def test_every_table_is_under_row_level_security_even_for_its_owner(fresh_database: Fresh) -> None:
    urls = await fresh_database("reporting", prepare=SCHEMAS["reporting"])
    connection = await asyncpg.connect(urls.owner)
    try:
        rows = await connection.fetch("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")
    finally:
        await connection.close()
    assert {row["relname"] for row in rows} >= set(METADATA.tables)
