"""Checks of the services' migrations for `make check`, and the writing of a new one.

alembic compares the migrated databases with the tables in code; squawk reads the SQL for what would stop a running
platform: its rules are in `.squawk.toml`.
"""

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from aksu_local.databases import SERVICES, create_service_database
from aksu_local.folder import PROJECT
from aksu_local.postgres import Postgres
from aksu_shared.db.migrate import differences, statements_of, upgrade, write_migration

_BIN: Final = Path(sys.executable).parent


def undeclared() -> Iterator[str]:
    """Where migrated databases and the tables in code differ, in alembic's words."""
    for service, found in asyncio.run(_differences(SERVICES)).items():
        if found:
            yield f"{service}: {found}"


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


async def _differences(services: Iterable[str]) -> Mapping[str, str]:
    async with _server() as server:
        # One after the other: alembic keeps what it is about in module variables.
        return {
            service: await asyncio.to_thread(differences, service, await _migrated(server, service))
            for service in services
        }


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
