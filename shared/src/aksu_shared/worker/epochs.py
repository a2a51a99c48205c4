"""A new epoch of a change log: begun by the operator after the service's database was restored from a backup.

What the log said after the moment of the backup is lost, while others have heard it. The new epoch tells them: their
copies of this service are made anew from its change feed. And this service's own copies, and the effects of what it
had heard of others since, are caught up with in the same way (`aksu_shared.worker.rebuild`).
"""

from typing import Final

import asyncpg
from uuid_utils.compat import uuid7

from aksu_shared.bus.contract import Bus
from aksu_shared.bus.wire import COLUMNS, record_of

_SOMEBODY: Final = """
SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'sequencer')"""
_BEGIN: Final = """
UPDATE log_state SET epoch = $1, holder = NULL, shipped = least(shipped, position) RETURNING position, hash"""
_NOTE: Final = "INSERT INTO log_epoch (epoch, position, hash, reason) VALUES ($1, $2, $3, $4)"
_CATCH_UP: Final = "UPDATE source_state SET wanted_epoch = epoch WHERE epoch IS NOT NULL"
_NEWEST: Final = f"""
SELECT position, {COLUMNS} FROM change_log
 WHERE position IN (SELECT max(position) FROM change_log WHERE position IS NOT NULL GROUP BY topic) ORDER BY position"""


class WorkerRuns(Exception):
    """A worker of the service is at work on this database; it has to be stopped first."""


async def new_epoch(pool: asyncpg.Pool, bus: Bus, *, service: str, reason: str) -> str:
    """Begin a new epoch and announce it on every topic of the service; give it.

    The newest row of each topic is sent again under the new epoch, before the epoch is stored: an announced epoch
    that was not stored makes consumers wait until the command is repeated; a stored one nobody heard of would make
    them apply what contradicts what they have. Raises WorkerRuns, BusUnavailable (nothing is changed then).
    """
    epoch = str(uuid7())
    async with pool.acquire() as connection, connection.transaction():
        if await connection.fetchval(_SOMEBODY):
            raise WorkerRuns
        head = await connection.fetchrow(_BEGIN, epoch)
        await connection.execute(_NOTE, epoch, head["position"], head["hash"], reason)
        await connection.execute(_CATCH_UP)
        rows = await connection.fetch(_NEWEST)
        records = [record_of(row, position=row["position"], source=service, epoch=epoch) for row in rows]
        await bus.publish(records, timeout=30)
    return epoch
