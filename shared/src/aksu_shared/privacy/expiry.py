"""What is done to subjects unasked: hidden or destroyed when it is time, their keys wrapped anew under another key."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

import asyncpg

from aksu_shared.db.read_log import AUDIT
from aksu_shared.privacy.holdings import Holdings, needed
from aksu_shared.privacy.keys import KeyRing
from aksu_shared.privacy.people import LEGAL
from aksu_shared.privacy.retention import Retention
from aksu_shared.privacy.store import destroying

ERASE: Final = "platform.subject.erase"
"""The right under which keys are destroyed, as the audit names it."""
WRAPPED: Final[Mapping[str, str]] = {"subject_key": "wrapped", "subject_index": "wrapped"}
"""Tables with an id, a `kek` and a wrapped key → the column of that. Without a `kek` it lies there in clear."""
_ACTOR: Final = "retention"
_PORTION: Final = 500


async def hide_restricted(pool: "asyncpg.Pool[Any]", holdings: Holdings) -> None:
    """Hide from all but the legal role what is restricted and was left to a case that has ended meanwhile."""
    await pool.execute(f"""
      UPDATE personal_data AS d SET scope = '{{{LEGAL}}}' FROM subject_key AS k
       WHERE k.id = d.subject AND k.restricted_at IS NOT NULL AND d.scope <> '{{{LEGAL}}}'
         AND NOT {needed(holdings)}""")


async def expire(pool: "asyncpg.Pool[Any]", retention: Retention, holdings: Holdings, *, now: datetime) -> int:
    """Destroy the keys whose period is over at the legal instant `now`, each once, with its row of the audit.

    Gives how many. Runs on the worker's pool; what is restricted is kept, and what a case that has not ended needs.
    """
    sql, total = _expiring(needed(holdings)), 0
    for kind in retention:
        ground = f"RETENTION_OVER {kind.length} {kind.unit}: {kind.legal_basis}"
        while done := await pool.fetchval(sql, now, _ACTOR, "RETENTION_OVER", kind.name, kind.cutoff(now), ground):
            total += done
    return total


def _expiring(still_needed: str) -> str:
    due = destroying(f"""id IN (
      SELECT id FROM subject_key AS k
       WHERE kind = $4 AND counts_from <= $5 AND destroyed_at IS NULL AND restricted_at IS NULL AND NOT {still_needed}
       ORDER BY counts_from LIMIT {_PORTION} FOR UPDATE SKIP LOCKED)""")
    return f"""
      WITH {due},
      noted AS (
        INSERT INTO read_log (actor, roles, action, request, objects, purpose, scope)
        SELECT $2, '{{}}', '{ERASE}', $4, ARRAY[id::text, row_id::text], $6,
               ARRAY['{AUDIT}', 'o:' || id, 'o:' || row_id] FROM gone)
      SELECT count(*) FROM gone"""


async def rewrap(
    pool: "asyncpg.Pool[Any]", ring: KeyRing, wrapped: Mapping[str, str], *, told: Callable[[str, int], None]
) -> int:
    """Wrap every key anew that is not wrapped under the first key-encryption key; give how many.

    `told` hears the table and how many of it are done. A key destroyed meanwhile stays so. Raises Unreadable.
    """
    total = 0
    for table, column in wrapped.items():
        done = 0
        while rows := await pool.fetch(_old(table, column), ring.current):
            done += len(rows)
            await pool.executemany(_anew(table, column), [_rewrapped(ring, table, row) for row in rows])
            told(table, done)
        total += done
    return total


def _old(table: str, column: str) -> str:
    return f"""
      SELECT id, kek, {column} AS wrapped FROM {table}
       WHERE kek IS DISTINCT FROM $1 AND {column} IS NOT NULL LIMIT {_PORTION}"""


def _anew(table: str, column: str) -> str:
    return f"UPDATE {table} SET kek = $3, {column} = $4 WHERE id = $1 AND {column} = $2"


def _rewrapped(ring: KeyRing, table: str, row: Mapping[str, Any]) -> tuple[Any, bytes, str, bytes]:
    about = f"{table}|{row['id']}"
    secret = row["wrapped"] if row["kek"] is None else ring.unwrap(row["kek"], row["wrapped"], about=about)
    return row["id"], row["wrapped"], *ring.wrap(secret, about=about)
