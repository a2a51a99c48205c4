"""The one statement that writes what a unit of work recorded: rows, their changes, the answer under its key.

Most commands write one row and record one change: their values go in as they are. Of more, JSON carries any number
in one statement. Either way the change log waits for the rows, so that `seq` is drawn under their locks, and stays
empty when one of them is no longer at the version expected. Each gives one row: whether the key is free, whether the
caller may write now, whether all rows were written, the highest `seq`; and none for a revoked token.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import count
from typing import Any, Final

from pydantic_core import to_json
from sqlalchemy import ARRAY, JSON, Boolean, Column, Integer, Table
from sqlalchemy.dialects import postgresql

from aksu_shared.db.pool import Json
from aksu_shared.db.statement import ADMITTED, scope_with
from aksu_shared.db.tables import columns_of

Row = Mapping[str, Any]
"""Columns of a row; `version_before` is the version that must be the stored one, 0 for a row that must be new."""

_CHANGE: Final = {
    "event_id": "uuid",
    "type": "text",
    "topic": "text",
    "aggregate_id": "text",
    "version": "int",
    "state": "json",
    "changed": "json",
    "scope": "text[]",
    "scope_before": "text[]",
    "legal_time": "timestamptz",
    "actor": "text",
    "actor_body": "text",
    "reason": "text",
    "legal_basis": "text",
    "correlation_id": "text",
    "traceparent": "text",
    "cause": "uuid",
    "mac": "text",
}
_COLUMNS: Final = ", ".join(_CHANGE)
_TYPES: Final = ", ".join(f"{name} {type_}" for name, type_ in {"n": "int", **_CHANGE}.items())
_REPLY: Final = ("client", "key", "fingerprint", "scope", "status", "headers", "body")
_DIALECT: Final = postgresql.dialect()  # type: ignore[no-untyped-call]
_GO: Final = "s.v IS NOT NULL AND s.free AND s.admitted"
_CALLER: Final = 1
"""$1 is the scope in every statement."""


def of_one(
    scope: str, table: Table, row: Row, change: Mapping[str, Any], reply: Sequence[Any]
) -> tuple[str, Sequence[Any]]:
    """Statement and parameters for one row with one change; `reply` are the answer's columns and the source, or ()."""
    new = row["version_before"] == 0
    values = [_json(row.get(name)) if as_json else _text(row.get(name)) for name, as_json in _filled(table)]
    expected = () if new else (row["version_before"],)
    args = (scope, *(change[name] for name in _CHANGE), *values, *expected, *reply)
    return _one(table, new=new, with_reply=bool(reply)), args


def of_several(
    scope: str, rows: Mapping[Table, Sequence[Row]], changes: Sequence[Mapping[str, Any]], reply: Sequence[Any]
) -> tuple[str, Sequence[Any]]:
    """Statement and parameters for any number of rows and changes, none included."""
    tables = tuple((table, all(row["version_before"] == 0 for row in of_table)) for table, of_table in rows.items())
    states = [Json(to_json(of_table).decode()) for of_table in rows.values()]
    total = sum(map(len, rows.values()))
    args = (scope, Json(f"[{','.join(map(document, count(), changes))}]"), total, *states, *reply)
    return _several(tables, with_reply=bool(reply)), args


def document(number: int, change: Mapping[str, Any]) -> str:
    """A change as JSON, in which its state and its changed fields stand as they are: they are JSON already."""
    rest = {name: value for name, value in change.items() if name not in {"state", "changed"}}
    return f'{to_json(rest | {"n": number}).decode()[:-1]},"state":{change["state"]},"changed":{change["changed"]}}}'


@lru_cache(maxsize=256)
def _filled(table: Table) -> list[tuple[str, bool]]:
    """The names of the columns a row fills, and whether each holds JSON."""
    return [(column.name, isinstance(column.type, JSON)) for column in columns_of(table)]


def _json(value: Any) -> Json | None:  # noqa: ANN401 - any JSON value
    return None if value is None else Json(to_json(value).decode())


def _text(value: Any) -> Any:  # noqa: ANN401 - any column's
    return value if value is None or isinstance(value, str | int | list) else str(value)


def _place(column: Column[Any], number: int) -> str:
    """Where a column's value goes in: numbers and truth as they are, the rest as the text that JSON has for it."""
    name = column.type.compile(_DIALECT)
    if isinstance(column.type, JSON | Integer | Boolean):
        return f"${number}::{name}"
    return f"${number}::text[]::{name}" if isinstance(column.type, ARRAY) else f"${number}::text::{name}"


