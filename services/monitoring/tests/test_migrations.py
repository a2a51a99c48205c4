"""The tables in code are those of the migrations."""

import asyncio
from collections.abc import Awaitable, Callable

from aksu_local.databases import ServiceUrls
from aksu_local.served import SCHEMAS
from aksu_shared.db.migrate import check


async def test_code_and_migrations_describe_the_same_tables(
    fresh_database: Callable[..., Awaitable[ServiceUrls]],
) -> None:
    urls = await fresh_database("monitoring", prepare=SCHEMAS["monitoring"])
    await asyncio.to_thread(check, "monitoring", urls.owner)
