"""Revocations of access while the bus brings no beat: asked of the registry itself, by its change feed.

Without the broker, or the registry's worker, nobody else could write after a minute (see `beat`), though database and
people are there. So once the beat has been missing for a while, the process that leads reads the registry's feed and
waits there for news: a revocation comes within a second, as by the bus, and the inbox knows it when the bus brings it
again. With the registry's API away too nothing is known, and writes stop as they must.
"""

import asyncio
import time
from datetime import datetime
from typing import Final

import asyncpg
import structlog

from aksu_shared.bus.contract import Delivered
from aksu_shared.bus.wire import Undecodable, record_of_structured
from aksu_shared.config.base import BaseConfig
from aksu_shared.db.notify import APPLIED, Notifier
from aksu_shared.events.catalogue import CATALOGUE
from aksu_shared.events.registry.access import AccessEvent
from aksu_shared.worker.applying import Applier, read
from aksu_shared.worker.beat import heard
from aksu_shared.worker.failure import FeedUnavailable, database
from aksu_shared.worker.feed import FeedPage, FeedRestarted, Feeds, open_feeds
from aksu_shared.worker.handover import Handover
from aksu_shared.worker.loop import turns
from aksu_shared.worker.progress import Progress, pause

_OWNER: Final = AccessEvent.owner
_QUIET: Final = 20.0
"""Seconds without a beat, of which one comes every ten, until the registry is asked."""
_WAIT: Final = 4.0
"""Seconds for which the feed waits for news; a worker told to end must not wait longer."""
_POLL: Final = 1.0
_NAME: Final = "access feed"

_LAST: Final = """
SELECT heard_at, epoch, heard_at < clock_timestamp() - make_interval(secs => $2) AS silent
  FROM source_state WHERE source = $1"""

log = structlog.get_logger(__name__)


class AccessFeed:
    """Runs in every worker that keeps revocations; works in the one that holds the service's log."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        applier: Applier,
        *,
        config: BaseConfig,
        handover: Handover,
        notifier: Notifier,
        progress: Progress,
    ) -> None:
        self._pool = pool
        self._applier = applier
        self._config = config
        self._handover = handover
        self._notifier = notifier
        self._progress = progress
        patience = config.access_patience_seconds
        self._quiet = _QUIET if patience == "off" else min(_QUIET, patience / 3)
        self._types = sorted(kind for kind, fact in CATALOGUE.items() if fact.topic == AccessEvent.topic)
        self._after = "0"
        self._told: datetime | None = None
        """What the feed was complete until when it was last asked; whatever is newer came by the bus."""
        self._since = time.monotonic()

    async def run(self, stop: asyncio.Event) -> None:
        """Ask while the bus is silent, until `stop`."""
        async with open_feeds(self._config) as feeds:
            await turns(_NAME, lambda: self._turn(feeds, stop), stop=stop, progress=self._progress)

    async def _turn(self, feeds: Feeds, stop: asyncio.Event) -> None:
        if self._handover.holder is None:
            self._told = None  # whoever leads now goes on
            await pause(stop, _POLL)
        else:
            await self._look(feeds, stop)
        self._progress.turned(_NAME)

    async def _look(self, feeds: Feeds, stop: asyncio.Event) -> None:
        with database():
            last = await self._pool.fetchrow(_LAST, _OWNER, self._quiet)
        if self._silent(last):
            await self._ask(feeds, epoch=last and last["epoch"])
        else:
            self._leave_alone()
            await pause(stop, _POLL)

    def _silent(self, last: asyncpg.Record | None) -> bool:
        """Whether the newest that was heard is too old, or is what the feed told and not the bus."""
        if last is None or last["heard_at"] is None:
            return time.monotonic() - self._since > self._quiet  # not heard yet: it may be on its way
        return bool(last["silent"]) or last["heard_at"] == self._told

    async def _ask(self, feeds: Feeds, *, epoch: str | None) -> None:
        wait = 0 if self._told is None else min(_WAIT, self._quiet)
        try:
            page = await feeds.page(_OWNER, after=self._after, types=self._types, wait=wait)
        except FeedRestarted as restarted:
            self._after = "0"
            raise FeedUnavailable(f"{_OWNER} began a new epoch") from restarted
        if epoch is not None and page.epoch != epoch:
            # Its copies have to be made anew before anything of it is applied.
            raise FeedUnavailable(f"{_OWNER} began epoch {page.epoch}, of which the bus has not told yet")
        if page.events:
            await self._applier.settle([read(record) for record in _records(page)])
            self._notifier.poke(APPLIED)
        self._after = f"{page.epoch}:{page.position}"
        if page.is_last:
            await self._note(page.fresh_at)

    async def _note(self, fresh_at: datetime) -> None:
        """All until then is known; and if meanwhile the bus has told of more, the feed is left alone."""
        before, known = await heard(self._pool, fresh_at.timestamp())
        if self._told is None:
            log.warning("bus_silent_registry_asked")
        elif self._told != before:
            self._leave_alone()
            return
        self._told = known

    def _leave_alone(self) -> None:
        if self._told is not None:
            log.info("bus_beats_again")
            self._told = None


def _records(page: FeedPage) -> list[Delivered]:
    try:
        return [record_of_structured(document) for document in page.events]
    except Undecodable as error:
        raise FeedUnavailable(f"{_OWNER} tells what this build cannot read: {error.reason}") from error
