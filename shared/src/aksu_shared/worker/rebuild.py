"""Copies of a source made anew from its owner's change feed, and what else follows when the owner began a new epoch.

The feed is read into shadows while the consumer goes on and readers read. Then, in one transaction that holds the
consumer off, the rest of the feed is read and each copy is made equal to its shadow. The consumer cannot have applied
what the feed does not tell, because its owner publishes nothing before; so whatever else is found here stems from a
future that the owner lost with a restore. It goes, and effects it had here are listed (`vanished_cause`).

Afterwards all events told are in the inbox, so the topics are joined without gap and without doubling.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, TypeAlias

import structlog

from aksu_shared.bus.lease import lock_key
from aksu_shared.bus.wire import Undecodable, event_of_structured, record_of_structured
from aksu_shared.db.pool import create_pool
from aksu_shared.db.projection import project
from aksu_shared.db.work import Connection, UnitOfWork
from aksu_shared.events.base import Event
from aksu_shared.events.catalogue import CATALOGUE
from aksu_shared.worker.applying import REBUILD_LOCK, Applier, read
from aksu_shared.worker.copies import Copies, Copy, Moved, Swapped, make_shadows, swap
from aksu_shared.worker.failure import FeedUnavailable, database
from aksu_shared.worker.feed import FeedPage, Feeds
from aksu_shared.worker.routing import Handlers

_LONGEST: Final = timedelta(minutes=10)
_PORTION: Final = 500

_STATE: Final = "SELECT epoch, wanted_epoch FROM source_state WHERE source = $1"
_MISSING: Final = """
SELECT id::text FROM unnest($2::uuid[]) AS id
 WHERE NOT EXISTS (SELECT FROM inbox WHERE consumer = $1 AND event_id = id)"""
_PENDING: Final = """
SELECT position, event FROM pending p
 WHERE position > $1 AND NOT EXISTS (
   SELECT FROM dead_letter d WHERE d.consumer = $2 AND d.state = 'PARKED' AND d.headers ->> 'ce_id' = p.event ->> 'id')
 ORDER BY position LIMIT $3"""
_VANISHED: Final = """
WITH gone AS (
  DELETE FROM inbox i
   WHERE consumer = $1 AND source = $2 AND NOT EXISTS (SELECT FROM told t WHERE t.event_id = i.event_id)
  RETURNING i.consumer, i.event_id, i.source, i.seq, i.received_at)
INSERT INTO vanished_cause (consumer, event_id, source, seq, received_at, epoch)
SELECT consumer, event_id, source, seq, received_at, $3 FROM gone ON CONFLICT DO NOTHING"""
_TAKEN_OVER: Final = """
INSERT INTO inbox (consumer, event_id, source, seq)
SELECT $1, event_id, $2, seq FROM told WHERE topic = ANY ($3::text[]) ON CONFLICT DO NOTHING"""
_NO_LONGER_DEAD: Final = """
UPDATE dead_letter SET state = 'REDRIVEN', resolved_at = now(), resolved_by = 'rebuild'
 WHERE consumer = $1 AND state = 'PARKED' AND topic = ANY ($2::text[])
   AND headers ->> 'ce_id' IN (SELECT event_id::text FROM told)"""
_NOTE: Final = """
INSERT INTO source_state AS s (source, epoch, position, wanted_epoch) VALUES ($1, $2, $3, $4)
ON CONFLICT (source) DO UPDATE SET epoch = $2, position = $3, wanted_epoch = $4"""
_DONE: Final = "UPDATE source_state SET wanted_epoch = NULL WHERE source = $1 AND epoch = $2"
# What is compared is whole, and the statistics of a table just emptied or filled mislead: a nested loop takes hours.
_WHOLE_TABLES: Final = "SELECT set_config('enable_nestloop', 'off', true), set_config('work_mem', '64MB', true)"
_SINGLE_ROWS: Final = "SELECT set_config('enable_nestloop', 'on', true)"

OnRebuilt: TypeAlias = Callable[[UnitOfWork, Sequence[Moved]], Awaitable[None]]
"""Told, in the transaction that puts copies in place, which rows moved: what a service derives from them follows."""
Progress: TypeAlias = Callable[[int, int], None]
"""Told the position reached and the newest one there is."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Rebuilt:
    """What a rebuild of one source did. `effects`: events that had had no effect here before."""

    source: str
    epoch: str = ""
    position: int = 0
    events: int = 0
    unreadable: int = 0
    vanished: int = 0
    effects: int = 0
    copies: dict[str, Swapped] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Rebuilder:
    """Makes the copies of one service anew; `url` is that of its worker role, which may make temporary tables."""

    url: str
    applier: Applier
    feeds: Feeds
    handlers: Handlers
    copies: Copies
    on_rebuilt: OnRebuilt | None = None

    async def rebuild(
        self, source: str, *, only: Collection[str] = (), progress: Progress = lambda _done, _head: None
    ) -> Rebuilt:
        """Make the copies of `source` anew, or those named in `only`.

        Raises FeedUnavailable, FeedRestarted, DatabaseAway; nothing is changed then, and it may be repeated.
        """
        async with self._workbench(source) as connection:
            run = _Run(self, connection, source, only=only, progress=progress)
            with database():
                return await run.all()

    @asynccontextmanager
    async def _workbench(self, source: str) -> AsyncIterator[Connection]:
        """A connection of its own, for temporary tables, that no other rebuild of `source` holds."""
        with database():
            pool = await create_pool(
                self.url,
                application=f"rebuild of {source}",
                size=1,
                statement_timeout=_LONGEST,
                settings={"lock_timeout": "60000", "idle_in_transaction_session_timeout": "120000"},
            )
        async with pool, pool.acquire() as connection:
            if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", lock_key(f"rebuild:{source}")):
                raise FeedUnavailable(f"{source} is being rebuilt already")
            yield connection


