"""A member of a group on the embedded bus: one is active and reads, the others stand by for its lease."""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

import asyncpg
import structlog

from aksu_shared.bus.contract import BusUnavailable, Delivered
from aksu_shared.bus.lease import SHOW_LIFE_EVERY, show_life, try_hold
from aksu_shared.bus.link import Link
from aksu_shared.db.failures import FAILURES

CHANNEL: Final = "aksu_bus"
"""Notification channel; the payload is a topic that has new records."""
MAX_IDLE: Final = 300.0
"""Seconds without a fetch after which a member stops showing life, so that a stand-by may take over."""
_POLL: Final = 1.0
_STANDBY_POLL: Final = 0.5
_QUERY_TIMEOUT: Final = 5.0
_COMMIT_AGAIN: Final = 1.0
"""Seconds between attempts of a commit that failed."""
_MAX_BYTES: Final = 16_000_000

_READ: Final = """
SELECT topic, "offset", key, headers, value, time
  FROM (
    SELECT topic, "offset", key, headers, value, (extract(epoch FROM at) * 1000)::bigint AS time,
           sum(octet_length(value)) OVER (ORDER BY "offset") - octet_length(value) AS before
      FROM record WHERE topic = $1 AND "offset" >= $2 ORDER BY "offset" LIMIT $3
  ) r
 WHERE before < $4
 ORDER BY "offset"
"""
_ENDS: Final = "SELECT name, next_offset FROM topic WHERE name = ANY ($1::text[])"
# A commit may be carried out long after it was asked for: its process stood still, its database was slow. So it moves
# a position only from where this holder has left it, and never sets back what another has committed since.
_COMMIT: Final = """
WITH asked (topic, partition, "offset", before) AS (
  SELECT * FROM unnest($2::text[], $3::integer[], $4::bigint[], $5::bigint[])
)
INSERT INTO bus_cursor AS held (consumer_group, topic, partition, "offset")
SELECT $1, topic, partition, "offset" FROM asked
ON CONFLICT (consumer_group, topic, partition) DO UPDATE SET "offset" = EXCLUDED."offset"
 WHERE held."offset" = (SELECT before FROM asked WHERE (asked.topic, asked.partition) = (held.topic, held.partition))
RETURNING topic, partition, "offset"
"""

log = structlog.get_logger(__name__)


