"""The server that all runs of a mutation test share, and its databases: made once, emptied for each test.

They serve a process and those forked from it, one after the other.
"""

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import asyncpg

from aksu_local.databases import ServiceUrls
from aksu_local.postgres import Postgres
from aksu_local.templates import Databases

FOLDER: Final = "AKSU_MUTANTS_POSTGRES"
"""Environment variable: the folder of the server, which runs already."""
_SERVER: Final = Postgres(Path(os.environ[FOLDER]), durable=False)
DATABASES: Final = Databases(_SERVER)
_made: Final[dict[str, ServiceUrls]] = {}

_END_OTHERS: Final = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"""
_FILLED: Final = """
SELECT string_agg(format('%I', tablename), ', ') FROM pg_tables
 WHERE schemaname = 'public' AND tablename NOT IN ('alembic_version', 'log_state', 'log_epoch', 'read_log_state')"""


Prepare = Callable[[ServiceUrls], Awaitable[None]]


async def new(service: str, *, prepare: Prepare | None = None) -> ServiceUrls:
    """A database of its own, for a test that changes more than rows."""
    return await DATABASES.service(service, prepare=prepare)


async def database(service: str, *, prepare: Prepare | None = None) -> ServiceUrls:
    """An empty database of the service, as `prepare` leaves it."""
    if prepare is None:
        return await new(service)
    key = f"{service}:{prepare.__qualname__}"
    if key not in _made:
        _made[key] = await DATABASES.service(service, prepare=prepare)
        return _made[key]
    connection = await asyncpg.connect(_SERVER.url(_made[key].database))
    try:
        await connection.execute(_END_OTHERS)
        await connection.execute(f"TRUNCATE {await connection.fetchval(_FILLED)} RESTART IDENTITY")
    finally:
        await connection.close()
    return _made[key]
