"""The transaction of a consumer: inbox, effects, the service's own changes and how far its sources are, or nothing.

A record takes effect once however often it is delivered, because its event's id goes into the inbox with the effect.
A record whose key is parked is parked too, so that each key keeps its order.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import asyncpg
import structlog

from aksu_shared.bus.contract import Delivered
from aksu_shared.bus.lease import lock_key
from aksu_shared.bus.wire import Undecodable, event_of
from aksu_shared.db.pool import LOCK_TIMEOUT_MS, Json
from aksu_shared.db.work import Actor, Connection, UnitOfWork
from aksu_shared.events.base import Event, Meta
from aksu_shared.kernel.clock import Clock
from aksu_shared.kernel.value import value
from aksu_shared.worker.failure import (
    BEHIND,
    Fault,
    SourceRestored,
    fault_of,
    is_infrastructure,
    transaction,
)
from aksu_shared.worker.freshness import Partition, save_sources
from aksu_shared.worker.patience import in_time
from aksu_shared.worker.routing import Handlers, calls, topics

HANDLER_TIMEOUT: Final = 30.0
"""Seconds a handler may take for one batch."""

_BEGIN: Final = "SELECT pg_advisory_xact_lock_shared($1), set_config('lock_timeout', $2, true)"
_ALONE: Final = "SELECT pg_advisory_xact_lock($1)"
REBUILD_LOCK: Final = lock_key("rebuild")
"""Shared by every transaction that applies events; held alone while one is parked or a rebuilt copy put in place."""
_ADMIT: Final = """
WITH r AS (
  SELECT r.id, r.seq, r.key, o.source, o.topic,
         s.wanted_epoch IS NOT NULL OR o.epoch > s.epoch AS ahead, o.epoch < s.epoch AS superseded
    -- Arrays as text: of each member of another, asyncpg asks twice whether it is an array itself.
    FROM unnest($2::text::uuid[], $3::text::bigint[], $4::text::int[], $5::text[]) AS r(id, seq, origin, key)
    JOIN unnest($6::text[], $7::text[], $8::text[]) WITH ORDINALITY AS o(source, topic, epoch, origin) USING (origin)
    LEFT JOIN source_state s ON s.source = o.source
), parked AS (
  -- FOR SHARE: a re-drive under way is waited for, and what it resolved no longer counts.
  SELECT topic, key FROM dead_letter
   WHERE consumer = $1 AND state = 'PARKED' AND (topic, key) IN (SELECT topic, key FROM r) FOR SHARE
), behind AS (
  SELECT r.id FROM r WHERE (r.topic, r.key) IN (SELECT topic, key FROM parked) AND superseded IS NOT TRUE
), fresh AS (
  INSERT INTO inbox (consumer, event_id, source, seq)
  SELECT $1, id, source, seq FROM r WHERE id NOT IN (SELECT id FROM behind) AND superseded IS NOT TRUE ORDER BY id
  ON CONFLICT DO NOTHING RETURNING event_id)