class EmbeddedConsumer:
    """Reads on the very connection that holds the group's lease: whoever lost the lease cannot read."""

    def __init__(self, url: str, group: str, topics: Sequence[str], *, cursors: asyncpg.Pool) -> None:
        self._group = group
        self._topics = list(dict.fromkeys(topics))
        self._cursors = cursors
        self._link = Link(url, name=group, on_open=self._listen)
        self._holder: asyncpg.Connection | None = None
        self._positions: dict[str, int] = {}
        self._owed: dict[tuple[str, int], int] = {}
        """Positions whose commit has failed."""
        self._owed_since = 0.0
        self._stored: dict[tuple[str, int], int] = {}
        """Positions as this holder found them or has committed them."""
        self._wake = asyncio.Event()
        self._fetched_at = time.monotonic()
        self._living: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Start showing life."""
        self._living = asyncio.create_task(self._show_life(), name=f"bus-life-{self._group}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give up the lease by closing its connection."""
        if self._living is not None:
            self._living.cancel()
            await asyncio.wait([self._living])
        self._holder = None
        await self._link.close()

    async def fetch(self, *, max_records: int, wait: float) -> Sequence[Delivered]:
        """See `Consumer.fetch`. A stand-by returns nothing, and tries for the lease meanwhile."""
        deadline = time.monotonic() + wait
        while True:
            self._fetched_at = time.monotonic()
            self._wake.clear()
            if self._owed and self._is_active and time.monotonic() - self._owed_since > _COMMIT_AGAIN:
                await self._store()
            async with self._link.use(timeout=_QUERY_TIMEOUT) as connection:
                active = await self._ensure_active(connection)
                records = await self._read(connection, max_records) if active else []
            patience = min(deadline - time.monotonic(), _POLL if active else _STANDBY_POLL)
            if records or patience <= 0:
                return records
            with suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await self._wake.wait()

    async def commit(self, positions: Mapping[tuple[str, int], int]) -> None:
        """Write the positions into the consumer's own database; see `Consumer.commit`."""
        if positions and self._is_active:
            self._owed.update(positions)
            await self._store()

    async def _store(self) -> None:
        owed, stored = self._owed, self._stored
        topics, partitions = zip(*owed, strict=True)
        before = [stored.get(place) for place in owed]
        try:
            async with asyncio.timeout(_QUERY_TIMEOUT):
                rows = await self._cursors.fetch(_COMMIT, self._group, topics, partitions, list(owed.values()), before)
        except FAILURES as failure:
            self._owed_since = time.monotonic()
            log.warning("Commit failed, will be repeated", group=self._group, error=repr(failure))
            return
        stored.update({(row[0], row[1]): row[2] for row in rows})
        if len(rows) == len(owed):
            owed.clear()
        elif stored is self._stored:
            log.warning("Positions were committed by another holder, taking the group anew", group=self._group)
            self._link.drop()

    async def rewind(self, positions: Mapping[tuple[str, int], int]) -> None:
        """See `Consumer.rewind`."""
        for (topic, _), offset in positions.items():
            if topic in self._positions:
                self._positions[topic] = offset

    async def lag(self) -> Mapping[tuple[str, int], int]:
        """See `Consumer.lag`."""
        if not self._is_active:
            return {}
        async with self._link.use(timeout=_QUERY_TIMEOUT) as connection:
            ends = await self._ends(connection)
        return {(topic, 0): max(0, end - self._positions.get(topic, 0)) for topic, end in ends.items()}

    @property
    def _is_active(self) -> bool:
        return self._holder is not None and not self._holder.is_closed()

    async def _listen(self, connection: asyncpg.Connection) -> None:
        await connection.add_listener(CHANNEL, self._notified)
        connection.add_termination_listener(lambda _: self._wake.set())

    def _notified(self, _connection: object, _pid: int, _channel: str, topic: object) -> None:
        if topic in self._positions:
            self._wake.set()

    async def _ensure_active(self, connection: asyncpg.Connection) -> bool:
        """Hold the lease; a new holder starts where the group has committed."""
        if self._holder is connection:
            return True
        self._holder, self._positions, self._owed, self._stored = None, {}, {}, {}
        if not await try_hold(connection, f"bus:group:{self._group}"):
            return False
        self._positions = await self._committed(connection)
        self._holder = connection
        log.info("Took consumer group", group=self._group, positions=self._positions)
        return True

    async def _committed(self, connection: asyncpg.Connection) -> dict[str, int]:
        rows = await self._cursors.fetch(
            'SELECT topic, "offset" FROM bus_cursor WHERE consumer_group = $1 AND partition = 0', self._group
        )
        committed = {row["topic"]: row["offset"] for row in rows}
        self._stored = {(topic, 0): offset for topic, offset in committed.items()}
        ends = await self._ends(connection)
        for topic in self._topics:
            # A position beyond the end: this is another log (restored, made anew). Better read it all again than skip.
            if committed.get(topic, 0) > ends.get(topic, 0):
                log.warning(
                    "Committed position lies beyond the log, reading it all again",
                    group=self._group,
                    topic=topic,
                    position=committed[topic],
                )
                committed[topic] = 0
        return {topic: committed.get(topic, 0) for topic in self._topics}

    async def _ends(self, connection: asyncpg.Connection) -> dict[str, int]:
        return {row[0]: row[1] for row in await connection.fetch(_ENDS, self._topics)}

    async def _read(self, connection: asyncpg.Connection, max_records: int) -> list[Delivered]:
        ends = await self._ends(connection)
        records: list[Delivered] = []
        for topic, position in list(self._positions.items()):
            if position >= ends.get(topic, 0) or len(records) == max_records:
                continue
            rows = await connection.fetch(_READ, topic, position, max_records - len(records), _MAX_BYTES)
            records += [Delivered(row[0], 0, row[1], row[2], row[4], json.loads(row[3]), row[5]) for row in rows]
            # A topic read from goes to the end of the queue, so that a long one cannot starve the others. Nothing to
            # read before the end: retention has taken it.
            del self._positions[topic]
            self._positions[topic] = rows[-1][1] + 1 if rows else ends[topic]
        return records

    async def _show_life(self) -> None:
        while True:
            await asyncio.sleep(SHOW_LIFE_EVERY)
            if self._is_active and time.monotonic() - self._fetched_at < MAX_IDLE:
                with suppress(BusUnavailable):
                    async with self._link.use(timeout=_QUERY_TIMEOUT) as connection:
                        await show_life(connection)
