"""asyncpg pools with the platform's session settings."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import asyncpg
from pydantic_core import from_json, to_json

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
    return await asyncpg.create_pool(
        url,
        min_size=1,
        max_size=size,
        init=_codecs,
        reset=_leave,
        timeout=10,
        command_timeout=statement_timeout.total_seconds() + 2,
        server_settings=session_settings(application=application, statement_timeout=statement_timeout)
        | dict(settings or {}),
    )
