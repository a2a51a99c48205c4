"""The unit of work: what one request or message writes, recorded and flushed once, in one transaction.

A service method records events; each event carries the new state of its aggregate, and the row is that state.
So no row changes without its change-log row, and a command costs one statement per table it writes plus one for
all bookkeeping. Nobody but the edge (a command, a consumer, the import) flushes and commits.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Final, TypeAlias

import asyncpg
from sqlalchemy import Table
from uuid_utils.compat import uuid7

from aksu_shared.clock import Clock
from aksu_shared.db.pool import Json
from aksu_shared.errors import ConcurrentWrite, EventTooLarge
from aksu_shared.events.base import Event

MAX_EVENT_BYTES: Final = 65_536
"""What is recorded of one change, as UTF-8 JSON: so that its event passes every bus and every consumer."""

Connection: TypeAlias = "asyncpg.Connection[Any] | asyncpg.pool.PoolConnectionProxy[Any]"

_COLUMNS = (
    "event_id, type, topic, aggregate_id, version, state, changed, scope, scope_before, legal_time, "
    "actor, actor_body, reason, legal_basis, correlation_id, traceparent"
)
_TYPES = (
    "n int, event_id uuid, type text, topic text, aggregate_id text, version int, state jsonb, changed jsonb, "
    "scope text[], scope_before text[], legal_time timestamptz, actor text, actor_body text, reason text, "
    "legal_basis text, correlation_id text, traceparent text"
)
_LOG = f"""
  INSERT INTO change_log ({_COLUMNS})
  SELECT {_COLUMNS} FROM jsonb_to_recordset($1::jsonb) AS r({_TYPES}) ORDER BY n RETURNING seq"""
LOG_SQL = f"WITH log AS ({_LOG}) SELECT max(seq) FROM log"
"""Insert change-log rows; gives the highest `seq`."""
LOG_AND_REPLY_SQL = f"""
WITH log AS ({_LOG}),
reply AS (
  INSERT INTO idempotency (client, key, fingerprint, scope, status, headers, body)
  SELECT $2, $3, $4, $5, $6,
    CASE WHEN max(seq) IS NULL THEN $7::jsonb
         ELSE $7::jsonb || jsonb_build_object('Aksu-Position', $9::text || ':' || max(seq)) END, $8
  FROM log)
SELECT max(seq) FROM log"""
"""The same, and the stored answer of an idempotent command, in one statement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts: a pseudonymous subject, the body it acts for, the scope keys it holds."""

    subject: str
    body: str | None = None
    scope: tuple[str, ...] = ("public",)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReply:
    """The answer kept under an idempotency key."""

    client: str
    key: str
    fingerprint: bytes
    scope: str
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(kw_only=True)
class UnitOfWork:
    """One transaction's connection, actor and time, and what it will write."""

    connection: Connection
    actor: Actor
    clock: Clock
    source: str
    correlation_id: str | None = None
    traceparent: str | None = None
    _rows: dict[Table, list[dict[str, Any]]] = field(default_factory=dict)
    _changes: list[str] = field(default_factory=list)

    def record(self, table: Table, event: Event[Any]) -> None:
        """Write `event.state` as the row of its aggregate, and the event to the change log, when the edge flushes.

        Raises EventTooLarge.
        """
        data = event.data()
        self._changes.append(self._change(event, data))
        self._rows.setdefault(table, []).append(
            data["state"] | {"id": event.id, "version": event.version, "scope": list(event.scope)}
        )

    def _change(self, event: Event[Any], data: dict[str, Any]) -> str:
        change = {
            "n": len(self._changes),
            "event_id": str(uuid7()),
            "type": event.type,
            "topic": event.topic,
            "aggregate_id": event.id,
            "version": event.version,
            "state": data["state"],
            "changed": data["changed"],
            "scope": data["scope"],
            "scope_before": None if event.scope_before is None else list(event.scope_before),
            "legal_time": self.now.isoformat(),
            "actor": self.actor.subject,
            "actor_body": self.actor.body,
            "reason": event.reason,
            "legal_basis": event.legal_basis,
            "correlation_id": self.correlation_id,
            "traceparent": self.traceparent,
        }
        text = json.dumps(change, ensure_ascii=False, separators=(",", ":"))
        if len(text) > MAX_EVENT_BYTES // 4 and len(text.encode()) > MAX_EVENT_BYTES:
            raise EventTooLarge(limit=MAX_EVENT_BYTES)
        return text

    @contextmanager
    def cause(self, event: Event[Any]) -> Iterator[None]:
        """What is recorded in this block was caused by `event`: it carries that event's correlation and trace."""
        before = self.correlation_id, self.traceparent
        if event.meta is not None:
            self.correlation_id, self.traceparent = event.meta.correlation_id, event.meta.traceparent
        try:
            yield
        finally:
            self.correlation_id, self.traceparent = before

    @property
    def now(self) -> datetime:
        """Legal time, UTC."""
        return self.clock.now()

    @property
    def changes(self) -> int:
        """How many events are recorded and not yet flushed."""
        return len(self._changes)

    async def flush(self, reply: StoredReply | None = None) -> int | None:
        """Write everything recorded; give the highest change-log `seq`, or None when nothing changed.

        Raises ConcurrentWrite when another writer took the version an event claims, or its unique name.
        """
        try:
            for table, rows in self._rows.items():
                await write_states(self.connection, table, rows)
        except asyncpg.UniqueViolationError:
            raise ConcurrentWrite from None
        changes = f"[{','.join(self._changes)}]"
        had_changes = bool(self._changes)
        self._rows, self._changes = {}, []
        seq: int | None = None
        if reply:
            seq = await self.connection.fetchval(LOG_AND_REPLY_SQL, Json(changes), *_reply_args(reply), self.source)
        elif had_changes:
            seq = await self.connection.fetchval(LOG_SQL, Json(changes))
        return seq


def _reply_args(reply: StoredReply) -> Sequence[Any]:
    return (reply.client, reply.key, reply.fingerprint, reply.scope, reply.status, reply.headers, reply.body)


async def write_states(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert or update one row per aggregate from its JSON state, the last version of each winning.

    The first version written must follow the stored one without a gap: the optimistic check behind the row lock.
    """
    last = {row["id"]: row for row in rows}
    first = {row["id"]: row["version"] for row in reversed(rows)}
    payload = [row | {"version_before": first[key] - 1} for key, row in last.items()]
    done = await connection.execute(_write_sql(table), Json(json.dumps(payload, ensure_ascii=False)))
    if int(done.rsplit(" ", 1)[1]) != len(last):
        raise ConcurrentWrite


def columns_of(table: Table) -> list[str]:
    """Names of the columns a state fills; those with a server default are PostgreSQL's."""
    return [column.name for column in table.columns if column.server_default is None]


@cache
def _write_sql(table: Table) -> str:
    names = columns_of(table)
    columns = ", ".join(names)
    assigned = ", ".join(f"{name} = EXCLUDED.{name}" for name in names if name != "id")
    return f"""
      WITH rows AS (
        SELECT e, (jsonb_populate_record(NULL::{table.name}, e)).* FROM jsonb_array_elements($1::jsonb) AS e)
      INSERT INTO {table.name} AS t ({columns})
      SELECT {columns} FROM rows
      ON CONFLICT (id) DO UPDATE SET {assigned}, written_at = now()
      WHERE t.version = (SELECT (e->>'version_before')::int FROM rows WHERE rows.id = EXCLUDED.id)"""
