"""The frame of a worker's loop: turn after turn until stop, waiting out what is away, outliving what goes wrong."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from aksu_shared.bus.contract import BusUnavailable
from aksu_shared.worker.failure import FeedUnavailable, SourceRestored, is_infrastructure
from aksu_shared.worker.progress import Progress, pause

_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 2.0
"""However long the database or the bus was away, its return is noticed within so many seconds."""
_AWAY: Final[dict[type[Exception], str]] = {
    BusUnavailable: "bus",
    SourceRestored: "rebuild",
    FeedUnavailable: "feed",
}

log = structlog.get_logger(__name__)


async def turns(name: str, turn: Callable[[], Awaitable[object]], *, stop: asyncio.Event, progress: Progress) -> None:
    """Call `turn` until `stop`. It paces itself and marks its progress; after a failure the next one is delayed.

    A database or bus that is away is waited for without end. Any other failure is logged and counts as no progress,
    so that a loop which only fails is noticed by the watchdog.
    """
    wait = _FIRST_PAUSE
    progress.turned(name)  # from here on it is watched, also if its first turn never ends
    while not stop.is_set():
        began = time.monotonic()
        try:
            await turn()
            wait = _FIRST_PAUSE
            continue
        except Exception as failure:  # a loop outlives whatever one of its turns meets
            if is_infrastructure(failure):
                away = _AWAY.get(type(failure), "database")
                log.warning("loop_waits", loop=name, on=away, error=repr(failure))
                progress.waits(name, on=away)
            else:
                log.exception("loop_failed", loop=name)
                progress.fails(name)
        if time.monotonic() - began > _LONGEST_PAUSE:  # it worked for long, or has waited long enough already
            wait = _FIRST_PAUSE
        await pause(stop, wait)
        wait = min(wait * 2, _LONGEST_PAUSE)
