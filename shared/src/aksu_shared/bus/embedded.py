"""The embedded bus: a durable log in PostgreSQL, with the same promises as Kafka and no partitions.

Offsets become visible in order because the topic's row is locked until the commit of whoever appends to it.
"""

import asyncio
import json
from collections.abc import Iterable, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from types import TracebackType
from typing import Final, Self

import asyncpg
import structlog

from aksu_shared.bus.contract import BusUnavailable, Consumer, Record, check
from aksu_shared.bus.embedded_consumer import CHANNEL, EmbeddedConsumer
from aksu_shared.bus.embedded_schema import trim
from aksu_shared.bus.link import Link
from aksu_shared.db.failures import FAILURES

# The topics' rows are locked in name order, so that publishers with several topics cannot deadlock. A topic that
# does not exist yields a NULL offset, which the table refuses: the whole batch fails, nothing is dropped silently.
_APPEND: Final = """
WITH incoming AS (
  SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[])
    WITH ORDINALITY AS i (topic, key, headers, value, n)
), held AS MATERIALIZED (
  SELECT name FROM topic WHERE name = ANY ($5::text[]) ORDER BY name FOR UPDATE
), claimed AS (
  UPDATE topic t SET next_offset = t.next_offset + c.amount
    FROM held, (SELECT topic, count(*) AS amount FROM incoming GROUP BY topic) c
   WHERE t.name = held.name AND c.topic = t.name
  RETURNING t.name, t.next_offset - c.amount AS first
)
INSERT INTO record (topic, "offset", key, headers, value)
SELECT i.topic, c.first + row_number() OVER (PARTITION BY i.topic ORDER BY i.n) - 1, i.key, i.headers::json, i.value
  FROM incoming i LEFT JOIN claimed c ON c.name = i.topic
"""
_TRIM_EVERY: Final = 3600.0

log = structlog.get_logger(__name__)


class EmbeddedBus:
    """Driver of the `Bus` contract on a PostgreSQL database prepared by `embedded_schema.install`."""

    def __init__(self, url: str, *, cursors: asyncpg.Pool | None) -> None:
        self._url = url
        self._cursors = cursors
        self._publisher = Link(url, name="publish")
        self._announcer = Link(url, name="announce")
        self._news: set[str] = set()
        self._has_news = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        """Start the tasks that wake consumers and end the retention of old records."""
        self._tasks = [
            asyncio.create_task(self._announce(), name="bus-announce"),
            asyncio.create_task(self._trim(), name="bus-trim"),
        ]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close both connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)
        await self._publisher.close()
        await self._announcer.close()

    async def publish(self, records: Sequence[Record], *, timeout: float = 10.0) -> None:
        """Append in the order given, in one statement; see `Bus.publish`."""
        if not records:
            return
        for record in records:
            check(record)
        topics = sorted({record.topic for record in records})
        async with self._publisher.use(timeout=timeout) as connection:
            await connection.execute(
                _APPEND,
                [record.topic for record in records],
                [record.key for record in records],
                [json.dumps(dict(record.headers)) for record in records],
                [record.value for record in records],
                topics,
            )
        self._tell(topics)

    def consumer(
        self, group: str, topics: Sequence[str], *, member: str | None = None
    ) -> AbstractAsyncContextManager[Consumer]:
        """A member of `group`; one member is active, the others stand by. `member` means nothing here."""
        del member
        if self._cursors is None:
            msg = "a consumer of the embedded bus needs a pool of its own database: connect(url, cursors=pool)"
            raise ValueError(msg)
        return EmbeddedConsumer(self._url, group, topics, cursors=self._cursors)

    async def ping(self) -> None:
        """Ask the database for an answer within two seconds; see `Bus.ping`."""
        async with self._announcer.use(timeout=2.0) as connection:
            await connection.execute("SELECT FROM topic LIMIT 1")

    async def _trim(self) -> None:
        while True:
            await asyncio.sleep(_TRIM_EVERY)
            try:
                deleted = await trim(self._url)
            except FAILURES as failure:
                log.warning("Old records of the bus were not deleted", error=repr(failure))
            else:
                log.info("Old records of the bus deleted", records=deleted)

    def _tell(self, topics: Iterable[str]) -> None:
        self._news.update(topics)
        self._has_news.set()

    async def _announce(self) -> None:
        """Wake consumers after commits, many commits by one notification.

        On a connection of its own: NOTIFY inside the appending transaction would queue commits behind each other.
        A lost notification costs a consumer's slow poll, nothing more.
        """
        while True:
            await self._has_news.wait()
            self._has_news.clear()
            topics = list(self._news)
            self._news.clear()
            with suppress(BusUnavailable):
                async with self._announcer.use(timeout=5.0) as connection:
                    await connection.execute("SELECT pg_notify($1, t) FROM unnest($2::text[]) t", CHANNEL, topics)
