"""Verification of a chained log: recompute the chain, say which rows were flipped, deleted, inserted or reordered."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import asyncpg

from aksu_shared.db.work import Connection
from aksu_shared.worker.chain import DIGEST, READ_DIGEST, link

Kind = Literal["flipped", "deleted", "inserted", "reordered", "head"]

_PORTION: Final = 2_000
_MAX_FINDINGS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Chained:
    """A log with positions and hashes: SQL for its head, and for a portion of its rows with their digests."""

    head: str
    rows: str


def _chained(table: str, state: str, digest: str) -> Chained:
    return Chained(
        head=f"SELECT position, hash FROM {state}",
        rows=f"""
SELECT position, seq, hash, {digest} AS digest FROM {table}
 WHERE (position, seq) > ($1, $2) AND position >= $1 ORDER BY position, seq LIMIT {_PORTION}""",
    )


CHANGES: Final = _chained("change_log", "log_state", DIGEST)
"""What was written."""
READS: Final = _chained("read_log", "read_log_state", READ_DIGEST)
"""What was read of what is restricted."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong at a position. `head`: the log does not end where `log_state` says."""

    kind: Kind
    position: int
    seq: int | None = None


@dataclass(slots=True)
class Verification:
    """What a verification saw: up to which position and hash, over how many rows, and what is wrong."""

    position: int
    hash: bytes
    rows: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings


async def verify(pool: asyncpg.Pool, *, after: int = 0, start: bytes = b"", log: Chained = CHANGES) -> Verification:
    """Recompute the chain behind position `after`, whose hash is `start`, up to the head of the log.

    Run it as a role that sees all rows. It stops after 1,000 findings. To be proof also against whoever may write
    `log_state`, compare the result with the head published on that day.
    """
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        head = await connection.fetchrow(log.head)
        check = _Check(after, start)
        async for rows in _portions(connection, after, log.rows):
            check.feed(rows)
            if len(check.result.findings) >= _MAX_FINDINGS:
                return check.result
    return check.end(head["position"], head["hash"])


async def _portions(connection: Connection, after: int, sql: str) -> Any:  # noqa: ANN401 - an async generator of record lists
    position, seq = after + 1, -1
    while rows := await connection.fetch(sql, position, seq):
        yield rows
        position, seq = rows[-1]["position"], rows[-1]["seq"]


class _Check:
    """Follows the stored hashes: each row is judged against its stored predecessor, so one change is one finding."""

    def __init__(self, after: int, start: bytes) -> None:
        self.result = Verification(after, start)

    def feed(self, rows: Sequence[asyncpg.Record]) -> None:
        hashes = {self.result.hash} | {row["hash"] for row in rows}
        for row in rows:
            self.result.findings += self._judge(row, hashes)
            self.result.rows += 1
            if row["position"] > self.result.position:
                self.result.position, self.result.hash = row["position"], row["hash"]

    def _judge(self, row: asyncpg.Record, hashes: set[bytes]) -> Iterator[Finding]:
        position, expected = row["position"], self.result.position + 1
        if position < expected:
            yield Finding("inserted", position, row["seq"])
            return
        for missing in range(expected, min(position, expected + _MAX_FINDINGS)):
            yield Finding("deleted", missing)
        if position > expected:
            return  # its predecessor is gone, so nothing can be said of the row itself
        if row["hash"] != link(self.result.hash, row["digest"]):
            # A row that follows some other row of the log was moved; one that follows none was changed.
            moved = any(link(other, row["digest"]) == row["hash"] for other in hashes)
            yield Finding("reordered" if moved else "flipped", position, row["seq"])

    def end(self, position: int, head: bytes) -> Verification:
        result = self.result
        if result.position < position:
            result.findings += [
                Finding("deleted", missing)
                for missing in range(result.position + 1, min(position, result.position + _MAX_FINDINGS) + 1)
            ]
        elif result.position > position:
            result.findings.append(Finding("inserted", result.position))
        elif result.hash != head:
            result.findings.append(Finding("head", position))
        return result
