"""Hot reads: one statement sets the caller's scope, runs the query under row-level security and builds the JSON.

The bytes PostgreSQL built are the answer; the response model documents them and, in tests, validates them. One
statement instead of a transaction of its own: 2,990 requests/s against 1,700/s (docs/adr/0004).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Self

import asyncpg
from sqlalchemy import ColumnElement, Select, SQLColumnExpression, and_, bindparam, literal_column, tuple_
from sqlalchemy.types import TypeEngine

from aksu_shared.db.cursor import decode_cursor
from aksu_shared.db.fitness import scoped_tables
from aksu_shared.db.read_log import Shape, reading, recorded
from aksu_shared.db.statement import Statement
from aksu_shared.db.visible import within_scope
from aksu_shared.kernel.errors import TokenRevoked

_REMEMBERED: Final = 512
"""Compiled statements of each kind kept at most: which filters a list is asked with is up to its callers."""


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """A list of one resource: its columns, filters by parameter name, and sortings by public name.

    `columns` select what an item shows, in that order. Each filter is a condition on one bind parameter of the
    filter's name. Each sorting is the columns of its keyset, the last one unique; `-name` walks it backwards.
    A page is a module constant, and equal to itself alone.
    """

    columns: "Select[*tuple[Any, ...]]"
    filters: Mapping[str, ColumnElement[bool]]
    sorts: Mapping[str, tuple[SQLColumnExpression[Any], ...]]


class Reads:
    """Runs JSON queries on the read pool, each in the caller's scope."""

    def __init__(self, pool: "asyncpg.Pool[Any]", scoped: frozenset[str]) -> None:
        self.pool = pool
        self._scoped = scoped

    @classmethod
    async def of(cls, pool: "asyncpg.Pool[Any]") -> Self:
        """Those on a pool of the runtime role; its database tells which tables are scoped."""
        return cls(pool, await scoped_tables(pool))

    async def page(
        self,
        page: Page,
        *,
        scope: str,
        sort: str,
        limit: int,
        cursor: str | None = None,
        fresh_at: str = "now()",
        **filters: Any,  # noqa: ANN401 - values of the filters present
    ) -> bytes:
        """`{"items": […], "next": "…"|null, "fresh_at": …}`; `fresh_at` is SQL for how fresh the rows are.

        `cursor` is the `next` of the page before. Raises Malformed for a cursor of another list or sorting.
        """
        given = {name: value for name, value in filters.items() if value is not None}
        sql, statement = _compiled_page(
            page, sort, frozenset(given), with_cursor=cursor is not None, fresh_at=fresh_at, scoped=self._scoped
        )
        values = given | {"limit": limit + 1}
        if cursor is not None:
            types = [_type(key) for key in page.sorts[sort.removeprefix("-")]]
            values |= {f"k{i}": value for i, value in enumerate(decode_cursor(cursor, sort, types))}
        row = await self._row("page", sql, scope, limit, sort, *statement.args(values))
        return str(row[0]).encode()

    async def lines(self, page: Page, *, scope: str, sort: str, **filters: Any) -> bytes:  # noqa: ANN401 - as in `page`
        """Every item of the list as NDJSON, for an export: one statement, so all lines are of one instant."""
        given = {name: value for name, value in filters.items() if value is not None}
        sql, statement = _compiled_lines(page, sort, frozenset(given), self._scoped)
        row = await self._row("lines", sql, scope, *statement.args(given))
        return str(row[0]).encode()

    async def one(self, query: Statement, *, scope: str, **values: Any) -> tuple[int, bytes] | None:  # noqa: ANN401
        """(version, JSON) of the one row of `query`, which must select `version`; None when absent or out of scope."""
        row = await self._row("one", _one_sql(query, self._scoped), scope, *query.args(values))
        return None if row["version"] is None else (row["version"], row["body"].encode())

    async def raw(self, sql: str, scope: str, *args: Any, shape: Shape = "whole") -> bytes:  # noqa: ANN401
        """The JSON of a hand-written query as bytes.

        Its first own parameter is `$2`, and it must test `s.v IS NOT NULL`. `shape` says where the ids of what is read
        stand in the answer, for the log of restricted reads.
        """
        row = await self._row(shape, _raw_sql(sql, self._scoped), scope, *args)
        return str(row[0]).encode()

    async def admit(self, scope: str, *objects: str) -> None:
        """For a read that does not go by the caller's scope: raise TokenRevoked, and record `objects` as read."""
        await self.raw(_OBJECTS, scope, list(objects), shape="page")

    async def _row(self, shape: Shape, sql: str, *args: Any) -> asyncpg.Record:  # noqa: ANN401 - the statement's parameters
        """The one row that a statement in a caller's scope gives. Raises TokenRevoked when it gives none."""
        restricted = reading()
        if restricted is not None:
            sql, args = recorded(sql, shape, places=len(args)), (*args, *restricted.args)
        row = await self.pool.fetchrow(sql, *args)
        if row is None:
            raise TokenRevoked
        return row


