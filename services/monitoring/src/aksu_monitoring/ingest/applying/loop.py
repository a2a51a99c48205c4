"""The loop that applies pushed events: woken when a push commits, many inspections in one transaction."""

import asyncio
from collections.abc import Sequence
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
from aksu_shared.worker.failure import database, fault_of, is_infrastructure, transaction
from aksu_shared.worker.loop import turns
from aksu_shared.worker.parts import Worker
from aksu_shared.worker.progress import pause

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

    async def listen(self) -> None:
        """Apply whenever told to, and now and then untold, on one listening connection until it breaks."""
        with database():
            connection = await self._worker.pool.acquire(timeout=5)
            try:
                await connection.add_listener(INGESTED, self._woken)
                while not self._worker.stop.is_set() and not connection.is_closed():
                    self._wake.clear()
                    moved = await self._settle()
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

    async def _settle(self) -> int:
        """Apply what is due; give how many events moved. What fails by itself is found and put in quarantine."""
        keys: Sequence[SeriesKey] = ()
        try:
            async with transaction(self._worker.pool) as connection:
                applying = self._applying(connection)
                keys = await applying.due(limit=BATCH)
                if not keys:
                    return 0
                moved = await applying.apply(keys)
                changes = applying.work.changes
                await applying.work.flush()
                failpoint("before_commit")
        except Exception as error:
            if is_infrastructure(error) or not keys:
                raise
            log.warning("staged_batch_split", inspections=len(keys), error=fault_of(error).detail)
            return sum([await self._settle_one(key) for key in keys])
        if changes:
            self._worker.notifier.poke(CHANGE_LOG)
        return moved

    async def _settle_one(self, key: SeriesKey) -> int:
        """Apply one inspection event by event."""
        moved = 0
        while True:
            event = await self._turn(key)
            try:
                step = await self._step(key)
            except Exception as error:
                if is_infrastructure(error) or event is None:
                    raise
                await self._quarantine(key, event, error)
                return moved + 1
            if not step:
                return moved
            moved += step
            self._worker.progress.turned(LOOP)

    def _applying(self, connection: Connection) -> ApplyingService:
        return ApplyingService(Context.of(self._worker.applier.work(connection)))

    async def _turn(self, key: SeriesKey) -> UUID | None:
        async with transaction(self._worker.pool) as connection:
            return await self._applying(connection).turn(key)

    async def _step(self, key: SeriesKey) -> int:
        async with transaction(self._worker.pool) as connection:
            applying = self._applying(connection)
            moved = await applying.apply([key], at_most=1)
            await applying.work.flush()
        self._worker.notifier.poke(CHANGE_LOG)
        return moved

    async def _quarantine(self, key: SeriesKey, event: UUID, error: Exception) -> None:
        fault = fault_of(error)
        log.error("staged_event_quarantined", source=key[0], reason=fault.reason, detail=fault.detail)
        detail = f"{fault.reason}: {fault.detail}"
        async with transaction(self._worker.pool) as connection:
            await self._applying(connection).quarantine(key, event, reason="FAILED", detail=detail)
