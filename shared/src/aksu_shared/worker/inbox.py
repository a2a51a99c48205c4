"""The inbox: which events a consumer has met. An event that is admitted is in it, so its effect comes once.

A record whose key is parked is parked too, so that each key keeps its order.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from aksu_shared.bus.contract import Delivered
from aksu_shared.db.work import Connection
from aksu_shared.events.base import Meta
from aksu_shared.worker.failure import BEHIND, Fault, SourceRestored
from aksu_shared.worker.items import Item, identity_of

_ADMIT: Final = """
WITH r AS (
  SELECT r.id, r.seq, r.key, o.source, o.topic,
         s.wanted_epoch IS NOT NULL OR o.epoch > s.epoch AS ahead, o.epoch < s.epoch AS superseded
    -- Arrays as text: of each member of another, asyncpg asks twice whether it is an array itself.
    FROM unnest($2::text::uuid[], $3::text::bigint[], $4::text::int[], $5::text[]) AS r(id, seq, origin, key)
    JOIN unnest($6::text[], $7::text[], $8::text[]) WITH ORDINALITY AS o(source, topic, epoch, origin) USING (origin)
    LEFT JOIN source_state s ON s.source = o.source
), parked AS (
  -- FOR SHARE: a replay under way is waited for, and what it resolved no longer counts.
  SELECT topic, key FROM dead_letter
   WHERE consumer = $1 AND outcome IS NULL AND (topic, key) IN (SELECT topic, key FROM r) FOR SHARE
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


class Inbox:
    """The inbox of `consumer`, on one connection in a transaction."""

    def __init__(self, connection: Connection, consumer: str) -> None:
        self._connection = connection
        self._consumer = consumer

    async def knows(self, record: Delivered) -> bool:
        """Whether the event that a record claims to carry has taken effect or was discarded."""
        identity = identity_of(record)
        return identity is not None and bool(await self._connection.fetchval(_KNOWN, self._consumer, [identity]))

    async def without_known_faults(self, items: Sequence[Item]) -> tuple[Sequence[Item], int]:
        """The items without those at fault that were repaired or discarded before; and how many those are."""
        faulty = {identity for item in items if item.fault and (identity := identity_of(item.record))}
        if not faulty:
            return items, 0
        known = {row[0] for row in await self._connection.fetch(_KNOWN, self._consumer, list(faulty))}
        kept = [item for item in items if item.fault is None or identity_of(item.record) not in known]
        return kept, len(items) - len(kept)

    async def admit(self, items: Sequence[Item], *, fed: bool) -> tuple[list[Item], list[tuple[Item, Fault]]]:
        """Items whose event is new, now in the inbox; and those to park: at fault, or behind one that is.

        Raises SourceRestored, unless `fed`, when a source began a new epoch.
        """
        readable, parked = _part(items)
        rows = await self._connection.fetch(_ADMIT, self._consumer, *_columns(readable)) if readable else []
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
    metas = metas_of(items)
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


def metas_of(items: Iterable[Item]) -> list[Meta]:
    """What stands on the envelopes of the items' events."""
    return [item.event.meta for item in items if item.event is not None and item.event.meta is not None]
