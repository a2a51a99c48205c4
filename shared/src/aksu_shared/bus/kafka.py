"""The bus on Apache Kafka: one idempotent producer, thrown away and built anew after any failure."""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Final, Self
from urllib.parse import parse_qsl, urlsplit

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from aksu_shared.bus.contract import BusUnavailable, Consumer, Record, check
from aksu_shared.bus.kafka_consumer import RETRY_BACKOFF_MS, SESSION_TIMEOUT_MS, KafkaConsumer
from aksu_shared.pinned.kafka import give_up

_REQUEST_TIMEOUT_MS: Final = 10_000
_BATCH_BYTES: Final = 262_144
_STOP_TIMEOUT: Final = 5.0
_PING_TIMEOUT: Final = 2.0

log = structlog.get_logger(__name__)


class KafkaBus:
    """Driver of the `Bus` contract on a Kafka cluster, `kafka://host:port[,host:port][?session_timeout_ms=…]`."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query))
        self._servers = parts.netloc.split(",")
        self._session_timeout_ms = int(options.pop("session_timeout_ms", SESSION_TIMEOUT_MS))
        if options:
            msg = f"unknown options in the bus URL: {', '.join(options)}"
            raise ValueError(msg)
        self._building = asyncio.Lock()
        self._producer: AIOKafkaProducer | None = None

    async def __aenter__(self) -> Self:
        """Nothing is opened before it is used."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the producer; whatever was published has been acknowledged already."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await _abandon(producer)

    async def publish(self, records: Sequence[Record], *, timeout: float = 10.0) -> None:
        """Send all, then wait for all; see `Bus.publish`."""
        for record in records:
            check(record)
        producer: AIOKafkaProducer | None = None
        try:
            async with asyncio.timeout(timeout):
                producer = await self._ready_producer()
                await _send(producer, records)
        except (KafkaError, OSError, TimeoutError) as failure:
            # An idempotent producer retries for ever: only without it can "publish again" be the only sender.
            if producer is not None:
                await self._drop(producer)
            msg = f"kafka did not acknowledge: {failure!r}"
            raise BusUnavailable(msg) from failure

    def consumer(
        self, group: str, topics: Sequence[str], *, member: str | None = None
    ) -> AbstractAsyncContextManager[Consumer]:
        """A member of `group`; `member`, unique in the group, keeps its partitions over a quick restart."""
        return KafkaConsumer(self._servers, group, topics, member=member, session_timeout_ms=self._session_timeout_ms)

    async def ping(self) -> None:
        """Ask a broker for the cluster's metadata on a fresh connection; see `Bus.ping`."""
        client = AIOKafkaClient(bootstrap_servers=self._servers, request_timeout_ms=int(_PING_TIMEOUT * 1000))
        try:
            async with asyncio.timeout(_PING_TIMEOUT):
                await client.bootstrap()
        except (KafkaError, OSError, TimeoutError) as failure:
            msg = f"kafka does not answer: {failure!r}"
            raise BusUnavailable(msg) from failure
        finally:
            await client.close()

    async def _ready_producer(self) -> AIOKafkaProducer:
        async with self._building:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    bootstrap_servers=self._servers,
                    acks="all",
                    enable_idempotence=True,
                    request_timeout_ms=_REQUEST_TIMEOUT_MS,
                    retry_backoff_ms=RETRY_BACKOFF_MS,
                    max_batch_size=_BATCH_BYTES,
                )
                try:
                    await producer.start()
                except BaseException:
                    await _abandon(producer)
                    raise
                self._producer = producer
            return self._producer

    async def _drop(self, producer: AIOKafkaProducer) -> None:
        if self._producer is producer:
            self._producer = None
            log.warning("Producer thrown away after a failure")
            await _abandon(producer)


async def _send(producer: AIOKafkaProducer, records: Iterable[Record]) -> None:
    acknowledgements: list[asyncio.Future[object]] = []
    try:
        for record in records:
            acknowledgements.append(  # noqa: PERF401 - what was sent must be known when a send fails
                await producer.send(
                    record.topic,
                    record.value,
                    record.key.encode(),
                    headers=[(name, value.encode()) for name, value in record.headers.items()],
                )
            )
        # One after another costs nothing: a Kafka batch acknowledges all its records at once.
        for acknowledgement in acknowledgements:
            await asyncio.shield(acknowledgement)
    except BaseException:
        for acknowledgement in acknowledgements:
            acknowledgement.add_done_callback(_retrieve)
        raise


def _retrieve(acknowledgement: asyncio.Future[object]) -> None:
    """Take note of an error nobody waits for any more, which asyncio would otherwise report as forgotten."""
    if not acknowledgement.cancelled():
        acknowledgement.exception()


async def _abandon(producer: AIOKafkaProducer) -> None:
    """Give a producer up with what it still holds."""
    try:
        async with asyncio.timeout(_STOP_TIMEOUT):
            await give_up(producer)
    except (KafkaError, OSError, TimeoutError):
        log.exception("Producer does not stop")
