"""Projections: rows of another service's aggregates, kept from its events."""

from collections.abc import Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Table

from aksu_shared.db.pool import Json
from aksu_shared.db.tables import check_fields, columns_of
from aksu_shared.db.work import Connection
from aksu_shared.events.base import Event


async def project(
    connection: Connection, table: Table, events: Sequence[Event[Any]], *, into: str | None = None
) -> int:
    """Keep the newest of `events` per aggregate in `table`; an older or repeated version changes nothing.

    Columns take the fields of the same name of the event's state, besides id, version and scope. `into` is another
    table of the same shape. Gives the number of rows written. Raises ValueError for a column without such a field.
    """
    for schema in {event.schema for event in events}:
        check_fields(table, schema)
    rows = {
        event.id: vars(event.state) | {"id": event.id, "version": event.version, "scope": event.scope}
        for event in sorted(events, key=attrgetter("version"))
    }
    done = await connection.execute(
        _project_sql(table, into or table.name), Json(to_json(list(rows.values())).decode())
    )
    return int(done.rsplit(" ", 1)[1])


@lru_cache(maxsize=256)
def _project_sql(table: Table, target: str) -> str:
    names = [column.name for column in columns_of(table)]
    columns = ", ".join(names)
    assigned = ", ".join(f"{name} = EXCLUDED.{name}" for name in names if name != "id")
    return f"""
      INSERT INTO {target} AS t ({columns})
      SELECT {columns} FROM json_populate_recordset(NULL::{target}, $1::json)
      ON CONFLICT (id) DO UPDATE SET {assigned}, written_at = now()
      WHERE t.version < EXCLUDED.version"""
