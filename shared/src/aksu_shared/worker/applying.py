"""The transaction of a consumer: inbox, effects, the service's own changes and how far its sources are, or nothing.

A record takes effect once however often it is delivered, because its event's id goes into the inbox with the effect.
A record whose key is parked is parked too, so that each key keeps its order.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import asyncpg
import structlog

from aksu_shared.bus.contract import Delivered
from aksu_shared.clock import Clock
from aksu_shared.db.pool import Json
from aksu_shared.db.work import Actor, Connection, UnitOfWork
from aksu_shared.events.base import Event
from aksu_shared.events.wire import Undecodable, event_of
from aksu_shared.worker.failure import BEHIND, Fault, HandlerTimeout, transaction
from aksu_shared.worker.freshness import Partition, save_sources
from aksu_shared.worker.routing import Handlers, calls, topics

HANDLER_TIMEOUT: Final = 30.0
"""Seconds a handler may take for one batch."""

_ADMIT: Final = """
WITH r AS (
  SELECT * FROM unnest($2::uuid[], $3::text[], $4::bigint[], $5::text[], $6::text[]) AS r(id, source, seq, topic, key)
), parked AS (
  -- FOR SHARE: a re-drive under way is waited for, and what it resolved no longer counts.
  SELECT topic, key FROM dead_letter
   WHERE consumer = $1 AND state = 'PARKED' AND (topic, key) IN (SELECT topic, key FROM r) FOR SHARE
), behind AS (
  SELECT r.id FROM r WHERE (r.topic, r.key) IN (SELECT topic, key FROM parked)
), fresh AS (
  INSERT INTO inbox (consumer, event_id, source, seq)
  SELECT $1, id, source, seq FROM r WHERE id NOT IN (SELECT id FROM behind) ORDER BY id
  ON CONFLICT DO NOTHING RETURNING event_id)
SELECT event_id AS id, true AS fresh FROM fresh
UNION ALL
SELECT id, false FROM behind WHERE NOT EXISTS (SELECT FROM inbox WHERE consumer = $1 AND event_id = id)"""
_PARK: Final = """
INSERT INTO dead_letter (consumer, topic, partition, "offset", key, headers, value, reason, detail)
SELECT $1, r.topic, r.partition, r."offset", r.key, r.headers, r.value, r.reason, r.detail
  FROM unnest($2::text[], $3::int[], $4::bigint[], $5::text[], $6::jsonb[], $7::bytea[], $8::text[], $9::text[])
       WITH ORDINALITY AS r(topic, partition, "offset", key, headers, value, reason, detail, n)
 WHERE NOT EXISTS (
   SELECT FROM dead_letter d
    WHERE d.consumer = $1 AND d.topic = r.topic AND d.key = r.key AND d.state = 'PARKED'
      AND d.headers ->> 'ce_id' = r.headers ->> 'ce_id' AND d.value = r.value)
 ORDER BY n
