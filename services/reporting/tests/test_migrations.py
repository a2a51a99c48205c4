"""Reporting's schema as its migrations make it."""

from collections.abc import Awaitable, Callable

import asyncpg

from aksu_local.databases import ServiceUrls
from aksu_local.served import SCHEMAS
from aksu_reporting.wiring import METADATA

Fresh = Callable[..., Awaitable[ServiceUrls]]


async def test_every_table_is_under_row_level_security_even_for_its_owner(fresh_database: Fresh) -> None:
    urls = await fresh_database("reporting", prepare=SCHEMAS["reporting"])
    connection = await asyncpg.connect(urls.owner)
    try:
        rows = await connection.fetch("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")
    finally:
        await connection.close()
    assert {row["relname"] for row in rows} >= set(METADATA.tables)
