"""The loop that rebuilds what a worker waits for: copies of sources that began a new epoch."""

import asyncio
from typing import Final

import asyncpg
import structlog

from aksu_shared.config.base import BaseConfig
from aksu_shared.db.notify import APPLIED, CHANGE_LOG, Notifier
from aksu_shared.worker.applying import Applier
from aksu_shared.worker.copies import Copies
from aksu_shared.worker.failure import FeedUnavailable, database
from aksu_shared.worker.feed import FeedRestarted, open_feeds
from aksu_shared.worker.handover import Handover
from aksu_shared.worker.loop import turns
from aksu_shared.worker.progress import Progress, pause
from aksu_shared.worker.rebuild import OnRebuilt, Rebuilder
from aksu_shared.worker.routing import Handlers

_POLL: Final = 0.5
_WANTED: Final = "SELECT source FROM source_state WHERE wanted_epoch IS NOT NULL ORDER BY source"
_NAME: Final = "rebuild"

log = structlog.get_logger(__name__)


class RebuildLoop:
    """Runs in every worker that consumes; works in the one that holds the service's log."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        applier: Applier,
        *,
        url: str,
        config: BaseConfig,
        handlers: Handlers,
        copies: Copies,
        on_rebuilt: OnRebuilt | None,
        handover: Handover,
        notifier: Notifier,
        progress: Progress,
    ) -> None:
        self._pool = pool
        self._applier = applier
        self._url = url
        self._config = config
        self._handlers = handlers
        self._copies = copies
        self._on_rebuilt = on_rebuilt
        self._handover = handover
        self._notifier = notifier
        self._progress = progress

    async def run(self, stop: asyncio.Event) -> None:
        """Rebuild what is wanted, until `stop`."""
        await turns(_NAME, lambda: self._turn(stop), stop=stop, progress=self._progress)

    async def _turn(self, stop: asyncio.Event) -> None:
        if self._handover.holder is not None:
            with database():
                wanted = await self._pool.fetch(_WANTED)
            for row in wanted:
                await self._rebuild(row["source"])
        self._progress.turned(_NAME)
        await pause(stop, _POLL)

    async def _rebuild(self, source: str) -> None:
        async with open_feeds(self._config) as feeds:
            rebuilder = Rebuilder(
                url=self._url,
                applier=self._applier,
                feeds=feeds,
                handlers=self._handlers,
                copies=self._copies,
                on_rebuilt=self._on_rebuilt,
            )
            try:
                await rebuilder.rebuild(source, progress=lambda _done, _head: self._progress.turned(_NAME))
            except FeedRestarted as again:
                raise FeedUnavailable(f"{source} began another epoch meanwhile") from again
        self._notifier.poke(CHANGE_LOG)
        self._notifier.poke(APPLIED)
