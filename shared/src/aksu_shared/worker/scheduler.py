"""The scheduler: fires each deadline once, in one transaction with its effect, on legal time.

Due is what the clock has passed, however far: after a time of standing still, or a clock moved on by years, all are
fired in the order they were due. It works in the process that holds the service's log; should two ever think so, the
row's lock and `fired_at` still let only one fire.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeAlias

import asyncpg
import structlog

from aksu_shared.db.deadlines import Deadline
from aksu_shared.db.notify import CHANGE_LOG, Notifier
from aksu_shared.db.work import UnitOfWork
from aksu_shared.worker.applying import Applier
from aksu_shared.worker.failure import database, fault_of, is_infrastructure, transaction
from aksu_shared.worker.handover import Handover
from aksu_shared.worker.loop import turns
from aksu_shared.worker.metrics import FIRED
from aksu_shared.worker.patience import in_time
from aksu_shared.worker.progress import Progress, pause

DeadlineHandler: TypeAlias = Callable[[UnitOfWork, Deadline], Awaitable[None]]
"""`async def handler(work, deadline) -> None`; what it records is committed with the firing."""

_POLL: Final = 0.5
_TIMEOUT: Final = 30.0
_LONGEST_DELAY: Final = 60.0
_DUE: Final = """
SELECT id, subject FROM deadline
 WHERE fired_at IS NULL AND due_at <= $1 AND kind = ANY ($2::text[]) AND subject <> ALL ($3::text[])
 ORDER BY due_at, id LIMIT 500"""
_CLAIM: Final = """
SELECT term, subject, revision, kind, due_at FROM deadline WHERE id = $1 AND fired_at IS NULL FOR UPDATE SKIP LOCKED"""
_FIRED: Final = "UPDATE deadline SET fired_at = $2 WHERE id = $1"

log = structlog.get_logger(__name__)


class Scheduler:
    """Fires the deadlines of the kinds in `handlers`; other kinds wait for a worker that knows them."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        applier: Applier,
        *,
        handlers: Mapping[str, DeadlineHandler],
        handover: Handover,
        notifier: Notifier,
        progress: Progress,
    ) -> None:
        self._pool = pool
        self._applier = applier
        self._handlers = handlers
        self._handover = handover
        self._notifier = notifier
        self._progress = progress
        self._held_back: dict[str, tuple[float, float]] = {}
        """Subject → (monotonic time of its next try, delay): its later deadlines wait for the one that fails."""

    async def run(self, stop: asyncio.Event) -> None:
        """Fire until `stop`."""
        await turns("scheduler", lambda: self._turn(stop), stop=stop, progress=self._progress)

    async def _turn(self, stop: asyncio.Event) -> None:
        fired = await self._round(stop) if self._handover.holder is not None else 0
        self._progress.turned("scheduler")
        if not fired:
            await pause(stop, _POLL)

    async def _round(self, stop: asyncio.Event) -> int:
        """Fire what is due now; give how many were tried."""
        with database():
            due = await self._pool.fetch(_DUE, self._applier.clock.now(), list(self._handlers), self._waiting())
        tried = 0
        for row in due:
            if stop.is_set() or self._handover.holder is None:
                break
            if row["subject"] in self._waiting():
                continue
            await self._try(row["id"], row["subject"])
            self._progress.turned("scheduler")
            tried += 1
        return tried

    async def _try(self, key: int, subject: str) -> None:
        try:
            changes = await self._fire(key)
        except Exception as error:
            if is_infrastructure(error):
                raise
            _, delay = self._held_back.get(subject, (0, 0.25))
            self._held_back[subject] = (time.monotonic() + delay * 2, min(delay * 2, _LONGEST_DELAY))
            fault = fault_of(error)
            log.error("deadline_failed", deadline=key, subject=subject, reason=fault.reason, detail=fault.detail)  # noqa: TRY400 - an exception's text may quote data
            FIRED.labels("failed").inc()
            return
        self._held_back.pop(subject, None)
        FIRED.labels("fired").inc()
        if changes:
            self._notifier.poke(CHANGE_LOG)

    async def _fire(self, key: int) -> int:
        """Effect and mark in one transaction; give how many changes it recorded."""
        async with transaction(self._pool) as connection:
            row = await connection.fetchrow(_CLAIM, key)
            if row is None:
                return 0
            deadline = Deadline(**dict(row))
            work = self._applier.work(connection)
            await in_time(self._handlers[deadline.kind](work, deadline), _TIMEOUT, name=deadline.kind)
            changes = work.changes
            await work.flush()
            await connection.execute(_FIRED, key, work.now)
        return changes

    def _waiting(self) -> list[str]:
        now = time.monotonic()
        return [subject for subject, (until, _) in self._held_back.items() if until > now]
