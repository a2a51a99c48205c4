"""The watchdog: ends a process that is up and does not move, so that the supervisor starts a new one.

Known to happen: a consumer silent after a broker's restart, an event loop blocked by a handler, a backlog nobody ships.
"""

import asyncio
import faulthandler
import os
import sys
import threading
import time
from contextlib import suppress
from typing import Final

import asyncpg
import structlog

from aksu_shared.db.failures import FAILURES
from aksu_shared.serving.health import Health
from aksu_shared.worker.handover import Handover
from aksu_shared.worker.holding import NOT_HELD
from aksu_shared.worker.progress import STILL, Progress, pause

EXIT_STUCK: Final = 70
"""Exit code of a process that ended itself because it no longer moved."""
_EVERY: Final = 5.0
_TICK: Final = 0.25
_BACKLOG: Final = f"""
SELECT shipped, (SELECT min(seq) FROM change_log AS c WHERE position IS NULL AND {NOT_HELD}) AS unsequenced,
       position > shipped AS unshipped
  FROM log_state"""

log = structlog.get_logger(__name__)


class Watchdog:
    """Judges the loops of this process and, where it holds the log, the backlog of the service."""

    def __init__(
        self, pool: asyncpg.Pool, *, health: Health, progress: Progress, handover: Handover, still: float = STILL
    ) -> None:
        self._pool = pool
        self._health = health
        self._progress = progress
        self._handover = handover
        self._still = still
        self._backlog: tuple[int, int | None] | None = None
        self._backlog_since = time.monotonic()

    async def run(self, stop: asyncio.Event) -> str | None:
        """Why this process is to end; None after `stop`."""
        while not stop.is_set():
            alive, ages = self._health.alive()
            if not alive:
                return f"loops without progress, in seconds: {ages}"
            if await self._backlog_stands():
                return f"the oldest unshipped change has not moved for {self._still:g} s"
            await pause(stop, min(_EVERY, self._still / 4))
        return None

    async def _backlog_stands(self) -> bool:
        """Whether the same oldest row waits for long, with nothing known to be away."""
        backlog = None
        if self._handover.holder is not None and not self._progress.waiting:
            with suppress(*FAILURES):
                row = await self._pool.fetchrow(_BACKLOG, timeout=5)
                if row["unshipped"] or row["unsequenced"] is not None:
                    backlog = (row["shipped"], row["unsequenced"])
        if backlog is None or backlog != self._backlog:
            self._backlog, self._backlog_since = backlog, time.monotonic()
        return time.monotonic() - self._backlog_since > self._still


class LoopGuard:
    """A thread that ends the process when its event loop has been blocked for `limit` seconds.

    It counts its own ticks, not time: a process that was itself stopped for a while is not to blame.
    """

    def __init__(self, *, limit: float = 5.0) -> None:
        self._limit = int(limit / _TICK)
        self._beats = 0
        self._closing = threading.Event()
        self._handle: asyncio.TimerHandle | None = None

    def __enter__(self) -> None:
        """Start; the running loop is the one guarded."""
        self._loop = asyncio.get_running_loop()
        self._beat()
        threading.Thread(target=self._watch, name="loop-guard", daemon=True).start()

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._closing.set()
        if self._handle is not None:
            self._handle.cancel()

    def _beat(self) -> None:
        self._beats += 1
        self._handle = self._loop.call_later(_TICK, self._beat)

    def _watch(self) -> None:
        seen, still = -1, 0
        while not self._closing.wait(_TICK):
            still = still + 1 if self._beats == seen else 0
            seen = self._beats
            if still > self._limit:
                log.critical("event_loop_blocked", seconds=self._limit * _TICK)
                faulthandler.dump_traceback(sys.stderr)
                os._exit(EXIT_STUCK)