class _Run:
    """One rebuild, on one connection."""

    def __init__(
        self, rebuilder: Rebuilder, connection: Connection, source: str, *, only: Collection[str], progress: Progress
    ) -> None:
        self._r = rebuilder
        self._connection = connection
        self._progress = progress
        self._partial = bool(only)
        self._copies: Copies = {
            fact: copy
            for fact, copy in rebuilder.copies.items()
            if fact.owner == source and (not only or copy.name in only)
        }
        topics = {fact.topic for fact in (self._copies if only else rebuilder.handlers) if fact.owner == source}
        self._kept = {fact.topic: copy for fact, copy in self._copies.items()}
        self._whole = {topic for topic, copy in self._kept.items() if not copy.applied_only}
        self._types = sorted(kind for kind, fact in CATALOGUE.items() if fact.topic in topics)
        self._after = "0"
        self.result = Rebuilt(source)

    async def all(self) -> Rebuilt:
        """Read, put in place, apply what had no effect yet."""
        await make_shadows(self._connection, self._copies)
        await self._read()
        async with self._connection.transaction():
            await self._put_in_place()
        if not self._partial:
            await self._apply_pending()
            await self._connection.execute(_DONE, self.result.source, self.result.epoch)
        log.info(
            "copies_rebuilt",
            source=self.result.source,
            epoch=self.result.epoch,
            events=self.result.events,
            vanished=self.result.vanished,
            effects=self.result.effects,
        )
        return self.result

    async def _read(self) -> None:
        """Take in the feed up to its end; the next page is on its way while one is taken in."""
        coming = self._ask()
        try:
            while True:
                page = await coming
                self._check(page)
                self._after = f"{page.epoch}:{page.position}"
                if page.is_last:
                    await self._take(page)
                    return
                coming = self._ask()
                await self._take(page)
        finally:
            coming.cancel()

    def _ask(self) -> "asyncio.Task[FeedPage]":
        return asyncio.create_task(self._r.feeds.page(self.result.source, after=self._after, types=self._types))

    def _check(self, page: FeedPage) -> None:
        if page.first > 1:
            raise FeedUnavailable(
                f"the log of {self.result.source} begins at {page.first}: bring its archive back first"
            )

    async def _take(self, page: FeedPage) -> None:
        events: list[Event[Any]] = []
        effects: dict[str, tuple[int, Mapping[str, Any]]] = {}
        for document in page.events:
            try:
                event = event_of_structured(document)
            except Undecodable as error:
                self.result.unreadable += 1
                log.error("rebuild_met_unreadable", event=document.get("id"), reason=error.reason)  # noqa: TRY400 - no trace needed
                continue
            events.append(event)
            if not self._partial and event.topic not in self._whole:
                effects[str(document["id"])] = (int(document["position"]), document)
        await self._tell(events)
        await self._defer(effects)
        self.result.events += len(page.events)
        self.result.epoch, self.result.position = page.epoch, page.position
        self._progress(page.position, page.head)

    async def _tell(self, events: Sequence[Event[Any]]) -> None:
        """Into the shadows, and onto the list of what was told."""
        told = [(event.meta.id, event.topic, event.id, event.version, event.meta.seq) for event in events if event.meta]
        await self._connection.copy_records_to_table("told", records=told)
        by_topic: dict[str, list[Event[Any]]] = {}
        for event in events:
            by_topic.setdefault(event.topic, []).append(event)
        for topic, of_topic in by_topic.items():
            copy: Copy | None = self._kept.get(topic)
            if copy is not None:
                await project(self._connection, copy.table, of_topic, into=copy.shadow)

    async def _defer(self, effects: Mapping[str, tuple[int, Mapping[str, Any]]]) -> None:
        """Keep those that had no effect here yet for afterwards."""
        if effects:
            missing = await self._connection.fetch(_MISSING, self._r.applier.name, list(effects))
            rows = [effects[row[0]] for row in missing]
            await self._connection.executemany("INSERT INTO pending VALUES ($1, $2)", rows)

    async def _put_in_place(self) -> None:
        """The consumer held off: the rest of the feed, then the copies, and what follows from them."""
        connection, result, name = self._connection, self.result, self._r.applier.name
        await connection.execute("SELECT pg_advisory_xact_lock($1)", REBUILD_LOCK)
        await self._read()
        await self._check_epoch()
        await connection.execute("ANALYZE told")
        await connection.execute(_WHOLE_TABLES)
        moved: list[Moved] = []
        for fact, copy in self._copies.items():
            swapped = await swap(connection, fact, copy, consumer=name, which=self._r.on_rebuilt is not None)
            moved += swapped.moved
            result.copies[copy.name] = Swapped(deleted=swapped.deleted, amended=swapped.amended, added=swapped.added)
        if not self._partial:
            await self._account()
        await connection.execute(_SINGLE_ROWS)
        if self._r.on_rebuilt is not None and moved:
            work = self._r.applier.work(connection)
            await self._r.on_rebuilt(work, moved)
            await work.flush()

    async def _check_epoch(self) -> None:
        state = await self._connection.fetchrow(_STATE, self.result.source)
        if state is None:
            return
        if self.result.epoch < max(state["epoch"] or "", state["wanted_epoch"] or ""):
            raise FeedUnavailable(f"{self.result.source} does not tell of the epoch it announced yet")
        if self._partial and self.result.epoch != state["epoch"]:
            raise FeedUnavailable(f"{self.result.source} began a new epoch: rebuild all of it")

    async def _account(self) -> None:
        """Inbox, dead letters and position as if all that was told had come by the bus."""
        connection, result, name = self._connection, self.result, self._r.applier.name
        done = await connection.execute(_VANISHED, name, result.source, result.epoch)
        result.vanished = int(done.rsplit(" ", 1)[1])
        whole = sorted(self._whole)
        await connection.execute(_TAKEN_OVER, name, result.source, whole)
        await connection.execute(_NO_LONGER_DEAD, name, whole)
        held = result.epoch if await connection.fetchval("SELECT EXISTS (SELECT FROM pending)") else None
        await connection.execute(_NOTE, result.source, result.epoch, result.position, held)

    async def _apply_pending(self) -> None:
        """Events that had no effect here yet, in their order; the consumer waits until they have."""
        position = 0
        while rows := await self._connection.fetch(_PENDING, position, self._r.applier.name, _PORTION):
            position = rows[-1]["position"]
            self.result.effects += len(rows)
            await self._r.applier.settle([read(record_of_structured(row["event"])) for row in rows])
