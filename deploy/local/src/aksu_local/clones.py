"""Copies of template databases, made ahead and dropped behind in a thread of their own while tests run."""

import asyncio
import os
from collections import defaultdict, deque
from collections.abc import Coroutine
from concurrent.futures import Future
from itertools import count
from threading import Thread
from typing import Any, Final, NamedTuple, TypeVar

import asyncpg

from aksu_local.databases import clone_database
from aksu_local.postgres import Postgres

T = TypeVar("T")

_AHEAD: Final = 2
"""So many copies of a template stand ready once one was asked for: a test may take two at once."""
_PATIENCE: Final = 60.0
_numbers = count(1)


class Template(NamedTuple):
    """A database to copy, and the service it is of."""

    database: str
    service: str


class Clones:
    """Gives copies of templates on a server. Their names hold the process's id: processes may share the server."""

    def __init__(self, server: Postgres) -> None:
        self._server = server
        self._ready: defaultdict[Template, deque[asyncio.Task[str]]] = defaultdict(deque)
        self._drops: list[Future[None]] = []
        self._connection: asyncpg.Connection | None = None
        self._turn = asyncio.Lock()
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="clones", daemon=True)
        self._thread.start()

    async def take(self, template: Template) -> str:
        """The name of a copy that nobody else has; from any event loop."""
        return await asyncio.wrap_future(self._soon(self._take(template)))

    def drop(self, database: str) -> None:
        """Have a database dropped, ending whoever is still connected to it."""
        self._drops.append(self._soon(self._drop(database)))

    def close(self) -> None:
        """Wait for what was begun and end the thread. Raises what a drop raised."""
        try:
            self._soon(self._finish()).result(_PATIENCE)
            for drop in self._drops:
                drop.result(_PATIENCE)
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def _soon(self, work: Coroutine[Any, Any, T]) -> "Future[T]":
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _take(self, template: Template) -> str:
        ready = self._ready[template]
        taken = ready.popleft() if ready else self._begin(template)
        while len(ready) < _AHEAD:
            ready.append(self._begin(template))
        return await taken

    def _begin(self, template: Template) -> asyncio.Task[str]:
        return self._loop.create_task(self._clone(template))

    async def _clone(self, template: Template) -> str:
        name = f"{template.service}_{os.getpid()}_copy_{next(_numbers)}"
        async with self._turn:
            await clone_database(await self._connected(), template.database, database=name, service=template.service)
        return name

    async def _drop(self, database: str) -> None:
        async with self._turn:
            await (await self._connected()).execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    async def _connected(self) -> asyncpg.Connection:
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(self._server.url())
        return self._connection

    async def _finish(self) -> None:
        begun = [clone for ready in self._ready.values() for clone in ready]
        await asyncio.gather(*begun, *map(asyncio.wrap_future, self._drops), return_exceptions=True)
        if self._connection is not None:
            await self._connection.close()
