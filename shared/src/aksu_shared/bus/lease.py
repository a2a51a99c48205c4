"""One holder of a name among all processes: a PostgreSQL advisory lock that must show signs of life.

The lock ends with its connection, so a crashed holder frees it at once. A paused process (SIGSTOP, a lost machine)
keeps its connection: therefore the holder speaks on that connection every `SHOW_LIFE_EVERY` seconds, PostgreSQL
itself notes when it last did, and whoever waits ends the backend of a holder silent for more than `SILENCE`. Nothing is
written. Holder and waiter connect as the same role, which is what lets one end the other's backend.
"""

from hashlib import sha256
from typing import Final

import asyncpg

SHOW_LIFE_EVERY: Final = 1.0
"""Seconds between two signs of life."""
SILENCE: Final = 3.0
"""Seconds of silence after which a holder may be ended."""

_END_SILENT_HOLDER: Final = """
SELECT count(*) FILTER (WHERE pg_terminate_backend(a.pid))
  FROM pg_locks l
  JOIN pg_stat_activity a ON a.pid = l.pid
 WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
   AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND l.classid = (($1::bigint >> 32) & 4294967295)::oid
   AND l.objid = ($1::bigint & 4294967295)::oid
   AND l.pid <> pg_backend_pid()
   AND clock_timestamp() - a.state_change > make_interval(secs => $2)
"""


def lock_key(name: str) -> int:
    """The advisory lock's 64-bit key for a name."""
    return int.from_bytes(sha256(name.encode()).digest()[:8], signed=True)


async def try_hold(connection: asyncpg.Connection, name: str) -> bool:
    """Take the lease for as long as this connection lives, or end a silent holder so that the next try succeeds."""
    key = lock_key(name)
    if await connection.fetchval("SELECT pg_try_advisory_lock($1)", key):
        return True
    ended: int = await connection.fetchval(_END_SILENT_HOLDER, key, SILENCE)
    return bool(ended and await connection.fetchval("SELECT pg_try_advisory_lock($1)", key))


async def show_life(connection: asyncpg.Connection) -> None:
    """One sign of life; fails when the lease is lost, because the lease is the connection."""
    await connection.execute("SELECT 1")
