"""Copies of other services' aggregates: their tables, the shadow one is built anew in, and how it is put in place.

A shadow is a temporary table of the connection that builds it. It is put in place by making the copy equal to it in
one transaction: readers see the old copy until it commits, and only rows that differ are written.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from sqlalchemy import Table

from aksu_shared.db.tables import columns_of
from aksu_shared.db.work import Connection
from aksu_shared.events.base import Event


@dataclass(frozen=True, slots=True)
class Copy:
    """The table that keeps the newest state of an aggregate.

    `applied_only`: it only notes which versions had their effect here, so that a version not yet applied is left out.
    """

    table: Table
    applied_only: bool = False

    @property
    def name(self) -> str:
        """By which it is called."""
        return str(self.table.name)

    @property
    def shadow(self) -> str:
        """The table it is built anew in."""
        return f"shadow_{self.name}"


Copies: TypeAlias = Mapping[type[Event[Any]], Copy]
"""Event class of an aggregate → its copy."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A row of a copy that a rebuild changed: as it was and as it is, JSON objects; None where there is none."""

    copy: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Swapped:
    """How many rows of a copy a rebuild wrote, and which, if asked for."""

    deleted: int
    amended: int
    added: int
    moved: tuple[Moved, ...] = ()


_TOLD: Final = """
CREATE TEMPORARY TABLE told (event_id uuid, topic text, aggregate_id text, version int, seq bigint)"""
_PENDING: Final = "CREATE TEMPORARY TABLE pending (position bigint, event jsonb)"
_FORGET_UNAPPLIED: Final = """
WITH applied AS (
  SELECT t.aggregate_id, max(t.version) AS version FROM told t
    JOIN inbox i ON i.consumer = $1 AND i.event_id = t.event_id WHERE t.topic = $2 GROUP BY t.aggregate_id
), gone AS (
  DELETE FROM {shadow} s WHERE NOT EXISTS (SELECT FROM applied a WHERE a.aggregate_id = s.id::text))
UPDATE {shadow} s SET version = a.version FROM applied a WHERE a.aggregate_id = s.id::text"""


async def make_shadows(connection: Connection, copies: Copies) -> None:
    """Empty shadows for this connection, and a list for what the feed tells."""
    await connection.execute(_TOLD)
    await connection.execute(_PENDING)
    for copy in copies.values():
        await connection.execute(f"CREATE TEMPORARY TABLE {copy.shadow} (LIKE {copy.name} INCLUDING DEFAULTS)")
        await connection.execute(f"ALTER TABLE {copy.shadow} ADD PRIMARY KEY (id)")


async def swap(connection: Connection, fact: type[Event[Any]], copy: Copy, *, consumer: str, which: bool) -> Swapped:
    """Make the copy equal to its shadow, in the transaction that is open; `which` asks for the rows too."""
    if copy.applied_only:
        await connection.execute(_FORGET_UNAPPLIED.format(shadow=copy.shadow), consumer, fact.topic)
    await connection.execute(f"ANALYZE {copy.shadow}")
    deleted = await _rows(connection, _DELETE.format(**_names(copy)), copy, which=which)
    amended = await _rows(connection, _AMEND.format(**_names(copy)), copy, which=which)
    added = await _rows(connection, _ADD.format(**_names(copy)), copy, which=which)
    return Swapped(deleted=deleted[0], amended=amended[0], added=added[0], moved=(*deleted[1], *amended[1], *added[1]))


_DELETE: Final = """
DELETE FROM {copy} t WHERE NOT EXISTS (SELECT FROM {shadow} s WHERE s.id = t.id)
RETURNING to_jsonb(old) AS before, NULL::jsonb AS after"""
_AMEND: Final = """
UPDATE {copy} t SET {assigned}, written_at = now() FROM {shadow} s
 WHERE s.id = t.id AND ({ours}) IS DISTINCT FROM ({theirs})
RETURNING to_jsonb(old) AS before, to_jsonb(new) AS after"""
_ADD: Final = """
INSERT INTO {copy} AS t ({columns}) SELECT {columns} FROM {shadow} s ORDER BY s.id ON CONFLICT (id) DO NOTHING
RETURNING NULL::jsonb AS before, to_jsonb(new) AS after"""


def _names(copy: Copy) -> dict[str, str]:
    names = [column.name for column in columns_of(copy.table)]
    return {
        "copy": copy.name,
        "shadow": copy.shadow,
        "columns": ", ".join(names),
        "assigned": ", ".join(f"{name} = s.{name}" for name in names if name != "id"),
        "ours": ", ".join(f"t.{name}" for name in names),
        "theirs": ", ".join(f"s.{name}" for name in names),
    }


async def _rows(connection: Connection, sql: str, copy: Copy, *, which: bool) -> tuple[int, tuple[Moved, ...]]:
    if not which:
        done = await connection.execute(sql.partition("RETURNING")[0])
        return int(done.rsplit(" ", 1)[1]), ()
    rows = await connection.fetch(sql)
    return len(rows), tuple(Moved(copy.name, row["before"], row["after"]) for row in rows)
