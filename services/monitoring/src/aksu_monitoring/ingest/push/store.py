"""Storing pushed events: one statement for a request, whatever the number of events."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import asyncpg

from aksu_monitoring.ingest.sources.store import Database
from aksu_shared.db.statement import ADMITTED, SCOPE, scope_with
from aksu_shared.db.work import ACCESS_RETRY
from aksu_shared.kernel.errors import TokenRevoked, Unavailable
from aksu_shared.kernel.logging import correlation_id, traceparent

# Columns come as lines of text: encoding an array costs Python more per element than all of this costs per event.
_ROWS: Final = """
unnest(string_to_array($3, E'\n'), string_to_array($4, E'\n'), string_to_array($5, E'\n'), string_to_array($6, E'\n'),
       string_to_array($7, E'\n'), string_to_array($8, E'\n'), string_to_array($9, E'\n'))
  AS r(event_id, subject, sequence, type, time, payload, traceparent)"""
# A column of one empty text comes as no text at all, hence coalesce.
_DIGEST: Final = """
sha256(convert_to(concat_ws(E'\n', r.type, r.subject, r.sequence, coalesce(r.time, ''), r.payload), 'UTF8'))"""
_ADD: Final = f"""
WITH {scope_with(ADMITTED)},
fresh AS (
  INSERT INTO ingest_event
    (source, event_id, subject, sequence, type, time, digest, payload, traceparent, correlation_id, scope)
  SELECT $2::text, r.event_id, r.subject, r.sequence::int, r.type, nullif(r.time, '')::timestamptz, {_DIGEST},
         r.payload::jsonb, coalesce(nullif(r.traceparent, ''), $11::text), $12::text, string_to_array($10, ',')
    FROM s, {_ROWS}
   WHERE s.v IS NOT NULL AND s.admitted
   ORDER BY r.subject, r.sequence::int, r.event_id  -- the same for every sender of the same events: no deadlock
"""
_ADD_ALL: Final = f"{_ADD}) SELECT s.admitted FROM s"
_ADD_NEW: Final = f"{_ADD} ON CONFLICT DO NOTHING RETURNING event_id) SELECT array_agg(event_id) FROM fresh"
_KNOWN: Final = f"""
WITH {SCOPE}
SELECT r.event_id, e.digest = {_DIGEST} AS same
  FROM s, {_ROWS} LEFT JOIN ingest_event e ON e.source = $2 AND e.event_id = r.event_id WHERE s.v IS NOT NULL"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvents:
    """Pushed events of one source to store, as columns of text. No value holds a line feed.

    `payloads` are the data as JSON; `times` ISO 8601 in UTC or empty; `scope` the keys of their rows.
    """

    source: str
    scope: Sequence[str]
    ids: Sequence[str]
    subjects: Sequence[str]
    sequences: Sequence[str]
    types: Sequence[str]
    times: Sequence[str]
    payloads: Sequence[str]
    traceparents: Sequence[str]


class PushStore:
    """Stores pushed events in the scope of `keys`; on a pool each call is a transaction of its own."""

    def __init__(self, connection: Database, *, keys: Sequence[str]) -> None:
        self._connection = connection
        self._keys = ",".join(keys)

    async def add_all(self, events: NewEvents) -> bool:
        """Store all of them; False, and nothing is stored, when an id or a place in a sequence is taken.

        Raises TokenRevoked, Unavailable.
        """
        try:
            admitted = await self._connection.fetchval(_ADD_ALL, *self._columns(events), *_origin(events))
        except asyncpg.UniqueViolationError:
            return False
        if admitted is None:
            raise TokenRevoked
        if not admitted:
            raise Unavailable(retry_after=ACCESS_RETRY)
        return True

    async def add_new(self, events: NewEvents) -> set[str]:
        """Store those whose id and place in the sequence are new; give their ids."""
        return set(await self._connection.fetchval(_ADD_NEW, *self._columns(events), *_origin(events)) or ())

    async def known(self, events: NewEvents) -> dict[str, bool | None]:
        """Id → whether the stored event of that id tells the same; None where there is none."""
        rows = await self._connection.fetch(_KNOWN, *self._columns(events))
        return {row["event_id"]: row["same"] for row in rows}

    def _columns(self, events: NewEvents) -> Sequence[str]:
        columns = (
            events.ids, events.subjects, events.sequences, events.types, events.times, events.payloads,
            events.traceparents,
        )  # fmt: skip
        return (self._keys, events.source, *("\n".join(column) for column in columns))


def _origin(events: NewEvents) -> Sequence[str | None]:
    return ",".join(events.scope), traceparent(), correlation_id()
