"""What the hash chain does not show: rows that no process of the service signed, and tables that the log contradicts.

The chain says that the log was not changed since it was chained. The MAC of a row says that the service wrote it. And
the table of an aggregate is what the last change of each row says, so a row that somebody edited by hand is named.
Run all of it as a role that sees all rows.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import asyncpg
from sqlalchemy import JSON, Column

from aksu_shared.db.aggregate import Aggregate
from aksu_shared.db.log_keys import EVIDENCE, Doubt, LogKeys
from aksu_shared.worker.holding import NOT_HELD

_PORTION: Final = 2_000
_MOST: Final = 1_000
"""Contradictions named for each table."""
_ROWS: Final = f"""
SELECT seq, position, {EVIDENCE} FROM change_log
 WHERE seq > $1 AND (position IS NULL OR position > $2) ORDER BY seq LIMIT {_PORTION}"""


@dataclass(frozen=True, slots=True)
class Unsigned:
    """A row of the log that does not carry the MAC it should; `position` None: it was never numbered."""

    seq: int
    position: int | None
    doubt: Doubt


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A row of a table and the log do not agree about `fields`.

    `fields` may also be `(no change)`: a row of which the log tells nothing; `(no row)`: the log tells of a row that
    is not there; `(versions)`: the log lacks a version of it, or has one twice.
    """

    table: str
    id: str
    fields: tuple[str, ...]


async def unsigned(pool: asyncpg.Pool, service: str, keys: LogKeys, *, after: int = 0) -> AsyncIterator[Unsigned]:
    """Rows behind position `after`, and all without a position, whose MAC does not hold."""
    seq = 0
    while rows := await pool.fetch(_ROWS, seq, after):
        for row in rows:
            doubt = keys.doubt(service, row)
            if doubt is not None:
                yield Unsigned(row["seq"], row["position"], doubt)
        seq = rows[-1]["seq"]


async def contradictions(pool: asyncpg.Pool, aggregates: Sequence[Aggregate]) -> list[Contradiction]:
    """Where the tables of `aggregates` differ from the last change of each of their rows, all at one instant.

    Only what an event tells is compared: columns beside the state, and personal data, which are erased in time, are
    left alone. Changes that are held count as not made.
    """
    found: list[Contradiction] = []
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        for aggregate in aggregates:
            topic = aggregate.fact.topic
            rows = await connection.fetch(_differing(aggregate), topic)
            found += [Contradiction(aggregate.table.name, row["id"], tuple(row["fields"])) for row in rows]
            rows = await connection.fetch(_VERSIONS, topic)
            found += [Contradiction(aggregate.table.name, row["id"], ("(versions)",)) for row in rows]
    return found


_VERSIONS: Final = f"""
SELECT aggregate_id AS id FROM (
  SELECT aggregate_id, version, row_number() OVER (PARTITION BY aggregate_id ORDER BY version) AS n
    FROM change_log AS c WHERE topic = $1 AND {NOT_HELD}) AS v
 WHERE version <> n GROUP BY aggregate_id ORDER BY aggregate_id LIMIT {_MOST}"""


def _differing(aggregate: Aggregate) -> str:
    """SQL: `id` and `fields` of each row that differs. A state written before a field was added does not tell it."""
    table = aggregate.table
    pairs = [
        f"CASE WHEN l.state ? '{name}' AND {_value('t', table.c[name])} IS DISTINCT FROM"
        f" {_value('s', table.c[name])} THEN '{name}' END"
        for name in sorted(aggregate.fact.schema.model_fields)
    ]
    pairs += [f"CASE WHEN t.{name} IS DISTINCT FROM l.{name} THEN '{name}' END" for name in ("version", "scope")]
    return f"""
WITH l AS (
  SELECT DISTINCT ON (aggregate_id) aggregate_id, version, scope, state::jsonb AS state
    FROM change_log AS c WHERE topic = $1 AND {NOT_HELD} ORDER BY aggregate_id, version DESC, seq DESC
), compared AS (
  SELECT coalesce(t.id::text, l.aggregate_id) AS id,
         CASE WHEN l.aggregate_id IS NULL THEN ARRAY['(no change)'] WHEN t.id IS NULL THEN ARRAY['(no row)']
              ELSE array_remove(ARRAY[{", ".join(pairs)}]::text[], NULL) END AS fields
    FROM l CROSS JOIN LATERAL jsonb_populate_record(NULL::{table.name}, l.state) AS s
    FULL JOIN {table.name} AS t ON t.id::text = l.aggregate_id)
SELECT id, fields FROM compared WHERE fields <> '{{}}' ORDER BY id LIMIT {_MOST}"""


def _value(row: str, column: Column[Any]) -> str:
    """A column as it can be compared: JSON by what it says, not by how it is written."""
    return f"{row}.{column.name}::jsonb" if isinstance(column.type, JSON) else f"{row}.{column.name}"
