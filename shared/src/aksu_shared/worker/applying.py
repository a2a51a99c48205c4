"""The transaction of a consumer: inbox, effects, the service's own changes and how far its sources are, or nothing.

A record takes effect once however often it is delivered, because its event's id goes into the inbox with the effect.
"""

from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import asyncpg
import structlog

from aksu_shared.bus.lease import lock_key
from aksu_shared.db.log_keys import DEVELOPMENT_LOG_KEYS, LogKeys
from aksu_shared.db.pool import LOCK_TIMEOUT_MS
from aksu_shared.db.work import Actor, Connection, UnitOfWork
from aksu_shared.events.base import Event
from aksu_shared.kernel.clock import Clock
from aksu_shared.worker.failure import Fault, SourceRestored, fault_of, transaction
from aksu_shared.worker.freshness import Partition, save_sources
from aksu_shared.worker.inbox import Inbox, metas_of
from aksu_shared.worker.items import Item
from aksu_shared.worker.parking import park
from aksu_shared.worker.patience import in_time
from aksu_shared.worker.routing import Handlers, calls, topics
from aksu_shared.worker.settling import Settling

HANDLER_TIMEOUT: Final = 30.0
"""Seconds a handler may take for one batch."""

_BEGIN: Final = "SELECT pg_advisory_xact_lock_shared($1), set_config('lock_timeout', $2, true)"
_ALONE: Final = "SELECT pg_advisory_xact_lock($1)"
REBUILD_LOCK: Final = lock_key("rebuild")
"""Shared by every transaction that applies events; held alone while one is parked or a rebuilt copy put in place."""
_WANT: Final = """
UPDATE source_state AS s SET wanted_epoch = greatest(s.wanted_epoch, r.epoch)
  FROM unnest($1::text[], $2::text[]) AS r(source, epoch)
 WHERE s.source = r.source AND r.epoch > s.epoch AND s.wanted_epoch IS DISTINCT FROM r.epoch RETURNING s.source"""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Applied:
    """What one transaction did."""

    events: int = 0
    repeated: int = 0
    parked: int = 0
    changes: int = 0

    def __add__(self, other: "Applied") -> "Applied":
        """Sums, for the halves of a batch."""
        return Applied(
            self.events + other.events,
            self.repeated + other.repeated,
            self.parked + other.parked,
            self.changes + other.changes,
        )


class Applier:
    """Applies records to the database of `service` as its consumer `name`."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        *,
        service: str,
        handlers: Handlers,
        clock: Clock,
        log_keys: LogKeys = DEVELOPMENT_LOG_KEYS,
        name: str | None = None,
        timeout: float = HANDLER_TIMEOUT,
    ) -> None:
        self.name = name or service
        self.topics = topics(handlers)
        self._pool = pool
        self.service = service
        self._handlers = handlers
        self.clock = clock
        self.log_keys = log_keys
        self._timeout = timeout
        # Less than the handler's own time: who waits for a lock of another must not be taken for one that hangs.
        self._lock_timeout = str(int(min(LOCK_TIMEOUT_MS, timeout * 500)))

    async def apply(self, items: Sequence[Item], *, fed: bool = False) -> Applied:
        """Effects of all items in one transaction, in order per key. Whatever a handler raises undoes all of it.

        Raises SourceRestored, and asks for the rebuild, when a source began a new epoch: its copy has to be made anew
        before anything of it is applied. `fed`: told by the owner's feed, whose epoch the caller has looked at.
        """
        try:
            async with transaction(self._pool) as connection:
                return await self._apply(connection, items, fed=fed)
        except SourceRestored as restored:
            if await self._pool.fetch(_WANT, list(restored.epochs), list(restored.epochs.values())):
                log.warning("source_began_new_epoch", epochs=dict(restored.epochs))
            raise

    async def _apply(self, connection: Connection, items: Sequence[Item], *, fed: bool) -> Applied:
        await connection.execute(_BEGIN, REBUILD_LOCK, self._lock_timeout)
        inbox = Inbox(connection, self.name)
        items, known = await inbox.without_known_faults(items)
        fresh, parked = await inbox.admit(items, fed=fed)
        await park(connection, self.name, parked)
        work = await self.run(connection, [item.event for item in fresh if item.event is not None])
        changes = work.changes
        await work.flush()
        if not fed:
            await self._save_sources(connection, items)
        return Applied(len(fresh), len(items) + known - len(fresh) - len(parked), len(parked), changes)

    async def settle(self, items: Sequence[Item]) -> Applied:
        """Apply what a feed told, park what is at fault. Raises only what is_infrastructure."""
        fed = Settling(name="feed", apply=partial(self.apply, fed=True), park=self.set_aside)
        return sum(await fed.settle(items), Applied())

    async def set_aside(self, item: Item, error: Exception) -> Applied:
        """Park a record that fails alone, unless it has taken effect meanwhile."""
        return Applied(parked=1) if await self.park(item, fault_of(error)) else Applied(repeated=1)

    async def park(self, item: Item, fault: Fault) -> bool:
        """Park one record in a transaction of its own, unless it has taken effect; whether it was parked.

        Who judges may have stood still, and another member has got the record meanwhile: so alone, when nothing else
        is being applied.
        """
        async with transaction(self._pool) as connection:
            await connection.execute(_ALONE, REBUILD_LOCK)
            if await Inbox(connection, self.name).knows(item.record):
                return False
            await park(connection, self.name, [(item, fault)])
            return True

    async def run(self, connection: Connection, events: Sequence[Event[Any]]) -> UnitOfWork:
        """Call the handlers; give the unit of work, not yet flushed. Raises HandlerTimeout and what handlers raise."""
        work = self.work(connection)
        causes = {event.meta.correlation_id for event in events if event.meta is not None}
        with work.cause(events[0]) if len(causes) == 1 else nullcontext():
            if len(events) > 1:
                work.caused_by = None  # one correlation, but which of them it was only the handler knows
            for call in calls(self._handlers, events):
                name = getattr(call.handler, "__qualname__", "a handler")
                await in_time(call.handler(work, call.events), self._timeout, name=name)
        return work

    def work(self, connection: Connection) -> UnitOfWork:
        """A unit of work in which the service itself acts."""
        return UnitOfWork(
            connection=connection,
            actor=Actor(subject=f"service:{self.service}"),
            clock=self.clock,
            source=self.service,
            log_keys=self.log_keys,
            begun=True,
            sees_all=True,
        )

    async def _save_sources(self, connection: Connection, items: Iterable[Item]) -> None:
        """Note how far each source is."""
        fresh: dict[Partition, int] = {(item.record.topic, item.record.partition): item.record.time for item in items}
        await save_sources(connection, topics=self.topics, fresh=fresh, events=metas_of(items))
