"""The shipper: sends the change log to the bus by position and keeps one shipped position, not a mark per row."""

import asyncio
from itertools import count
from typing import Final

import asyncpg
import structlog

from aksu_shared.bus.contract import Bus, Record
from aksu_shared.bus.wire import COLUMNS, record_of
from aksu_shared.db.work import Connection
from aksu_shared.kernel.failpoint import failpoint
from aksu_shared.worker.failure import database
from aksu_shared.worker.handover import Handover, Rows
from aksu_shared.worker.loop import turns
from aksu_shared.worker.metrics import SHIPPED
from aksu_shared.worker.progress import Progress, pause

_BATCH: Final = 2_000
"""Rows sent at once. After each portion the broker is waited for, so small ones cost."""
_MAX_BYTES: Final = 8_000_000

_SHIPPED_SQL: Final = "SELECT shipped FROM log_state WHERE holder = $1"
_STILL_MINE: Final = "SELECT true FROM log_state WHERE holder = $1"
_MARK: Final = """
UPDATE log_state SET shipped = $2
  FROM (SELECT set_config('synchronous_commit', 'off', true)) AS a_lost_mark_only_repeats
 WHERE holder = $1 AND shipped < $2"""
_READ: Final = f"SELECT {COLUMNS} FROM change_log WHERE position > $1 AND position <= $2 ORDER BY position"

log = structlog.get_logger(__name__)


class Shipper:
    """Sends what the sequencer of the same process sequenced; what it missed, it reads from the log."""

    def __init__(self, pool: "asyncpg.Pool", bus: Bus, *, source: str, handover: Handover, progress: Progress) -> None:
        self._pool = pool
        self._bus = bus
        self._source = source
        self._handover = handover
        self._progress = progress

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop`. Bus or database away: nothing is skipped, it tries again.

        A record the bus will never take (the unit of work bounds events, so that is a fault of ours) is not skipped
        either: to skip it would be to lose it. The loop fails on it until somebody looks.
        """
        await turns("shipper", lambda: self._while_held(stop), stop=stop, progress=self._progress)

    async def _while_held(self, stop: asyncio.Event) -> None:
        """Ship for as long as this process holds the log, or until nothing was held for a moment."""
        self._handover.news.clear()
        holder = self._handover.holder
        if holder is not None:
            # One connection for as long as it goes on: taking it from the pool each time would cost a round trip.
            with database():
                async with self._pool.acquire(timeout=5) as connection:
                    shipped = await connection.fetchval(_SHIPPED_SQL, holder)
                    if shipped is not None:
                        await self._from(connection, shipped, holder, stop)
                        return
        self._progress.turned("shipper")
        await pause(self._handover.news, 0.5)

    async def _from(self, connection: Connection, shipped: int, holder: int, stop: asyncio.Event) -> None:
        """Ship what follows position `shipped` until the log is lost or `stop`."""
        rows = await self._rows(connection, shipped)
        while self._handover.holder == holder and not stop.is_set():
            if rows is None:
                self._progress.turned("shipper")
                await pause(self._handover.news, 0.5)
                rows = await self._rows(connection, shipped)
                continue
            if not await connection.fetchval(_STILL_MINE, holder):
                return
            shipped, records = self._portion(rows)
            # While the bus takes this portion the next one is read.
            reading = asyncio.create_task(self._rows(connection, shipped))
            try:
                await self._bus.publish(records)
            finally:
                await asyncio.gather(reading, return_exceptions=True)
            failpoint("after_send_before_mark")
            await connection.execute(_MARK, holder, shipped)
            self._progress.turned("shipper")
            SHIPPED.set(shipped)
            rows = reading.result()  # raised only now: what was sent before a hole in the log is marked

    async def _rows(self, connection: Connection, shipped: int) -> Rows | None:
        """What follows position `shipped`, if anything does yet."""
        self._handover.news.clear()
        if self._handover.position <= shipped:
            return None
        at_hand = self._handover.after(shipped, most=_BATCH)
        if at_hand is not None:
            return at_hand
        last = min(shipped + _BATCH, self._handover.position)
        rows = await connection.fetch(_READ, shipped, last)
        if len(rows) != last - shipped:
            # Positions are gap-free, so rows were taken away: by hand, or with an archived partition never shipped.
            log.error("change_log_rows_missing", after=shipped, until=last, found=len(rows))
            msg = f"change log lacks rows between positions {shipped} and {last}"
            raise ValueError(msg)
        return Rows(shipped + 1, rows)

    def _portion(self, rows: Rows) -> tuple[int, list[Record]]:
        """As many records as the bus takes at once, and the position of the last of them."""
        records: list[Record] = []
        size = 0
        for position, row in zip(count(rows.first), rows.rows, strict=False):
            record = record_of(row, position=position, source=self._source, epoch=self._handover.epoch)
            records.append(record)
            size += len(record.value)
            if len(records) == _BATCH or size > _MAX_BYTES:
                break
        return rows.first + len(records) - 1, records