@lru_cache(maxsize=512)
def _one(table: Table, *, new: bool, with_reply: bool) -> str:
    places = count(_CALLER + 1)
    change = [f"${next(places)}::{type_}" for type_ in _CHANGE.values()]
    values = [_place(column, next(places)) for column in columns_of(table)]
    kept = "" if new else f"{_replacing(table)} WHERE t.version = ${next(places)}::int"
    answer = [f"${next(places)}" for _ in (*_REPLY, "source")]
    parts = [
        scope_with(ADMITTED, _free(*answer[:2]) if with_reply else "true AS free"),
        f"""written AS (
          INSERT INTO {table.name} AS t ({_names(table)}) SELECT {", ".join(values)} FROM s WHERE {_GO}
          {kept} RETURNING true)""",
        f"log AS (INSERT INTO change_log ({_COLUMNS}) SELECT {', '.join(change)} FROM written RETURNING seq)",
    ]
    if with_reply:
        parts.append(_reply(answer, "log"))
    return (
        f"WITH {', '.join(parts)} SELECT s.free, s.admitted, log.seq IS NOT NULL, log.seq FROM s LEFT JOIN log ON true"
    )


@lru_cache(maxsize=512)  # tables in the order in which a batch happens to touch them
def _several(tables: tuple[tuple[Table, bool], ...], *, with_reply: bool) -> str:
    """$2 the changes, $3 how many rows there are in all, then an array of states per table, then the answer."""
    places = count(_CALLER + 3)
    written = list(_written(tables, places))
    answer = [f"${next(places)}" for _ in (*_REPLY, "source")]
    total = " + ".join(f"(SELECT count(*) FROM written{n})" for n in range(len(tables))) or "0"
    parts = [
        scope_with(ADMITTED, _free(*answer[:2]) if with_reply else "true AS free"),
        *written,
        f"""written AS MATERIALIZED (
          SELECT s.free AND s.admitted AND {total} = $3 AS complete FROM s WHERE s.v IS NOT NULL)""",
        f"""log AS (
          INSERT INTO change_log ({_COLUMNS})
          SELECT {_COLUMNS} FROM written, json_to_recordset($2::json) AS r({_TYPES})
           WHERE written.complete ORDER BY n RETURNING seq)""",
        "last AS MATERIALIZED (SELECT max(log.seq) AS seq FROM log)",
    ]
    if with_reply:
        parts.append(_reply(answer, "last, written WHERE written.complete"))
    return f"WITH {', '.join(parts)} SELECT s.free, s.admitted, written.complete, last.seq FROM s, written, last"


def _written(tables: Sequence[tuple[Table, bool]], places: Iterator[int]) -> Iterator[str]:
    """Insert or update one row per aggregate from its JSON state: the optimistic check behind the row lock."""
    for n, (table, new) in enumerate(tables):
        place, names = next(places), _names(table)
        if new:
            yield f"""written{n} AS (
              INSERT INTO {table.name} ({names})
              SELECT {names} FROM s, jsonb_populate_recordset(NULL::{table.name}, ${place}::jsonb)
               WHERE {_GO} RETURNING true)"""
            continue
        yield f"""rows{n} AS (
          SELECT (e->>'version_before')::int AS version_before, r.*
            FROM s, jsonb_array_elements(${place}::jsonb) AS e, jsonb_populate_record(NULL::{table.name}, e) AS r
           WHERE {_GO})"""
        yield f"""written{n} AS (
          INSERT INTO {table.name} AS t ({names}) SELECT {names} FROM rows{n}
          {_replacing(table)} WHERE t.version = (SELECT version_before FROM rows{n} WHERE id = EXCLUDED.id)
          RETURNING true)"""


def _replacing(table: Table) -> str:
    assigned = ", ".join(
        f"{column.name} = EXCLUDED.{column.name}" for column in columns_of(table) if column.name != "id"
    )
    return f"ON CONFLICT (id) DO UPDATE SET {assigned}, written_at = now()"


def _names(table: Table) -> str:
    return ", ".join(column.name for column in columns_of(table))


def _free(client: str, key: str) -> str:
    return f"pg_try_advisory_xact_lock(hashtextextended({client} || chr(31) || {key}, 0)) AS free"


def _reply(answer: Sequence[str], log: str) -> str:
    """Store the answer with its position, which is known only now; `log` has one row, with the highest `seq`."""
    *columns, headers, body, source = answer
    return f"""reply AS (
      INSERT INTO idempotency ({", ".join(_REPLY)})
      SELECT {", ".join(columns)}, CASE WHEN seq IS NULL THEN {headers}::jsonb
        ELSE {headers}::jsonb || jsonb_build_object('Aksu-Position', {source}::text || ':' || seq) END, {body}
        FROM {log})"""
