"""Databases for tests: what prepares one is done once, into a template, and then copied."""

import os
from collections.abc import Awaitable, Callable
from hashlib import blake2s
from itertools import count
from typing import Final

from aksu_local.clones import Clones, Template
from aksu_local.databases import (
    BUS,
    ServiceUrls,
    bus_url,
    clone_database,
    connected,
    create_bus_database,
    create_service_database,
    drop_database,
    service_urls,
)
from aksu_local.postgres import Postgres
from aksu_shared.bus.creation import create_topics

Prepare = Callable[[ServiceUrls], Awaitable[None]]
"""Brings a new database to the state a test starts from: migrations, seed data. Must close its connections."""

_FINISHED: Final = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1 AND NOT datallowconn)"
_numbers = count(1)


class Databases:
    """Makes databases on a server that other processes may use at the same time.

    Processes that name the same `sharing` share templates; without it they are this process's own. `clones` makes
    the copies ahead.
    """

    def __init__(self, server: Postgres, *, clones: Clones | None = None, sharing: str | None = None) -> None:
        self.server = server
        self._clones = clones
        self._sharing = sharing
        self._templates: dict[str, Template] = {}

    async def service(self, service: str, *, prepare: Prepare | None) -> ServiceUrls:
        """A new database of `service`."""
        if prepare is None:
            return await create_service_database(self.server, service, database=self._name(service))

        async def make(name: str) -> None:
            await prepare(await create_service_database(self.server, service, database=name))

        copy = await self._copy(f"{service}:{prepare.__module__}.{prepare.__qualname__}", service, make)
        return service_urls(self.server, service, database=copy)

    async def bus(self) -> str:
        """A new bus database with the declared topics."""

        async def make(name: str) -> None:
            await create_topics(await create_bus_database(self.server, database=name))

        return bus_url(self.server, database=await self._copy(BUS, BUS, make))

    async def drop(self, database: str) -> None:
        """Drop a database, ending whoever is still connected to it; not at once when copies are made ahead."""
        if self._clones:
            self._clones.drop(database)
        else:
            await drop_database(self.server, database)

    async def _copy(self, key: str, service: str, make: Callable[[str], Awaitable[None]]) -> str:
        """The name of a new copy of the template `key`, which `make` makes from a name when it is missing."""
        if key not in self._templates:
            whose = f"{self._sharing or os.getpid()}:{key}"
            name = f"template_{service}_{blake2s(whose.encode(), digest_size=8).hexdigest()}"
            await self._ensure(name, make)
            self._templates[key] = Template(database=name, service=service)
        template = self._templates[key]
        if self._clones:
            return await self._clones.take(template)
        copy = self._name(service)
        async with connected(self.server) as connection:
            await clone_database(connection, template.database, database=copy, service=service)
        return copy

    async def _ensure(self, name: str, make: Callable[[str], Awaitable[None]]) -> None:
        """Make the template unless it is there, finished; whoever comes meanwhile waits."""
        async with connected(self.server) as connection:
            await connection.execute("SELECT pg_advisory_lock(hashtextextended($1, 0))", name)
            if await connection.fetchval(_FINISHED, name):
                return
            await drop_database(self.server, name)  # begun by a process that died
            await make(name)
            # A template somebody is connected to cannot be copied: nobody may connect any more.
            await connection.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS false')

    def _name(self, service: str) -> str:
        return f"{service}_{os.getpid()}_{next(_numbers)}"