SELECT event_id AS id, 'fresh' AS verdict FROM fresh WHERE (SELECT count(*) FROM fresh) < (SELECT count(*) FROM r)
UNION ALL
SELECT NULL, 'all fresh' WHERE (SELECT count(*) FROM fresh) = (SELECT count(*) FROM r)
UNION ALL
SELECT id, 'behind' FROM behind WHERE NOT EXISTS (SELECT FROM inbox WHERE consumer = $1 AND event_id = id)
UNION ALL
SELECT id, 'ahead' FROM r WHERE ahead"""
_KNOWN: Final = "SELECT event_id::text FROM inbox WHERE consumer = $1 AND event_id = ANY ($2::uuid[])"
_WANT: Final = """
UPDATE source_state AS s SET wanted_epoch = greatest(s.wanted_epoch, r.epoch)
  FROM unnest($1::text[], $2::text[]) AS r(source, epoch)
 WHERE s.source = r.source AND r.epoch > s.epoch AND s.wanted_epoch IS DISTINCT FROM r.epoch RETURNING s.source"""
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

log = structlog.get_logger(__name__)


@value()
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
    ) -> None:
        self.name = name or service
        self.topics = topics(handlers)
        self._pool = pool
        self._service = service
        self._handlers = handlers
        self.clock = clock
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
        items, known = await self._without_known_faults(connection, items)
        fresh, parked = await self._admit(connection, items, fed=fed)
        await park(connection, self.name, parked)
        work = await self.run(connection, [item.event for item in fresh if item.event is not None])
        changes = work.changes
        await work.flush()
        if not fed:
            await self._save_sources(connection, items)
        return Applied(len(fresh), len(items) + known - len(fresh) - len(parked), len(parked), changes)

    async def settle(self, items: Sequence[Item]) -> None:
        """Apply what a feed told, park what is at fault. Raises only what is_infrastructure."""
        try:
            await self.apply(items, fed=True)
        except Exception as error:
            if is_infrastructure(error):
                raise
            if len(items) == 1:
                await self.park(items[0], fault_of(error))
                return
            await self.settle(items[: len(items) // 2])
            await self.settle(items[len(items) // 2 :])

    async def park(self, item: Item, fault: Fault) -> bool:
        """Park one record in a transaction of its own, unless it has taken effect; whether it was parked.

        Who judges may have stood still, and another member has got the record meanwhile: so alone, when nothing else
        is being applied.
        """
        async with transaction(self._pool) as connection:
            await connection.execute(_ALONE, REBUILD_LOCK)
            identity = _identity(item.record)
            if identity and await connection.fetchval(_KNOWN, self.name, [identity]):
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
            actor=Actor(subject=f"service:{self._service}"),
            clock=self.clock,
            source=self._service,
            begun=True,
            sees_all=True,
        )

    async def _without_known_faults(self, connection: Connection, items: Sequence[Item]) -> tuple[Sequence[Item], int]:
        """The items without those at fault that were repaired or discarded before; and how many those are."""
        faulty = {identity for item in items if item.fault and (identity := _identity(item.record))}
        if not faulty:
            return items, 0
        known = {row[0] for row in await connection.fetch(_KNOWN, self.name, list(faulty))}
        kept = [item for item in items if item.fault is None or _identity(item.record) not in known]
        return kept, len(items) - len(kept)

    async def _admit(
        self, connection: Connection, items: Sequence[Item], *, fed: bool
    ) -> tuple[list[Item], list[tuple[Item, Fault]]]:
        """Items whose event is new, now in the inbox; and those to park: at fault, or behind one that is."""
        readable, parked = _part(items)
        rows = await connection.fetch(_ADMIT, self.name, *_columns(readable)) if readable else []
        if not fed and any(row["verdict"] == "ahead" for row in rows):
            raise SourceRestored(item.event.meta for item in readable if item.event and item.event.meta)
        verdicts = {row["id"]: row["verdict"] for row in rows if row["verdict"] != "ahead"}
        fresh: list[Item] = []
        if None in verdicts:  # all are fresh
            fresh, readable = readable, []
        for item in readable:
            verdict = verdicts.pop(item.event.meta.id, None)  # type: ignore[union-attr]  # readable items have both
            if verdict == "fresh":
                fresh.append(item)
            elif verdict == "behind":
                parked.append((item, BEHIND))
        parked.sort(key=lambda pair: (pair[0].record.topic, pair[0].record.partition, pair[0].record.offset))
        return fresh, parked

    async def _save_sources(self, connection: Connection, items: Iterable[Item]) -> None:
        """Note how far each source is."""
        fresh: dict[Partition, int] = {(item.record.topic, item.record.partition): item.record.time for item in items}
        await save_sources(connection, topics=self.topics, fresh=fresh, events=_metas(items))


def _part(items: Sequence[Item]) -> tuple[list[Item], list[tuple[Item, Fault]]]:
    """Items to try, and items at fault together with what follows them under the same key."""
    if not any(item.fault for item in items):
        return list(items), []
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


def _columns(items: Sequence[Item]) -> tuple[str | list[Any], ...]:
    """Ids, numbers, places among the origins and keys of the items' events; and the origins, of which there are few."""
    metas = _metas(items)
    told = [(meta.source, item.record.topic, meta.epoch) for meta, item in zip(metas, items, strict=True)]
    origins = {origin: place for place, origin in enumerate(dict.fromkeys(told), 1)}
    return (
        _array(meta.id for meta in metas),
        _array(meta.seq for meta in metas),
        _array(origins[origin] for origin in told),
        [item.record.key for item in items],
        *map(list, zip(*origins, strict=True)),
    )


def _array(members: Iterable[object]) -> str:
    """PostgreSQL's text of an array whose members need no quotes."""
    return f"{{{','.join(map(str, members))}}}"


def _metas(items: Iterable[Item]) -> list[Meta]:
    return [item.event.meta for item in items if item.event is not None and item.event.meta is not None]


def _identity(record: Delivered) -> str | None:
    """The event's id that a record claims, even when the rest of it cannot be read."""
    try:
        return str(UUID(record.headers.get("ce_id", "")))
    except ValueError:
        return None


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
