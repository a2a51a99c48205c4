"""The sequencer: gives committed change-log rows a gap-free position in `seq` order, and chains their hashes.

A row whose MAC does not hold gets none (`aksu_shared.worker.holding`).

One is active per service. It works on the very connection that holds the lease, so whoever lost the lease cannot
write; and each write checks the holder and the position it continues from. Ids become visible out of order (`id >
last` missed 22 % of rows with 16 writers); a row without position cannot be missed, whenever it becomes visible.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Final

import asyncpg
import structlog

from aksu_shared.bus.lease import SHOW_LIFE_EVERY, try_hold
from aksu_shared.bus.wire import COLUMNS
from aksu_shared.db.log_keys import LogKeys
from aksu_shared.db.notify import CHANGE_LOG, SEQUENCED, Notifier
from aksu_shared.kernel.failpoint import failpoint
from aksu_shared.worker.chain import DIGEST, link
from aksu_shared.worker.failure import database
from aksu_shared.worker.handover import Handover, Rows
from aksu_shared.worker.holding import IS_BEHIND, NOT_HELD, divide, hold, judge_again, tell_held
from aksu_shared.worker.loop import turns
from aksu_shared.worker.metrics import POSITION
from aksu_shared.worker.progress import Progress, pause
from aksu_shared.worker.read_chain import EVERY as READS_EVERY
from aksu_shared.worker.read_chain import chain_reads

BATCH: Final = 2_000
"""Rows that get their position in one transaction."""
_PACE: Final = 0.05
"""Seconds from one batch to the next under load: the first commit of a burst is taken at once, the others together."""
LEASE: Final = "log"
"""Name of the lease: one per service, because a lease is of one database."""
_STANDBY_POLL: Final = 0.5
_PATIENCE: Final = 0.25

_TAKE: Final = """
UPDATE log_state SET holder = pg_backend_pid(), seen_alive_at = clock_timestamp()
RETURNING holder, epoch, position, hash"""
_BEAT: Final = """
UPDATE log_state SET seen_alive_at = clock_timestamp()
  FROM (SELECT set_config('synchronous_commit', 'off', true)) AS not_worth_a_flush
 WHERE holder = pg_backend_pid()"""
# The inner query makes text of the JSON once, for the digest and for the shipper.
_READ: Final = f"""
SELECT {COLUMNS}, {DIGEST} AS digest, version, scope_before, legal_time, actor_body, reason, legal_basis, mac, behind,
       cause::text AS cause
  FROM (SELECT seq, recorded_at, event_id, type, topic, aggregate_id, version, scope, scope_before, legal_time, actor,
               actor_body, reason, legal_basis, correlation_id, traceparent, cause, mac,
               state::text, changed::text, {IS_BEHIND} AS behind
          FROM change_log AS c WHERE position IS NULL AND {NOT_HELD} ORDER BY seq LIMIT {BATCH}) AS rows"""
_WRITE: Final = """
WITH head AS (
  UPDATE log_state SET position = $1, hash = $2, seen_alive_at = clock_timestamp()
   WHERE holder = pg_backend_pid() AND position = $3
  RETURNING true AS mine)