ON CONFLICT DO NOTHING"""

NewEpoch: TypeAlias = Callable[[UnitOfWork, str, str, str], Awaitable[None]]
"""Called in the transaction that meets a source's new epoch: `(work, source, old epoch, new epoch)`."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Item:
    """A record, and the event it carries or why it carries none."""

    record: Delivered
    event: Event[Any] | None
    fault: Fault | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What its order is kept by: topic and key."""
        return self.record.topic, self.record.key


def read(record: Delivered) -> Item:
    """The record with its event, or with the fault that keeps it from being one."""
    try:
        return Item(record, event_of(record))
    except Undecodable as error:
        return Item(record, None, Fault(error.reason, error.detail))


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
        name: str | None = None,
        timeout: float = HANDLER_TIMEOUT,
        on_new_epoch: NewEpoch | None = None,
    ) -> None:
        self.name = name or service
        self.topics = topics(handlers)
        self._pool = pool
        self._service = service
        self._handlers = handlers
        self.clock = clock
        self._timeout = timeout
        self._on_new_epoch = on_new_epoch

    async def apply(self, items: Sequence[Item]) -> Applied:
        """Effects of all items in one transaction, in order per key. Whatever a handler raises undoes all of it."""
        async with transaction(self._pool) as connection:
            fresh, parked = await self._admit(connection, items)
            await park(connection, self.name, parked)
            work = await self.run(connection, [item.event for item in fresh if item.event is not None])
            changes = work.changes
            await work.flush()
            await self._save_sources(work, items)
        return Applied(len(fresh), len(items) - len(fresh) - len(parked), len(parked), changes)

    async def park(self, item: Item, fault: Fault) -> None:
        """Park one record in a transaction of its own."""
        async with transaction(self._pool) as connection:
            await park(connection, self.name, [(item, fault)])

    async def run(self, connection: Connection, events: Sequence[Event[Any]]) -> UnitOfWork:
        """Call the handlers; give the unit of work, not yet flushed. Raises HandlerTimeout and what handlers raise."""
        work = self.work(connection)
        causes = {event.meta.correlation_id for event in events if event.meta is not None}
        with work.cause(events[0]) if len(causes) == 1 else nullcontext():
            for call in calls(self._handlers, events):
                await self._call(call.handler(work, call.events), getattr(call.handler, "__qualname__", "a handler"))
        return work

    def work(self, connection: Connection) -> UnitOfWork:
        """A unit of work in which the service itself acts."""
        return UnitOfWork(
            connection=connection,
            actor=Actor(subject=f"service:{self._service}"),
            clock=self.clock,
            source=self._service,
            begun=True,
        )

    async def _call(self, handling: Awaitable[None], name: str) -> None:
        bound = asyncio.timeout(self._timeout)
        try:
            async with bound:
                await handling
        except TimeoutError as error:
            if bound.expired():
                msg = f"{name} took more than {self._timeout:g} s"
                raise HandlerTimeout(msg) from error
            raise

    async def _admit(
        self, connection: Connection, items: Sequence[Item]
    ) -> tuple[list[Item], list[tuple[Item, Fault]]]:
        """Items whose event is new, now in the inbox; and those to park: at fault, or behind one that is."""
        readable, parked = _part(items)
        rows = await connection.fetch(_ADMIT, self.name, *_columns(readable)) if readable else []
        verdicts = {row["id"]: row["fresh"] for row in rows}
        fresh: list[Item] = []
        for item in readable:
            verdict = verdicts.pop(item.event.meta.id, None)  # type: ignore[union-attr]  # readable items have both
            if verdict:
                fresh.append(item)
            elif verdict is False:
                parked.append((item, BEHIND))
        parked.sort(key=lambda pair: (pair[0].record.topic, pair[0].record.partition, pair[0].record.offset))
        return fresh, parked

    async def _save_sources(self, work: UnitOfWork, items: Iterable[Item]) -> None:
        """Note how far each source is; one that began a new epoch is reported."""
        fresh: dict[Partition, int] = {(item.record.topic, item.record.partition): item.record.time for item in items}
        events = [item.event.meta for item in items if item.event is not None and item.event.meta is not None]
        for source, before, epoch in await save_sources(
            work.connection, topics=self.topics, fresh=fresh, events=events
        ):
            log.warning("source_began_new_epoch", source=source, before=before, epoch=epoch)
            if self._on_new_epoch is not None:
                await self._on_new_epoch(work, source, before, epoch)
                await work.flush()


def _part(items: Iterable[Item]) -> tuple[list[Item], list[tuple[Item, Fault]]]:
    """Items to try, and items at fault together with what follows them under the same key."""
    readable: list[Item] = []
    parked: list[tuple[Item, Fault]] = []
    blocked: set[tuple[str, str]] = set()
    for item in items:
        if item.fault is not None:
            blocked.add(item.key)
            parked.append((item, item.fault))
        elif item.key in blocked:
            parked.append((item, BEHIND))
        else:
            readable.append(item)
    return readable, parked


def _columns(items: Sequence[Item]) -> tuple[list[Any], ...]:
    metas = [item.event.meta for item in items if item.event is not None and item.event.meta is not None]
    return (
        [meta.id for meta in metas],
        [meta.source for meta in metas],
        [meta.seq for meta in metas],
        [item.record.topic for item in items],
        [item.record.key for item in items],
    )


async def park(connection: Connection, consumer: str, parked: Sequence[tuple[Item, Fault]]) -> None:
    """Write dead letters with the original bytes. One already parked is not parked twice."""
    if not parked:
        return
    records = [item.record for item, _ in parked]
    await connection.execute(
        _PARK,
        consumer,
        [record.topic for record in records],
        [record.partition for record in records],
        [record.offset for record in records],
        [record.key for record in records],
        [_headers(record.headers) for record in records],
        [record.value for record in records],
        [fault.reason for _, fault in parked],
        [fault.detail for _, fault in parked],
    )
    for item, fault in parked:
        log.error(
            "record_parked",
            consumer=consumer,
            topic=item.record.topic,
            partition=item.record.partition,
            offset=item.record.offset,
            reason=fault.reason,
            detail=fault.detail,
        )


def _headers(headers: Mapping[str, str]) -> Json:
    return Json(json.dumps(dict(headers), ensure_ascii=False).replace("\\u0000", "\\ufffd"))
