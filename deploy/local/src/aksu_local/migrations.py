"""Checks of the services' migrations for `make check`, and the writing of a new one.

alembic compares the migrated databases with the tables in code; a table with scope keys must be under row-level
security; squawk reads the SQL for what would stop a running platform: its rules are in `.squawk.toml`.
"""

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

import asyncpg

from aksu_local.databases import SERVICES, create_service_database
from aksu_local.folder import PROJECT
from aksu_local.postgres import Postgres
from aksu_shared.db.migrate import differences, statements_of, upgrade, write_migration

_BIN: Final = Path(sys.executable).parent
_UNGUARDED: Final = """
SELECT relname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND attname = 'scope'
 WHERE atttypid = 'text[]'::regtype AND relkind IN ('r', 'p') AND NOT relispartition
   AND NOT (relrowsecurity AND relforcerowsecurity) ORDER BY relname"""


def faults() -> list[str]:
    """Where migrated databases and the tables in code differ, in alembic's words, and tables that everybody sees."""
    return asyncio.run(_faults(SERVICES))


async def unguarded(url: str) -> list[str]:
    """Tables with scope keys of which row-level security does not hold, or not for their owner."""
    connection = await asyncpg.connect(url)
    try:
        return [row["relname"] for row in await connection.fetch(_UNGUARDED)]
    finally:
        await connection.close()


def statements() -> Mapping[str, str]:
    """Revision → SQL of every migration of every service."""
    return {revision: sql for service in SERVICES for revision, sql in statements_of(service)}


def risks(statements: Mapping[str, str]) -> str:
    """What squawk says about the SQL of migrations; empty if nothing."""
    with tempfile.TemporaryDirectory() as folder:
        for revision, sql in statements.items():
            (Path(folder) / f"{revision}.sql").write_text(sql, encoding="utf-8")
        files = [f"{revision}.sql" for revision in statements]
        command = [str(_BIN / "squawk"), "--config", str(PROJECT / ".squawk.toml"), *files]
        result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return result.stdout + result.stderr if result.returncode else ""


def write(service: str, slug: str, *, now: datetime) -> Path:
    """Write the next migration of a service, with what its tables in code have more than its migrations make."""
    file = asyncio.run(_written(service, slug, now=now))
    for command in (["check", "--fix-only"], ["format"]):
        subprocess.run([_BIN / "ruff", *command, "--quiet", file], cwd=PROJECT, check=True)
    return file


async def _faults(services: Iterable[str]) -> list[str]:
    found = []
    async with _server() as server:
        for service in services:  # one after the other: alembic keeps what it is about in module variables
            url = await _migrated(server, service)
            if difference := await asyncio.to_thread(differences, service, url):
                found.append(f"{service}: {difference}")
            found += [f"{service}: {table} has scope keys, run scoped_v1 for it" for table in await unguarded(url)]
    return found


async def _written(service: str, slug: str, *, now: datetime) -> Path:
    async with _server() as server:
        return await asyncio.to_thread(write_migration, service, await _migrated(server, service), slug=slug, now=now)


async def _migrated(server: Postgres, service: str) -> str:
    urls = await create_service_database(server, service)
    await asyncio.to_thread(upgrade, service, urls.owner)
    return urls.owner


@asynccontextmanager
async def _server() -> AsyncIterator[Postgres]:
    with tempfile.TemporaryDirectory(prefix="aksu-migrations-") as folder:
        async with Postgres(Path(folder), durable=False) as server:
            yield server
