"""The unit of work: what one request or message writes, recorded and flushed once, in one transaction.

A service method records events; each event carries the new state of its aggregate, and the row is that state.
So no row changes without its change-log row, and whatever a command writes (rows, change log, idempotency key) goes
out in one statement. Nobody but the edge (a command, a consumer, the import) flushes and commits.

A command that takes no lock and writes one row needs no transaction around it: what it read is checked again by
version when that one statement writes, and each statement sets the caller's scope for itself. BEGIN, the scope and
COMMIT as statements of their own were half of its round trips (docs/adr/0009).
"""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeAlias
from uuid import UUID

import asyncpg
from pydantic_core import to_json
from sqlalchemy import Table
from uuid_utils import uuid7

from aksu_shared.db.flush import document, of_one, of_several
from aksu_shared.db.log_keys import DEVELOPMENT_LOG_KEYS, LogKeys
from aksu_shared.db.pool import Json
from aksu_shared.db.statement import ADMITTED, scope_with
from aksu_shared.events.base import Event
from aksu_shared.kernel.clock import Clock
from aksu_shared.kernel.errors import ConcurrentWrite, EventTooLarge, Forbidden, Problem, TokenRevoked, Unavailable

IDEMPOTENCY_KEY: Final = "idempotency_pkey"
"""The constraint that is broken when another request with the same key was stored meanwhile."""
ACCESS_RETRY: Final = 5
"""Seconds after which to send a write again that could not be admitted."""
MAX_EVENT_BYTES: Final = 65_536
"""What is recorded of one change, as UTF-8 JSON: so that its event passes every bus and every consumer."""

Connection: TypeAlias = "asyncpg.Connection[Any] | asyncpg.pool.PoolConnectionProxy[Any]"

Taken: TypeAlias = Callable[[], Awaitable[Problem | None]]
"""Looks who holds a unique value: the refusal that names them, or None when they are gone by now."""

_SET_SCOPE = f"WITH {scope_with(ADMITTED)} SELECT v, admitted FROM s"


class Actor(NamedTuple):
    """Who acts: a pseudonymous subject, the body it acts for, the scope keys it holds."""

    subject: str
    body: str | None = None
    scope: tuple[str, ...] = ("public",)


class StoredReply(NamedTuple):
    """The answer kept under an idempotency key; the order is that of the statement's parameters."""

    client: str
    key: str
    fingerprint: bytes
    scope: str
    status: int
    headers: dict[str, str]
    body: bytes


class KeyTaken(Exception):
    """A request with the same idempotency key was answered meanwhile, or is being answered now."""