_OBJECTS = """
SELECT json_build_object('items', (SELECT json_agg(json_build_object('id', o)) FROM unnest($2::text[]) AS o))
 WHERE s.v IS NOT NULL"""


@lru_cache(maxsize=_REMEMBERED)
def _one_sql(query: Statement, scoped: frozenset[str]) -> str:
    sql = f"""
      SELECT b.version, b.body FROM s LEFT JOIN LATERAL (
        SELECT r.version, row_to_json(r)::text AS body FROM ({query.shifted(1)}) r WHERE s.v IS NOT NULL) b ON true"""
    return within_scope(sql, scoped)


@lru_cache(maxsize=_REMEMBERED)
def _raw_sql(sql: str, scoped: frozenset[str]) -> str:
    return within_scope(f"SELECT ({sql})::text AS body FROM s", scoped)


@lru_cache(maxsize=_REMEMBERED)
def _compiled_page(
    page: Page,
    sort: str,
    given: frozenset[str],
    *,
    with_cursor: bool,
    fresh_at: str,
    scoped: frozenset[str],
) -> tuple[str, Statement]:
    keys = page.sorts[sort.removeprefix("-")]
    query = _selected(page, sort, given).limit(bindparam("limit"))
    if with_cursor:
        places = tuple_(*(bindparam(f"k{i}", type_=_type(key)) for i, key in enumerate(keys)))
        row = tuple_(*keys)
        query = query.where(row < places if sort.startswith("-") else row > places)
    names = [f"k{i}" for i in range(len(keys))]
    keyed = query.add_columns(*(key.label(f"_{name}") for key, name in zip(keys, names, strict=True)))
    statement = Statement(keyed)
    visible = ", ".join(f'"{column.name}"' for column in page.columns.selected_columns)
    cursor = ", ".join(f"q._{name}" for name in names)
    sql = f"""
      SELECT (SELECT json_build_object(
          'items', coalesce(
              json_agg((SELECT row_to_json(i) FROM (SELECT {_prefixed(visible)}) i)) FILTER (WHERE n <= $2),
              '[]'::json),
          'next', CASE WHEN count(*) > $2 THEN translate(encode(convert_to(
              json_agg(json_build_array($3::text, {cursor})) FILTER (WHERE n = $2) ->> 0, 'UTF8'), 'base64'),
              E'+/=\\n', '-_') END,
          'fresh_at', {fresh_at})
        FROM (SELECT q0.*, row_number() OVER () AS n FROM ({statement.shifted(3)}) q0) q)::text AS body FROM s"""
    return within_scope(sql, scoped), statement


def _selected(page: Page, sort: str, given: Collection[str]) -> "Select[*tuple[Any, ...]]":
    conditions = [page.filters[name] for name in sorted(given)]
    query = page.columns.where(and_(True, literal_column("s.v IS NOT NULL"), *conditions))  # noqa: FBT003 - SQLAlchemy's neutral element
    keys = page.sorts[sort.removeprefix("-")]
    return query.order_by(*(key.desc() if sort.startswith("-") else key for key in keys))


@lru_cache(maxsize=_REMEMBERED)
def _compiled_lines(page: Page, sort: str, given: frozenset[str], scoped: frozenset[str]) -> tuple[str, Statement]:
    statement = Statement(_selected(page, sort, given))
    sql = f"""
      SELECT coalesce(
        (SELECT string_agg(row_to_json(q)::text || E'\\n', '') FROM ({statement.shifted(1)}) q), '') AS body FROM s"""
    return within_scope(sql, scoped), statement


def _type(column: SQLColumnExpression[Any]) -> TypeEngine[Any]:
    found: TypeEngine[Any] = column.type  # type: ignore[attr-defined]  # every column has one
    return found


def _prefixed(columns: str) -> str:
    return ", ".join(f"q.{column}" for column in columns.split(", "))
