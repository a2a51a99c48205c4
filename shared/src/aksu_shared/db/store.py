"""Stores: how services read their aggregates for a change. The row of an aggregate is its public state."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, Table, any_, bindparam, select

from aksu_shared.db.statement import SCOPE, Statement
from aksu_shared.db.tables import check_columns
from aksu_shared.db.visible import SEEN
from aksu_shared.db.work import UnitOfWork
from aksu_shared.events.base import Event, Scope, State, difference
from aksu_shared.kernel.errors import NotFound, PreconditionFailed, TokenRevoked

S = TypeVar("S", bound=State)


class Kept(NamedTuple, Generic[S]):
    """An aggregate as it is stored: its id, version, scope keys and public state."""

    id: str
    version: int
    scope: Scope
    state: S

    def expect(self, version: int | None) -> None:
        """Raise PreconditionFailed when the caller knows (`If-Match`) another version than the stored one."""
        if version is not None and version != self.version:
            raise PreconditionFailed(version=self.version)

    def becomes(
        self,
        fact: type[Event[S]],
        *,
        scope: Scope | None = None,
        reason: str | None = None,
        legal_basis: str | None = None,
        **changes: Any,  # noqa: ANN401 - fields of the state
    ) -> Event[S]:
        """The event by which this aggregate takes `changes`; `scope` only when it moves.

        Raises ValidationError for a field the state does not have.
        """
        after = self.state.with_changes(changes)
        values = after.model_dump(mode="json")
        return fact(
            id=self.id,
            version=self.version + 1,
            state=after,
            scope=scope or self.scope,
            scope_before=self.scope,
            changed=difference(self.state, values),
            values=values,
            reason=reason,
            legal_basis=legal_basis,
        )


def begins(fact: type[Event[S]], state: S, *, id: str, scope: Scope, reason: str | None = None) -> Event[S]:  # noqa: A002 - the field's name
    """The first event of a new aggregate."""
    values = state.model_dump(mode="json")
    return fact(
        id=id, version=1, state=state, scope=scope, changed=difference(None, values), values=values, reason=reason
    )


class Store(Generic[S]):
    """Reads and records the aggregates of one table.

    `table` holds one column per field of `schema`, besides id, version and scope.
    """

    def __init__(self, work: UnitOfWork, table: Table, schema: type[S]) -> None:
        check_columns(table, schema)
        self._work = work
        self._table = table
        self._schema = schema

    async def get(self, key: object, *, lock: bool = True) -> Kept[S]:
        """The aggregate with this id, its row locked until the end of the transaction. Raises NotFound."""
        found = await self.find(_by_id(self._table, lock=lock), key=key)
        if not found:
            raise NotFound
        return found[0]

    async def get_many(self, keys: Iterable[object]) -> dict[str, Kept[S]]:
        """Those that exist, by id; locked in the order of their ids, so that two writers never deadlock."""
        found = await self.find(_by_ids(self._table), keys=list(keys))
        return {kept.id: kept for kept in found}

    async def find(self, statement: Statement, **values: object) -> list[Kept[S]]:
        """The aggregates a statement of `rows_where` selects; `values` fill its bind parameters."""
        if statement.locks:
            await self._work.begin()
        sql = _alone(statement, sees_all=self._work.sees_all)
        rows = await self._work.connection.fetch(sql, self._work.scope, *statement.args(values))
        return [self.kept(dict(row)) for row in rows]

    def search(self, statement: Statement, **values: object) -> "Search[S]":
        """The question that `find` asks at once, to be asked together with others."""
        return Search(self, statement, statement.args(values))

    async def reserve(self, name: str) -> None:
        """Let only this transaction make an aggregate of a unique `name`; look again for it after this."""
        connection = await self._work.begin()
        await connection.execute(_RESERVE, f"{self._table.name}:{name}")

    def save(self, event: Event[S], **beside: Any) -> Kept[S]:  # noqa: ANN401 - columns of the table
        """Record the event; its row is written when the edge flushes. Gives the aggregate as it will be.

        `beside` fills columns that are not part of the state; those not given become NULL.
        """
        self._work.record(self._table, event, **beside)
        return Kept(event.id, event.version, event.scope, event.state)

    def kept(self, row: dict[str, Any]) -> Kept[S]:
        """A row of the table, as asyncpg or PostgreSQL's JSON gives it; its other columns are no part of the state."""
        state = self._schema.model_validate(row, extra="ignore")
        return Kept(str(row["id"]), row["version"], tuple(row["scope"]), state)


class Search(NamedTuple, Generic[S]):
    """A question to one store."""

    store: Store[S]
    statement: Statement
    args: Sequence[Any]


async def find_together(work: UnitOfWork, *searches: Search[Any]) -> list[list[Kept[Any]]]:
    """Ask several stores in one round trip, none for rows to lock; the answers in the order of the questions.

    Raises TokenRevoked.
    """
    args = [arg for search in searches for arg in search.args]
    sql = _together(tuple(search.statement for search in searches), sees_all=work.sees_all)
    found = await work.connection.fetchrow(sql, work.scope, *args)
    if found is None:
        raise TokenRevoked
    return [[search.store.kept(row) for row in rows or ()] for search, rows in zip(searches, found, strict=True)]


@lru_cache(maxsize=256)
def _alone(statement: Statement, *, sees_all: bool) -> str:
    return f"WITH {SCOPE} SELECT q.* FROM s, LATERAL ({statement.gated()}) q{_seen(sees_all=sees_all)}"


@lru_cache(maxsize=256)
def _together(statements: tuple[Statement, ...], *, sees_all: bool) -> str:
    parts, before = [], 1
    for statement in statements:
        seen = _seen(sees_all=sees_all)
        parts.append(f"(SELECT json_agg(q) FROM ({statement.gated(before)}) q{seen})")
        before += statement.places
    return f"WITH {SCOPE} SELECT {', '.join(parts)} FROM s"


def _seen(*, sees_all: bool) -> str:
    """Of the rows found; they are whole, and so have a scope."""
    return "" if sees_all else f" WHERE {SEEN}"


_RESERVE = "SELECT pg_advisory_xact_lock(hashtextextended($1, 1))"


def rows_where(table: Table, where: ColumnElement[bool], *, lock: bool = True) -> Statement:
    """Whole rows of `table` for `Store.find`, locked in the order of their ids, else in none. A module constant."""
    statement = select(table).where(where)
    return Statement(statement.order_by(table.c.id).with_for_update() if lock else statement, locks=lock)


@lru_cache(maxsize=256)
def _by_id(table: Table, *, lock: bool) -> Statement:
    return rows_where(table, table.c.id == bindparam("key"), lock=lock)


@lru_cache(maxsize=256)
def _by_ids(table: Table) -> Statement:
    return rows_where(table, table.c.id == any_(bindparam("keys")))
