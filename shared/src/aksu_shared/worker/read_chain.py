"""The log of restricted reads gets its positions and its hash chain from the sequencer, as the change log does."""

from typing import Final

import asyncpg

from aksu_shared.worker.chain import READ_DIGEST, link

EVERY: Final = 1.0
"""Seconds from one look to the next: nobody waits for these positions."""
_BATCH: Final = 2_000
_HEAD: Final = "SELECT position, hash FROM read_log_state"
_READ: Final = f"""
SELECT seq, {READ_DIGEST} AS digest FROM read_log WHERE position IS NULL ORDER BY seq LIMIT {_BATCH}"""
_WRITE: Final = """
WITH head AS (
  UPDATE read_log_state SET position = $1, hash = $2
   WHERE position = $3 AND EXISTS (SELECT FROM log_state WHERE holder = pg_backend_pid())
  RETURNING true AS mine)
UPDATE read_log AS l SET position = $3 + r.n, hash = r.hash
  FROM unnest($4::bigint[], $5::bytea[]) WITH ORDINALITY AS r(seq, hash, n)
 WHERE (SELECT mine FROM head) AND l.position IS NULL AND l.seq = r.seq"""


async def chain_reads(connection: asyncpg.Connection) -> int:
    """Give the rows visible now their position, at most a batch; give their number.

    The connection is the one that holds the log; another process's would write nothing.
    """
    rows = await connection.fetch(_READ)
    if not rows:
        return 0
    head = await connection.fetchrow(_HEAD)
    hashes, current = [], head["hash"]
    for row in rows:
        current = link(current, row["digest"])
        hashes.append(current)
    seqs = [row["seq"] for row in rows]
    await connection.execute(_WRITE, head["position"] + len(rows), current, head["position"], seqs, hashes)
    return len(rows)
