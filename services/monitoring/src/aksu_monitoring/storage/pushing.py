"""Storing pushed events: one statement for a request, whatever the number of events."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, Union

import asyncpg

from aksu_shared.db.work import Connection
from aksu_shared.logging import correlation_id, traceparent

Database: TypeAlias = Union[Connection, "asyncpg.Pool[Any]"]
"""A connection in a transaction, or a pool."""

# Columns come as lines of text: encoding an array costs Python more per element than all of this costs per event.
_ADD: Final = """
WITH s AS MATERIALIZED (SELECT set_config('app.scope', $1, true) AS v),
fresh AS (
  INSERT INTO ingest_event
    (source, event_id, subject, sequence, type, time, digest, payload, traceparent, correlation_id, scope)
  SELECT $2::text, r.event_id, r.subject, r.sequence::int, r.type, nullif(r.time, '')::timestamptz,
         decode(r.digest, 'hex'), r.payload::jsonb, coalesce(nullif(r.traceparent, ''), $4::text), $5::text,
         string_to_array($3::text, ',')
    FROM s, unnest(string_to_array($6, E'\n'), string_to_array($7, E'\n'), string_to_array($8, E'\n'),
                   string_to_array($9, E'\n'), string_to_array($10, E'\n'), string_to_array($11, E'\n'),
                   string_to_array($12, E'\n'), string_to_array($13, E'\n'))
         AS r(event_id, subject, sequence, type, time, digest, payload, traceparent)
   WHERE s.v IS NOT NULL
   ORDER BY r.subject, r.sequence::int, r.event_id  -- the same for every sender of the same events: no deadlock
  {conflict} RETURNING event_id)
SELECT array_agg(event_id) FROM fresh"""
_ADD_ALL: Final = _ADD.format(conflict="")
_ADD_NEW: Final = _ADD.format(conflict="ON CONFLICT DO NOTHING")
_KNOWN: Final = """
SELECT r.event_id, e.digest
  FROM unnest($2::text[]) AS r(event_id) LEFT JOIN ingest_event e ON e.source = $1 AND e.event_id = r.event_id"""


@dataclass(frozen=True, slots=True)
class NewEvents:
    """Pushed events of one source to store, as columns of text. No value holds a line feed.

    `digests` are hex; `payloads` the data as JSON; `times` ISO 8601 or empty; `scope` the keys of their rows.
    """

    source: str
    scope: Sequence[str]
    ids: list[str] = field(default_factory=list)
    subjects: list[str] = field(default_factory=list)
    sequences: list[str] = field(default_factory=list)
    types: list[str] = field(default_factory=list)
    times: list[str] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)
    payloads: list[str] = field(default_factory=list)
    traceparents: list[str] = field(default_factory=list)


class PushStore:
    """Stores pushed events in the scope of `keys`; on a pool each call is a transaction of its own."""

    def __init__(self, connection: Database, *, keys: Sequence[str]) -> None:
        self._connection = connection
        self._keys = ",".join(keys)

    async def add_all(self, events: NewEvents) -> bool:
        """Store all of them; False, and nothing is stored, when an id or a place in a sequence is taken."""
        try:
            await self._connection.fetchval(_ADD_ALL, *self._parameters(events))
        except asyncpg.UniqueViolationError:
            return False
        return True

    async def add_new(self, events: NewEvents) -> set[str]:
        """Store those whose id and place in the sequence are new; give their ids."""
        return set(await self._connection.fetchval(_ADD_NEW, *self._parameters(events)) or ())

    async def digests(self, source: str, ids: Iterable[str]) -> dict[str, str | None]:
        """Digest, in hex, of each of these events as stored; None for one that is not."""
        rows = await self._connection.fetch(_KNOWN, source, list(ids))
        return {row["event_id"]: row["digest"] and row["digest"].hex() for row in rows}

    def _parameters(self, events: NewEvents) -> Sequence[str | None]:
        columns = (
            events.ids, events.subjects, events.sequences, events.types, events.times, events.digests,
            events.payloads, events.traceparents,
        )  # fmt: skip
        scope = ",".join(events.scope)
        lines = ("\n".join(column) for column in columns)
        return (self._keys, events.source, scope, traceparent(), correlation_id(), *lines)
