"""The loop that applies pushed events: woken when a push commits, many inspections in one transaction."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Final
from uuid import UUID

import structlog

from aksu_monitoring.ingest.applying.service import ApplyingService
from aksu_monitoring.ingest.staging.rules import SeriesKey
from aksu_monitoring.ingest.staging.service import INGESTED
from aksu_shared.db.notify import CHANGE_LOG
from aksu_shared.db.work import Connection
from aksu_shared.kernel.failpoint import failpoint
from aksu_shared.procedures.context import Context
from aksu_shared.worker.failure import database, fault_of, transaction
from aksu_shared.worker.loop import turns
from aksu_shared.worker.parts import Worker
from aksu_shared.worker.progress import pause
from aksu_shared.worker.settling import Settling

LOOP: Final = "staged"
BATCH: Final = 1_000
"""Events looked at in one transaction, besides those that waited for them."""
_POLL: Final = 1.0
_WATCH: Final = 0.5

log = structlog.get_logger(__name__)


async def apply_staged(worker: Worker) -> None:
    """Apply staged events until the worker stops."""
    loop = StagedLoop(worker)
    await turns(LOOP, loop.listen, stop=worker.stop, progress=worker.progress)


class StagedLoop:
    """One member; those of several processes take turns by a lock of the database."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._wake = asyncio.Event()
        self._settling = Settling(name=LOOP, apply=self._apply, park=self._settle_series, moved=self._moved)

    async def listen(self) -> None:
        """Apply whenever told to, and now and then untold, on one listening connection until it breaks."""
        with database():
            connection = await self._worker.pool.acquire(timeout=5)
            try:
                await connection.add_listener(INGESTED, self._woken)
                while not self._worker.stop.is_set() and not connection.is_closed():
                    self._wake.clear()
                    moved = await self.settle()
                    self._worker.progress.turned(LOOP)
                    if not moved:
                        await self._rest()
            finally:
                if not connection.is_closed():
                    await connection.remove_listener(INGESTED, self._woken)
                await self._worker.pool.release(connection, timeout=5)

    def _woken(self, *_: object) -> None:
        self._wake.set()

    async def _rest(self) -> None:
        """Until woken, stopped, or a second has passed."""
        for _ in range(int(_POLL / _WATCH)):
            await pause(self._wake, _WATCH)
            if self._wake.is_set() or self._worker.stop.is_set():
                return

    async def settle(self) -> int:
        """Apply or park what is due; give how many events moved.

        Raises what is_infrastructure, and a failure for which no event is to blame.
        """
        async with transaction(self._worker.pool) as connection:
            keys = await self._applying(connection).due(limit=BATCH)
        return sum(await self._settling.settle(keys))

    async def _apply(self, keys: Sequence[SeriesKey], *, at_most: int | None = None) -> int:
        async with transaction(self._worker.pool) as connection:
            applying = self._applying(connection)
            moved = await applying.apply(keys, at_most=at_most)
            changes = applying.work.changes
            await applying.work.flush()
            failpoint("before_commit")
        if changes:
            self._worker.notifier.poke(CHANGE_LOG)
        return moved

    async def _settle_series(self, key: SeriesKey, _: Exception) -> int:
        """Find the event for which an inspection fails: the others of it take effect, up to that one."""
        async with transaction(self._worker.pool) as connection:
            turn = await self._applying(connection).turn(key)
        if not turn:
            return await self._apply([key])  # none of its events is to blame; whatever is raises
        series: Settling[UUID, int] = Settling(
            name="series", apply=partial(self._advance, key), park=partial(self._park, key), moved=self._moved
        )
        return sum(await series.settle(turn))

    async def _advance(self, key: SeriesKey, events: Sequence[UUID]) -> int:
        """Apply as many of the events in turn as `events` are; those it was about may have taken effect meanwhile."""
        return await self._apply([key], at_most=len(events))

    async def _park(self, key: SeriesKey, event: UUID, error: Exception) -> int:
        fault = fault_of(error)
        async with transaction(self._worker.pool) as connection:
            parked = await self._applying(connection).park(key, event, detail=f"{fault.reason}: {fault.detail}")
        if parked:
            log.error("staged_event_parked", source=key[0], reason=fault.reason, detail=fault.detail)
        return 1

    def _applying(self, connection: Connection) -> ApplyingService:
        return ApplyingService(Context.of(self._worker.applier.work(connection)))

    def _moved(self) -> None:
        self._worker.progress.turned(LOOP)
