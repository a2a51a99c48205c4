"""Databases and roles on a server: one database per service with its four roles, and the bus's own.

Roles belong to the server, databases come and go (tests make many): making a role again changes nothing.
What a role may do with a table is granted by the migration that makes the table.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
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
    async with connected(server) as connection:
        for role, limits in _LIMITS.items():
            await _ensure_role(connection, f"{service}_{role}", password=server.password, limits=limits)
        await _ensure_database(connection, name, service=service, template=template)
    async with connected(server, name) as connection:
        # What PUBLIC may do by default is nobody's need here: each role gets what its migration grants.
        roles = _visitors(service)
        await connection.execute(f"REVOKE ALL ON SCHEMA public FROM PUBLIC; GRANT USAGE ON SCHEMA public TO {roles}")
    return service_urls(server, service, database=name)


async def create_bus_database(server: Postgres, *, database: str = BUS) -> str:
    """The bus's role and database, made if missing; returns its URL. Tables are the bus's own job (`install`)."""
    async with connected(server) as connection:
        await _ensure_role(connection, BUS, password=server.password, limits={"lock_timeout": "10s"})
        await _ensure_database(connection, database, service=BUS, template=None)
    return bus_url(server, database=database)


async def clone_database(connection: asyncpg.Connection, template: str, *, database: str, service: str) -> None:
    """Copy a database nobody is connected to; `service` (or BUS) tells whose. Through a superuser's connection."""
    # As files: a copy by way of the log takes three times as long, most of it to write every page twice.
    source = f'TEMPLATE "{template}" STRATEGY file_copy'
    await connection.execute(f'CREATE DATABASE "{database}" OWNER {_owner(service)} {source}')
    await connection.execute(_entry(service, database))


async def create_all(server: Postgres) -> Mapping[str, ServiceUrls]:
    """Every service's database and the bus's; safe to repeat."""
    urls = {service: await create_service_database(server, service) for service in SERVICES}
    await create_bus_database(server)
    return urls


async def drop_database(server: Postgres, database: str) -> None:
    """Drop a database, ending whoever is still connected to it."""
    async with connected(server) as connection:
        await connection.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')


@asynccontextmanager
async def connected(server: Postgres, database: str = "postgres") -> AsyncIterator[asyncpg.Connection]:
    """A connection as the superuser, closed at the end."""
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
    # Test processes share a server: another one may make the role at this moment, and makes it the same.
    with suppress(asyncpg.DuplicateObjectError, asyncpg.UniqueViolationError):
        await connection.execute(f"CREATE ROLE {role} {rights} PASSWORD '{password}'{settings}")


async def _ensure_database(
    connection: asyncpg.Connection, database: str, *, service: str, template: str | None
) -> None:
    if not await connection.fetchval("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", database):
        if template:
            await clone_database(connection, template, database=database, service=service)
        else:
            await connection.execute(f'CREATE DATABASE "{database}" OWNER {_owner(service)}')
    await connection.execute(_entry(service, database))


def _owner(service: str) -> str:
    return BUS if service == BUS else f"{service}_owner"


def _visitors(service: str) -> str:
    return ", ".join(f"{service}_{role}" for role in ("runtime", "worker", "reader"))


def _entry(service: str, database: str) -> str:
    """Statements that let a database's own roles in, and nobody else; a copy does not inherit them."""
    closed = f'REVOKE ALL ON DATABASE "{database}" FROM PUBLIC'
    if service == BUS:
        return closed
    # A rebuild keeps its shadow in temporary tables.
    temporary = f'GRANT TEMPORARY ON DATABASE "{database}" TO {service}_worker'
    return f'{closed}; GRANT CONNECT ON DATABASE "{database}" TO {_visitors(service)}; {temporary}'
