"""Tables of the embedded bus, and the one table it needs in each consumer's own database."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import asyncpg

from aksu_shared.bus.lease import lock_key

CURSOR_DDL: Final = """
CREATE TABLE IF NOT EXISTS bus_cursor (
  consumer_group text NOT NULL,
  topic text NOT NULL,
  partition integer NOT NULL,
  "offset" bigint NOT NULL,
  PRIMARY KEY (consumer_group, topic, partition)
)
"""
"""How far each group has read: made by the consumer's migration, written by its worker role."""

_DDL: Final = """
CREATE TABLE IF NOT EXISTS topic (
  name text PRIMARY KEY,
  next_offset bigint NOT NULL DEFAULT 0,
  retention interval NOT NULL
) WITH (fillfactor = 10);
CREATE TABLE IF NOT EXISTS record (
  topic text NOT NULL,
  "offset" bigint NOT NULL,
  key text NOT NULL,
  headers json NOT NULL,
  value bytea NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (topic, "offset")
);
"""

_TRIM: Final = """
DELETE FROM record
 WHERE (topic, "offset") IN (SELECT topic, "offset" FROM record WHERE topic = $1 ORDER BY "offset" LIMIT $2)
   AND at < now() - (SELECT retention FROM topic WHERE name = $1)
"""
_TRIM_BATCH: Final = 5_000


async def install(url: str) -> None:
    """Make the bus's tables in the database of `url`; safe to repeat and to run from several processes at once."""
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", lock_key("bus:install"))
            await connection.execute(_DDL)
    finally:
        await connection.close()


async def declare(url: str, topics: Sequence[tuple[str, timedelta]]) -> None:
    """Make topics (name, retention) that do not exist, and set the retention of those that do."""
    connection = await asyncpg.connect(url)
    try:
        await connection.executemany(
            "INSERT INTO topic (name, retention) VALUES ($1, $2)"
            " ON CONFLICT (name) DO UPDATE SET retention = EXCLUDED.retention",
            topics,
        )
    finally:
        await connection.close()


async def trim(url: str) -> int:
    """Delete records older than their topic's retention, oldest first, in small batches; returns how many.

    Does nothing while another process is at it.
    """
    connection = await asyncpg.connect(url)
    total = 0
    try:
        if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", lock_key("bus:trim")):
            return 0
        for name in await connection.fetch("SELECT name FROM topic"):
            deleted = _TRIM_BATCH
            while deleted == _TRIM_BATCH:
                deleted = int((await connection.execute(_TRIM, name["name"], _TRIM_BATCH)).removeprefix("DELETE "))
                total += deleted
    finally:
        await connection.close()
    return total
