"""One PostgreSQL connection, opened when first needed, used by one task at a time, dropped on any failure."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

import asyncpg

from aksu_shared.bus.contract import BusUnavailable
from aksu_shared.db.failures import FAILURES

_SESSION: Final = {
    # A publisher frozen between its statement and the end of its transaction must not hold a topic for ever.
    "transaction_timeout": "30s",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
}


class Link:
    """A connection whose every failure is BusUnavailable and is answered by a new one at the next use."""

    def __init__(
        self, url: str, *, name: str, on_open: Callable[[asyncpg.Connection], Awaitable[None]] | None = None
    ) -> None:
        self._url = url
        self._name = name
        self._on_open = on_open
        self._turn = asyncio.Lock()
        self._connection: asyncpg.Connection | None = None

    @property
    def alive(self) -> bool:
        """Whether the connection of the last use still stands, as far as the socket tells."""
        return self._connection is not None and not self._connection.is_closed()

    @asynccontextmanager
    async def use(self, *, timeout: float) -> AsyncIterator[asyncpg.Connection]:
        """The connection, for this task alone. Raises BusUnavailable, also after `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout), self._turn:
                try:
                    yield await self._opened()
                except BaseException:
                    # Also when cancelled: what the connection is in the middle of is not worth finding out.
                    self.drop()
                    raise
        except FAILURES as failure:
            msg = f"bus database: {failure!r}"
            raise BusUnavailable(msg) from failure

    def drop(self) -> None:
        """Close without ceremony."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()

    async def close(self) -> None:
        """Close politely, or without ceremony when that takes longer than a second."""
        connection, self._connection = self._connection, None
        if connection is not None and not connection.is_closed():
            try:
                await connection.close(timeout=1.0)
            except FAILURES:
                connection.terminate()

    async def _opened(self) -> asyncpg.Connection:
        if self._connection is not None and not self._connection.is_closed():
            return self._connection
        settings = {**_SESSION, "application_name": f"bus:{self._name}"[:63]}
        connection = await asyncpg.connect(self._url, server_settings=settings)
        self._connection = connection
        if self._on_open is not None:
            await self._on_open(connection)
        return connection