UPDATE change_log AS c SET position = $3 + r.n, hash = r.hash
  FROM unnest($4::bigint[], $5::bytea[]) WITH ORDINALITY AS r(seq, hash, n)
 WHERE (SELECT mine FROM head) AND c.position IS NULL AND c.seq BETWEEN $6 AND $7 AND c.seq = r.seq"""

_SESSION: Final = {
    "application_name": "sequencer",
    "timezone": "UTC",
    "statement_timeout": "30s",
    # The rows without position are few among many and change all the time: statistics mislead, the indexes do not.
    "enable_seqscan": "off",
    "enable_nestloop": "off",
    "jit": "off",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
}

log = structlog.get_logger(__name__)


class LogLost(Exception):
    """Another process holds the log now, or moved its head."""


class Sequencer:
    """Runs in every worker; active in the one that holds the lease, standing by in the others."""

    def __init__(
        self, url: str, *, service: str, keys: LogKeys, handover: Handover, notifier: Notifier, progress: Progress
    ) -> None:
        self._url = url
        self._service = service
        self._keys = keys
        self._handover = handover
        self._notifier = notifier
        self._progress = progress
        self._wake = asyncio.Event()
        self._hash = b""
        self._shown_alive = 0.0
        self._reads_chained = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Sequence until `stop`; a database that is away is waited for."""
        await turns("sequencer", lambda: self._turn(stop), stop=stop, progress=self._progress)

    async def _turn(self, stop: asyncio.Event) -> None:
        try:
            with database():
                await self._connected(stop)
        except LogLost:
            log.warning("log_lost")

    async def _connected(self, stop: asyncio.Event) -> None:
        connection = await asyncpg.connect(self._url, timeout=10, command_timeout=35, server_settings=_SESSION)
        try:
            while not stop.is_set():
                if await try_hold(connection, LEASE):
                    await self._hold(connection, stop)
                    return
                self._progress.turned("sequencer")
                await pause(stop, _STANDBY_POLL)
        finally:
            self._handover.lost()
            connection.terminate()

    async def _hold(self, connection: asyncpg.Connection, stop: asyncio.Event) -> None:
        row = await connection.fetchrow(_TAKE)
        self._hash = row["hash"]
        await judge_again(connection)
        await connection.add_listener(CHANGE_LOG, self._woken)
        connection.add_termination_listener(self._woken)
        self._handover.taken(row["holder"], epoch=row["epoch"], position=row["position"])
        log.info("log_taken", position=row["position"], epoch=row["epoch"])
        while not stop.is_set():
            self._wake.clear()
            started = time.monotonic()
            done = await self._batch(connection)
            if started - self._reads_chained >= READS_EVERY:
                await chain_reads(connection)
                await tell_held(connection, self._progress)
                self._reads_chained = started
            self._progress.turned("sequencer")
            if done < BATCH:
                await pause(self._wake, SHOW_LIFE_EVERY * 0.8)
                await asyncio.sleep(max(0.0, started + _PACE - time.monotonic()))
            else:
                # A backlog. To let the shipper keep up costs less than to have it read the rows again.
                await pause(self._handover.room, _PATIENCE)

    def _woken(self, *_: object) -> None:
        self._wake.set()

    async def _batch(self, connection: asyncpg.Connection) -> int:
        """Sequence the rows visible now, at most `BATCH`; give their number, also of those held. Raises LogLost."""
        found = await connection.fetch(_READ)
        rows, bad = divide(self._service, self._keys, found)
        if bad:
            await hold(connection, bad)
            await tell_held(connection, self._progress)
        if not rows:
            await self._show_life(connection)
            return len(found)
        before = self._handover.position
        hashes = self._chain(rows)
        seqs = [row["seq"] for row in rows]
        done = await connection.execute(_WRITE, before + len(rows), hashes[-1], before, seqs, hashes, seqs[0], seqs[-1])
        if done != f"UPDATE {len(rows)}":
            raise LogLost
        failpoint("after_sequence")
        self._hash, self._shown_alive = hashes[-1], time.monotonic()
        self._handover.put(Rows(before + 1, rows))
        self._notifier.poke(SEQUENCED)
        POSITION.set(before + len(rows))
        return len(found)

    def _chain(self, rows: Sequence[asyncpg.Record]) -> list[bytes]:
        hashes, current = [], self._hash
        for row in rows:
            current = link(current, row["digest"])
            hashes.append(current)
        return hashes

    async def _show_life(self, connection: asyncpg.Connection) -> None:
        if time.monotonic() - self._shown_alive < SHOW_LIFE_EVERY / 2:
            return
        if await connection.execute(_BEAT) != "UPDATE 1":
            raise LogLost
        self._shown_alive = time.monotonic()
