"""Changes that are held: rows of the log whose MAC does not hold get no position, and so are not published.

What follows such a row in its aggregate is held behind it, as versions are told in order; other aggregates go on. A
held row is judged again when a worker takes the log over, since its key may be known by then. Otherwise a person sets
it aside for good, and what was behind it goes on (docs/adr/0018).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import asyncpg
import structlog

from aksu_shared.db.log_keys import LogKeys
from aksu_shared.db.work import Connection
from aksu_shared.kernel.errors import NotFound
from aksu_shared.worker.metrics import HELD
from aksu_shared.worker.progress import Progress

NOT_HELD: Final = "NOT EXISTS (SELECT FROM held_change h WHERE h.seq = c.seq)"
"""SQL: the row `c` of the log is not held."""
IS_BEHIND: Final = (
    "(c.topic, c.aggregate_id) IN (SELECT topic, aggregate_id FROM held_change WHERE set_aside_at IS NULL)"
)
"""SQL: an earlier row of the aggregate of `c` is held."""
_NAMED: Final = 20

_HOLD: Final = """
INSERT INTO held_change (seq, topic, aggregate_id, reason)
SELECT r.* FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[]) AS r
 WHERE EXISTS (SELECT FROM log_state WHERE holder = pg_backend_pid())
ON CONFLICT DO NOTHING"""
_JUDGE_AGAIN: Final = "DELETE FROM held_change WHERE set_aside_at IS NULL"
_COUNT: Final = "SELECT count(*) FROM held_change WHERE set_aside_at IS NULL"
_LIST: Final = """
SELECT seq, topic, aggregate_id, reason, held_at, set_aside_at, set_aside_by, set_aside_reason
  FROM held_change ORDER BY seq"""
_SET_ASIDE: Final = """
UPDATE held_change SET set_aside_at = now(), set_aside_by = $2, set_aside_reason = $3
 WHERE seq = $1 AND set_aside_at IS NULL AND reason <> 'BEHIND' RETURNING topic, aggregate_id"""
_RELEASE: Final = """
DELETE FROM held_change WHERE topic = $1 AND aggregate_id = $2 AND set_aside_at IS NULL AND reason = 'BEHIND'"""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A row of the log that got no position, why, and whether somebody set it aside for good."""

    seq: int
    topic: str
    aggregate_id: str
    reason: str
    held_at: datetime
    set_aside_at: datetime | None
    set_aside_by: str | None
    set_aside_reason: str | None


def divide(
    service: str, keys: LogKeys, rows: Sequence[asyncpg.Record]
) -> tuple[list[asyncpg.Record], list[tuple[asyncpg.Record, str]]]:
    """The rows that may get a position, and those to hold, each with its reason.

    `rows` are in the order of `seq`, selected by `EVIDENCE`, with `behind` (`IS_BEHIND`).
    """
    good: list[asyncpg.Record] = []
    bad: list[tuple[asyncpg.Record, str]] = []
    stopped: set[tuple[str, str]] = set()
    for row in rows:
        aggregate = row["topic"], row["aggregate_id"]
        reason = keys.doubt(service, row) or ("BEHIND" if row["behind"] or aggregate in stopped else None)
        if reason is None:
            good.append(row)
        else:
            bad.append((row, reason))
            stopped.add(aggregate)
    return good, bad


async def hold(connection: Connection, rows: Sequence[tuple[asyncpg.Record, str]]) -> None:
    """Note that these rows get no position, and say so aloud."""
    columns = zip(*((row["seq"], row["topic"], row["aggregate_id"], reason) for row, reason in rows), strict=True)
    await connection.execute(_HOLD, *map(list, columns))
    named = [f"{row['seq']} {row['topic']} {row['aggregate_id']} {reason}" for row, reason in rows[:_NAMED]]
    log.critical("changes_held", count=len(rows), changes=named)


async def judge_again(connection: Connection) -> None:
    """Forget what is held and not set aside: the sequencer looks at it anew."""
    await connection.execute(_JUDGE_AGAIN)


async def tell_held(connection: Connection, progress: Progress) -> None:
    """Show in the metrics, and as a warning of the health page, how many changes are held."""
    count = await connection.fetchval(_COUNT)
    HELD.set(count)
    progress.warn("log", f"{count} changes are held: aksu-… log held" if count else None)


async def held(pool: asyncpg.Pool) -> list[Held]:
    """Everything that got no position, also what was set aside."""
    return [Held(**dict(row)) for row in await pool.fetch(_LIST)]


async def set_aside(pool: asyncpg.Pool, seq: int, *, by: str, why: str) -> int:
    """Give a row at fault up for good, and let what is behind it go on; give how many.

    It stays in the log without a position, and `log verify` names it for ever. Raises NotFound for what is not held,
    or only behind another one.
    """
    async with pool.acquire() as connection, connection.transaction():
        row = await connection.fetchrow(_SET_ASIDE, seq, by, why)
        if row is None:
            raise NotFound
        done = await connection.execute(_RELEASE, row["topic"], row["aggregate_id"])
    log.warning("change_set_aside", seq=seq, by=by)
    return int(done.rsplit(" ", 1)[1])
