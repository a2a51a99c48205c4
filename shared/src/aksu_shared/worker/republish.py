"""Send part of a change log again: for a consumer that lost its copy and a bus that no longer has the records.

Consumers recognise repeated events by their ids, so sending again takes effect only where it is missing.
"""

from typing import Final

import asyncpg

from aksu_shared.bus.contract import Bus
from aksu_shared.bus.wire import COLUMNS, record_of

_PORTION: Final = 500
_READ: Final = f"""
SELECT position, {COLUMNS} FROM change_log
 WHERE position > $1 AND position <= $2 AND ($3::text IS NULL OR type = $3) ORDER BY position LIMIT {_PORTION}"""


async def republish(
    pool: asyncpg.Pool,
    bus: Bus,
    *,
    source: str,
    first: int,
    last: int,
    type: str | None = None,  # noqa: A002 - the column's name
) -> int:
    """Publish rows with positions `first` to `last`, of one event type or all; give how many.

    Only what was shipped before: the shipper alone sends for the first time. Raises BusUnavailable; repeat it whole.
    """
    state = await pool.fetchrow("SELECT epoch, shipped FROM log_state")
    after, last, sent = first - 1, min(last, state["shipped"]), 0
    while rows := await pool.fetch(_READ, after, last, type):
        await bus.publish(
            [record_of(row, position=row["position"], source=source, epoch=state["epoch"]) for row in rows]
        )
        after, sent = rows[-1]["position"], sent + len(rows)
    return sent
