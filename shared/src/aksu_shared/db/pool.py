"""asyncpg pools with the platform's session settings."""
# ruff: noqa: SLF001 - what decides whether a connection is clean is told by no public name

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import asyncpg
from asyncpg.pool import PoolConnectionProxy
from pydantic_core import from_json, to_json

_MAX_QUERIES: Final = 50_000
_IDLE_SECONDS: Final = 300.0
"""asyncpg's own: queries after which a connection is replaced, and seconds after which an idle one is closed."""
LOCK_TIMEOUT_MS: Final = 5_000
"""How long a statement waits for a lock of another transaction."""


class Json(str):
    """JSON text that goes to a json or jsonb parameter as it is, without being encoded again."""

    __slots__ = ()


def _encode(value: Any) -> str:  # noqa: ANN401 - any JSON value
    return value if type(value) is Json else to_json(value, inf_nan_mode="constants").decode()


async def _codecs(connection: "asyncpg.Connection[Any]") -> None:
    for name in ("json", "jsonb"):
        await connection.set_type_codec(
            name,
            schema="pg_catalog",
            encoder=_encode,
            decoder=from_json,
        )


async def _leave(connection: "asyncpg.Connection[Any]") -> None:
    """Clean nothing when a connection returns to its pool: asyncpg has ended what was open, and nothing else stays.

    Settings and advisory locks of pooled connections are always those of a transaction; whoever listens or holds a
    session's lock has a connection of its own. asyncpg's own cleaning costs a round trip for every read.
    """


class ShortPool(asyncpg.Pool):  # type: ignore[misc]  # asyncpg brings no types
    """asyncpg's pool, shorter where nearly always a connection is free when asked for and clean when it comes back.

    asyncpg waits with a timer even for a connection that is free, and takes one back in a task of its own, for the
    sake of those that must be cleaned first: an eighth of what a read costs. Whatever is not clean goes its way.
    """

    async def _acquire(self, timeout: float | None) -> Any:  # noqa: ANN401 - asyncpg's
        free = self._queue._queue  # the next to be given is the last one
        if free and free[-1].is_connected() and self._initialized and not self._closing:
            return await self._take(self._queue.get_nowait())
        async with asyncio.timeout(timeout):  # asyncpg's own way to wait makes a task
            return await super()._acquire(None)

    async def _take(self, holder: Any) -> Any:  # noqa: ANN401
        try:
            taken = await holder.acquire()
        except BaseException:
            self._queue.put_nowait(holder)
            raise
        holder._timeout = None
        return taken

    async def release(self, connection: Any, *, timeout: float | None = None) -> None:  # noqa: ANN401 - asyncpg's
        """Take a connection back."""
        if not self._clean(connection):
            await super().release(connection, timeout=timeout)
            return
        connection._con._on_release()
        holder = connection._holder
        holder._release()
        holder._setup_inactive_callback()

    def _clean(self, given: Any) -> bool:  # noqa: ANN401
        """Whether nothing is open on the connection and it may serve again: what asyncpg looks at in its own way."""
        if type(given) is not PoolConnectionProxy or given._con is None or given._holder._pool is not self:
            return False
        connection, holder = given._con, given._holder
        protocol = connection._protocol
        return (
            not connection.is_closed()
            and connection._top_xact is None
            and not protocol.is_in_transaction()
            and not protocol._is_cancelling()
            and not connection._listeners
            and protocol.queries_count < self._max_queries
            and holder._generation == self._generation
        )


def session_settings(*, application: str, statement_timeout: timedelta) -> dict[str, str]:
    """Settings of every session: UTC, and a bound on statements, locks and idle transactions."""
    milliseconds = int(statement_timeout.total_seconds() * 1000)
    return {
        "application_name": application,
        "timezone": "UTC",
        "statement_timeout": str(milliseconds),
        "lock_timeout": str(min(milliseconds, LOCK_TIMEOUT_MS) or LOCK_TIMEOUT_MS),
        "idle_in_transaction_session_timeout": "15000",
        "max_parallel_workers_per_gather": "0",
    }


async def create_pool(
    url: str,
    *,
    application: str,
    size: int = 10,
    statement_timeout: timedelta = timedelta(seconds=8),
    settings: Mapping[str, str] | None = None,
) -> "asyncpg.Pool[Any]":
    """Open a pool of at most `size` connections; JSON columns are Python values both ways."""
    pool = ShortPool(
        url,
        min_size=1,
        max_size=size,
        max_queries=_MAX_QUERIES,
        max_inactive_connection_lifetime=_IDLE_SECONDS,
        loop=None,
        connection_class=asyncpg.Connection,
        record_class=asyncpg.Record,
        init=_codecs,
        reset=_leave,
        timeout=10,
        command_timeout=statement_timeout.total_seconds() + 2,
        server_settings=session_settings(application=application, statement_timeout=statement_timeout)
        | dict(settings or {}),
    )
    return await pool