@dataclass(kw_only=True)
class UnitOfWork:
    """A connection, who acts and when, and what will be written; a transaction only once `begin` was called."""

    connection: Connection
    actor: Actor
    clock: Clock
    source: str
    log_keys: LogKeys = DEVELOPMENT_LOG_KEYS
    """What the changes are signed with."""
    correlation_id: str | None = None
    traceparent: str | None = None
    caused_by: UUID | None = None
    """The event, of another service, that what is recorded now follows from."""
    begun: bool = False
    """Whether a transaction is open: from the start where others write through the same connection."""
    sees_all: bool = False
    """Whether stores read what is outside the actor's scope too: where the service itself acts, and nobody asks."""
    taken: dict[str, "Taken"] = field(default_factory=dict)
    """By the name of a unique constraint: what to raise instead of ConcurrentWrite when it is broken."""
    _rows: dict[Table, list[dict[str, Any]]] = field(default_factory=dict)
    _changes: list[dict[str, Any]] = field(default_factory=list)
    _flushed: int = 0

    @property
    def scope(self) -> str:
        """The actor's scope keys, as each statement sets them."""
        return ",".join(self.actor.scope)

    async def begin(self) -> Connection:
        """The connection in a transaction with the scope set, which the edge ends: for all but a store's reads.

        Raises TokenRevoked, and Unavailable while it cannot be known whether the token is.
        """
        if not self.begun:
            self.begun = True
            await self.connection.execute("BEGIN")
            row = await self.connection.fetchrow(_SET_SCOPE, self.scope)
            if row is None:
                raise TokenRevoked
            if not row["admitted"]:
                raise Unavailable(retry_after=ACCESS_RETRY)
        return self.connection

    async def commit(self) -> None:
        """End the transaction, when one was begun."""
        if self.begun:
            await self.connection.execute("COMMIT")
            self.begun = False

    async def rollback(self) -> None:
        """Undo what was written, and forget what was recorded."""
        self._rows, self._changes = {}, []
        if self.begun and not self.connection.is_closed():
            await self.connection.execute("ROLLBACK")
        self.begun = False

    def record(self, table: Table, event: Event[Any], **beside: Any) -> None:  # noqa: ANN401 - columns of the table
        """Write `event.state` as the row of its aggregate, and the event to the change log, when the edge flushes.

        `beside` are columns that are not part of the state. Raises EventTooLarge.
        """
        data = event.data()
        self._changes.append(self._change(event, data))
        self._rows.setdefault(table, []).append(
            data["state"] | {"id": event.id, "version": event.version, "scope": list(event.scope)} | beside
        )

    def _change(self, event: Event[Any], data: dict[str, Any]) -> dict[str, Any]:
        # A quarter of the time json.dumps takes, and this is most of what a change costs.
        change: dict[str, Any] = {
            "event_id": str(uuid7()),
            "type": event.type,
            "topic": event.topic,
            "aggregate_id": event.id,
            "version": event.version,
            "state": Json(to_json(data["state"]).decode()),
            "changed": Json(to_json(data["changed"]).decode()),
            "scope": data["scope"],
            "scope_before": None if event.scope_before is None else list(event.scope_before),
            "legal_time": self.now,
            "actor": self.actor.subject,
            "actor_body": self.actor.body,
            "reason": event.reason,
            "legal_basis": event.legal_basis,
            "correlation_id": self.correlation_id,
            "traceparent": self.traceparent,
            "cause": self.caused_by,
        }
        change["mac"] = self.log_keys.mac(self.source, change)
        # Measured only where it could matter: a character is at most four bytes, and what is not counted is short.
        characters = len(change["state"]) + len(change["changed"]) + len(event.reason or "")
        if characters > MAX_EVENT_BYTES // 8 and len(document(0, change).encode()) > MAX_EVENT_BYTES:
            raise EventTooLarge(limit=MAX_EVENT_BYTES)
        return change

    @contextmanager
    def cause(self, event: Event[Any]) -> Iterator[None]:
        """What is recorded in this block was caused by `event`: it carries that event's correlation, trace and id."""
        before = self.correlation_id, self.traceparent, self.caused_by
        if event.meta is not None:
            meta = event.meta
            self.correlation_id, self.traceparent, self.caused_by = meta.correlation_id, meta.traceparent, meta.id
        try:
            yield
        finally:
            self.correlation_id, self.traceparent, self.caused_by = before

    @property
    def now(self) -> datetime:
        """Legal time, UTC."""
        return self.clock.now()

    @property
    def changes(self) -> int:
        """How many events were recorded, flushed or not."""
        return self._flushed + len(self._changes)

    async def flush(self, reply: StoredReply | None = None) -> int | None:
        """Write everything recorded; give the highest change-log `seq`, or None when nothing changed.

        Raises ConcurrentWrite when another writer took the version an event claims, or its unique name, unless `taken`
        says more; KeyTaken when the answer's key is another request's; Forbidden for a row outside what the actor may
        write; TokenRevoked, and Unavailable while it cannot be known whether it is.
        """
        rows, changes, taken = self._rows, self._changes, self.taken
        self._rows, self._changes, self.taken = {}, [], {}
        self._flushed += len(changes)
        if not changes and reply is None:
            return None
        states = {table: _last_versions(of_table) for table, of_table in rows.items()}
        stored = () if reply is None else (*reply, self.source)
        if len(changes) == 1:
            ((table, (row,)),) = states.items()
            sql, args = of_one(self.scope, table, row, changes[0], stored)
        else:
            sql, args = of_several(self.scope, states, changes, stored)
            if sum(map(len, states.values())) > 1:  # some might be written while another is refused
                await self.begin()
        try:
            done = await self.connection.fetchrow(sql, *args)
        except asyncpg.UniqueViolationError as error:
            if error.constraint_name == IDEMPOTENCY_KEY:
                raise KeyTaken from None
            raise await self._conflict(taken.get(error.constraint_name or "")) from None
        except asyncpg.InsufficientPrivilegeError:  # row-level security: a row outside the actor's own scope
            raise Forbidden(right="platform.scope.write") from None
        return _outcome(done)

    async def _conflict(self, taken: Taken | None) -> Problem:
        if taken is None:
            return ConcurrentWrite()
        await self.rollback()  # nothing is read in a transaction that failed
        return await taken() or ConcurrentWrite()


def _outcome(done: asyncpg.Record | None) -> int | None:
    """The highest `seq` written, as the statement tells it; raises what stood in the way."""
    if done is None:
        raise TokenRevoked
    free, admitted, written, seq = done
    if not free:
        raise KeyTaken
    if not admitted:
        raise Unavailable(retry_after=ACCESS_RETRY)
    if not written:
        raise ConcurrentWrite
    return None if seq is None else int(seq)


def _last_versions(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row per aggregate, the last version of each, with the version that must be the stored one: so no gap."""
    last = {row["id"]: row for row in rows}
    first = {row["id"]: row["version"] for row in reversed(rows)}
    return [row | {"version_before": first[key] - 1} for key, row in last.items()]
