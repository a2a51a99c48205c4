"""Databases and roles on a server: one database per service with its four roles, and the bus's own.

Roles belong to the server, databases come and go (tests make many): making a role again changes nothing.
What a role may do with a table is granted by the migration that makes the table.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import asyncpg

from aksu_local.postgres import Postgres

SERVICES: Final = ("registry", "licensing", "monitoring", "reporting")
BUS: Final = "bus"
_LIMITS: Final[Mapping[str, Mapping[str, str]]] = {
    "owner": {"lock_timeout": "10s"},
    "runtime": {"statement_timeout": "10s", "lock_timeout": "3s", "idle_in_transaction_session_timeout": "15s"},
    "worker": {"statement_timeout": "60s", "lock_timeout": "10s", "idle_in_transaction_session_timeout": "60s"},
    "reader": {"statement_timeout": "60s", "lock_timeout": "3s", "idle_in_transaction_session_timeout": "60s"},
}
"""Per role, so that no forgotten client can hold a lock for ever; a session may lower them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceUrls:
    """The URLs of one service's database, one per role."""

    database: str
    owner: str
    runtime: str
    worker: str
    reader: str


def service_urls(server: Postgres, service: str, *, database: str | None = None, tcp: bool = False) -> ServiceUrls:
    """The URLs of `service`'s roles; `database` defaults to the service's name."""
    name = database or service

    def url(role: str) -> str:
        return server.url(name, role=f"{service}_{role}", tcp=tcp)

    return ServiceUrls(
        database=name, owner=url("owner"), runtime=url("runtime"), worker=url("worker"), reader=url("reader")
    )


def bus_url(server: Postgres, *, database: str = BUS, tcp: bool = False) -> str:
    """The URL of the embedded bus, as its only role."""
    return server.url(database, role=BUS, tcp=tcp)


async def create_service_database(
    server: Postgres, service: str, *, database: str | None = None, template: str | None = None
) -> ServiceUrls:
    """The service's roles and database, made if missing; a new one is a copy of `template` when given."""
    name = database or service
    async with _connected(server) as connection:
        for role, limits in _LIMITS.items():
            await _ensure_role(connection, f"{service}_{role}", password=server.password, limits=limits)
        await _ensure_database(connection, name, owner=f"{service}_owner", template=template)
        readers = ", ".join(f"{service}_{role}" for role in ("runtime", "worker", "reader"))
        await connection.execute(f'GRANT CONNECT ON DATABASE "{name}" TO {readers}')
        # A rebuild keeps its shadow in temporary tables.
        await connection.execute(f'GRANT TEMPORARY ON DATABASE "{name}" TO {service}_worker')
    async with _connected(server, name) as connection:
        # What PUBLIC may do by default is nobody's need here: each role gets what its migration grants.
        await connection.execute(f"REVOKE ALL ON SCHEMA public FROM PUBLIC; GRANT USAGE ON SCHEMA public TO {readers}")
    return service_urls(server, service, database=name)


async def create_bus_database(server: Postgres, *, database: str = BUS, template: str | None = None) -> str:
    """The bus's role and database, made if missing; returns its URL. Tables are the bus's own job (`install`)."""
    async with _connected(server) as connection:
        await _ensure_role(connection, BUS, password=server.password, limits={"lock_timeout": "10s"})
        await _ensure_database(connection, database, owner=BUS, template=template)
    return bus_url(server, database=database)


async def create_all(server: Postgres) -> Mapping[str, ServiceUrls]:
    """Every service's database and the bus's; safe to repeat."""
    urls = {service: await create_service_database(server, service) for service in SERVICES}
    await create_bus_database(server)
    return urls


async def drop_database(server: Postgres, database: str) -> None:
    """Drop a database, ending whoever is still connected to it."""
    async with _connected(server) as connection:
        await connection.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')


@asynccontextmanager
async def _connected(server: Postgres, database: str = "postgres") -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(server.url(database))
    try:
        yield connection
    finally:
        await connection.close()


async def _ensure_role(connection: asyncpg.Connection, role: str, *, password: str, limits: Mapping[str, str]) -> None:
    if await connection.fetchval("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", role):
        return
    rights = "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE"
    settings = "".join(f"; ALTER ROLE {role} SET {name} = '{value}'" for name, value in limits.items())
    await connection.execute(f"CREATE ROLE {role} {rights} PASSWORD '{password}'{settings}")


async def _ensure_database(connection: asyncpg.Connection, database: str, *, owner: str, template: str | None) -> None:
    if await connection.fetchval("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", database):
        return
    source = f' TEMPLATE "{template}"' if template else ""
    await connection.execute(f'CREATE DATABASE "{database}" OWNER {owner}{source}')
    await connection.execute(f'REVOKE ALL ON DATABASE "{database}" FROM PUBLIC')
