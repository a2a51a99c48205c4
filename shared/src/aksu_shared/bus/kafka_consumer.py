"""A member of a consumer group on Kafka, which joins in the background and is built anew after any failure."""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError

from aksu_shared.bus.contract import BusUnavailable, Delivered
from aksu_shared.pinned.kafka import hang_up

SESSION_TIMEOUT_MS: Final = 3_000
"""Silence after which the broker gives a member's partitions to others.

Brokers allow it when `group.min.session.timeout.ms` permits (6 s by default; ours: deploy/kafka/server.properties).
"""
_HEARTBEAT_MS: Final = 500
_FETCH_MAX_WAIT_MS: Final = 20
_REQUEST_TIMEOUT_MS: Final = 10_000
RETRY_BACKOFF_MS: Final = 300
"""Pause of a client before it asks again. At its own 100 ms a worker tries a hundred connections a second without its
broker, and the broker on the same machine starts the slower for it."""
_JOIN_TIMEOUT: Final = 60.0
_CALL_TIMEOUT: Final = 5.0
_COMMIT_AGAIN: Final = 1.0
"""Seconds between attempts of a commit that failed, and for each of them."""
_STOP_TIMEOUT: Final = 10.0

T = TypeVar("T")
_Batches = dict[TopicPartition, list[ConsumerRecord[bytes, bytes]]]

log = structlog.get_logger(__name__)


class KafkaConsumer:
    """Never cancels a fetch of aiokafka: a cancelled `getmany` switches its poll-interval check off for good."""

    def __init__(
        self, servers: Sequence[str], group: str, topics: Sequence[str], *, member: str | None, session_timeout_ms: int
    ) -> None:
        self._group = group
        self._topics = topics
        self._options: dict[str, Any] = {
            "bootstrap_servers": list(servers),
            "group_id": group,
            "group_instance_id": member,
            "enable_auto_commit": False,
            "auto_offset_reset": "earliest",
            "fetch_max_wait_ms": _FETCH_MAX_WAIT_MS,
            "request_timeout_ms": _REQUEST_TIMEOUT_MS,
            "retry_backoff_ms": RETRY_BACKOFF_MS,
            "session_timeout_ms": session_timeout_ms,
            "heartbeat_interval_ms": min(_HEARTBEAT_MS, session_timeout_ms // 3),
        }
        self._consumer: AIOKafkaConsumer | None = None
        self._joining: asyncio.Task[AIOKafkaConsumer] | None = None
        self._fetching: asyncio.Task[_Batches] | None = None
        self._owed: dict[tuple[str, int], int] = {}
        """Positions whose commit has failed."""
        self._owed_since = 0.0
        self._begun: dict[tuple[str, int], int] = {}
        """First offset fetched of each partition since the last rebalance."""

    async def __aenter__(self) -> Self:
        """Begin to join, without waiting for it."""
        self._joining = asyncio.create_task(self._join(), name=f"bus-join-{self._group}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the group; a member with a stable name stays in it until its session ends."""
        joining, self._joining = self._joining, None
        if joining is not None:
            joining.cancel()
            await asyncio.wait([joining])
            if not joining.cancelled() and joining.exception() is None:
                self._consumer = joining.result()
        await self._leave()

    async def fetch(self, *, max_records: int, wait: float) -> Sequence[Delivered]:
        """See `Consumer.fetch`."""
        try:
            consumer = await self._joined(wait)
            if consumer is None:
                return ()
            if self._owed and time.monotonic() - self._owed_since > _COMMIT_AGAIN:
                await self._store(consumer, within=_COMMIT_AGAIN)
            if self._fetching is None:
                poll = consumer.getmany(timeout_ms=int(wait * 1000), max_records=max_records)
                self._fetching = asyncio.create_task(poll, name=f"bus-fetch-{self._group}")
            # During a rebalance aiokafka waits for its end, whatever the time-out: the fetch is left for the next call.
            await asyncio.wait([self._fetching], timeout=wait + 0.1)
            if not self._fetching.done():
                return ()
            fetching, self._fetching = self._fetching, None
            batches = _outcome(fetching)
            for partition, records in batches.items():
                self._begun.setdefault((partition.topic, partition.partition), records[0].offset)
        except (KafkaError, OSError, TimeoutError) as failure:
            await self._leave()
            msg = f"kafka consumer: {failure!r}"
            raise BusUnavailable(msg) from failure
        return [_delivered(record) for records in batches.values() for record in records]

    async def commit(self, positions: Mapping[tuple[str, int], int]) -> None:
        """See `Consumer.commit`. Positions of partitions lost in a rebalance are theirs who hold them now.

        Also when we hold them again: another member may have committed more meanwhile, and would be set back.
        """
        if self._consumer is not None:
            self._owed.update(positions)
            await self._store(self._consumer, within=_CALL_TIMEOUT)

    async def _store(self, consumer: AIOKafkaConsumer, *, within: float) -> None:
        begun = self._begun
        offsets = {TopicPartition(*key): to for key, to in self._owed.items() if key in begun and to > begun[key]}
        try:
            async with asyncio.timeout(within):
                if offsets:
                    await consumer.commit(offsets)
            self._owed = {}
        except (KafkaError, OSError, TimeoutError) as failure:
            self._owed_since = time.monotonic()
            log.warning("Commit failed, will be repeated", group=self._group, error=repr(failure))

    async def rewind(self, positions: Mapping[tuple[str, int], int]) -> None:
        """See `Consumer.rewind`."""
        if self._consumer is None:
            return
        self._put_back(self._consumer)
        for key, offset in positions.items():
            _seek(self._consumer, TopicPartition(*key), offset)

    async def lag(self) -> Mapping[tuple[str, int], int]:
        """See `Consumer.lag`. The broker is asked for the ends: a consumer fallen silent would not know them."""
        consumer = self._consumer
        if consumer is None:
            return {}
        try:
            async with asyncio.timeout(_CALL_TIMEOUT):
                ends = await consumer.end_offsets(consumer.assignment())
                return {
                    (partition.topic, partition.partition): max(0, end - await consumer.position(partition))
                    for partition, end in ends.items()
                    if partition in consumer.assignment()
                }
        except (KafkaError, OSError, TimeoutError) as failure:
            msg = f"kafka does not tell its offsets: {failure!r}"
            raise BusUnavailable(msg) from failure

    async def _join(self) -> AIOKafkaConsumer:
        consumer = AIOKafkaConsumer(**self._options)
        consumer.subscribe(self._topics, listener=_Forgetting(self._begun))
        try:
            async with asyncio.timeout(_JOIN_TIMEOUT):
                await consumer.start()
        except BaseException:
            await _stop(consumer)
            raise
        log.info("Joined consumer group", group=self._group, partitions=len(consumer.assignment()))
        return consumer

    async def _joined(self, wait: float) -> AIOKafkaConsumer | None:
        """The consumer, or None while it has not joined within `wait` seconds. Raises what joining raised."""
        if self._consumer is None:
            if self._joining is None:
                self._joining = asyncio.create_task(self._join(), name=f"bus-join-{self._group}")
            await asyncio.wait([self._joining], timeout=wait)
            if not self._joining.done():
                return None
            joining, self._joining = self._joining, None
            self._consumer = _outcome(joining)
        return self._consumer

    async def _leave(self) -> None:
        """Stop the consumer; the next fetch builds another, which reads from what is committed."""
        consumer, self._consumer = self._consumer, None
        self._owed = {}
        self._begun.clear()
        if consumer is not None:
            await _stop(consumer)
        fetching, self._fetching = self._fetching, None
        if fetching is not None:
            # Its consumer is gone: only now is there nothing left that a cancelled fetch could break.
            fetching.cancel()
            await asyncio.wait([fetching])
            if not fetching.cancelled():
                fetching.exception()

    def _put_back(self, consumer: AIOKafkaConsumer) -> None:
        """Return what a finished but not yet collected fetch took, so that it is read again in order."""
        if self._fetching is None or not self._fetching.done():
            return
        fetching, self._fetching = self._fetching, None
        if fetching.exception() is None:
            for partition, records in fetching.result().items():
                _seek(consumer, partition, records[0].offset)


class _Forgetting(ConsumerRebalanceListener):
    """Empties `begun` when partitions may go to others."""

    def __init__(self, begun: dict[tuple[str, int], int]) -> None:
        self._begun = begun

    def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:  # noqa: ARG002 - all are, each time
        self._begun.clear()

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Nothing."""


def _seek(consumer: AIOKafkaConsumer, partition: TopicPartition, offset: int) -> None:
    with suppress(IllegalStateError):  # somebody else holds it now
        consumer.seek(partition, offset)


def _outcome(task: asyncio.Task[T]) -> T:
    """What a finished task returned or raised; a cancellation is the client's own, never ours, hence an error."""
    if task.cancelled():
        msg = "the client gave up by itself"
        raise KafkaError(msg)
    return task.result()


async def _stop(consumer: AIOKafkaConsumer) -> None:
    """Stop in a task of its own.

    In aiokafka 0.14 `stop()` passes the cancellation of its own fetch on to whoever awaits it, when that fetch waits to
    be tried again; here that would look like a cancellation of the worker. It then has not closed its connections.
    """
    stopping = asyncio.create_task(consumer.stop())
    await asyncio.wait([stopping], timeout=_STOP_TIMEOUT)
    if stopping.done() and not stopping.cancelled() and stopping.exception() is None:
        return
    stopping.cancel()
    with suppress(KafkaError, OSError, TimeoutError):
        async with asyncio.timeout(_STOP_TIMEOUT):
            await hang_up(consumer)
    log.warning("Consumer stopped without leaving its group in good order")


def _delivered(record: ConsumerRecord[bytes, bytes]) -> Delivered:
    return Delivered(
        record.topic,
        record.partition,
        record.offset,
        _text(record.key),
        record.value or b"",
        _headers(record.headers),
        record.timestamp,
    )


def _headers(pairs: Iterable[tuple[str, bytes | None]]) -> dict[str, str]:
    """All at once when nothing in them is wrong, which is nearly always."""
    try:
        headers = {name: value.decode() for name, value in pairs}  # type: ignore[union-attr]  # None has no decode
    except (UnicodeDecodeError, AttributeError):
        headers = {}
    if headers and "\0" not in "".join(headers.values()):
        return headers
    return {name: _text(value) for name, value in pairs}


def _text(raw: bytes | None) -> str:
    """Text that can be stored: other producers may send any bytes, which must not stop the partition here."""
    if raw is None:
        return ""
    text = raw.decode(errors="replace")
    return text.replace("\0", "�") if "\0" in text else text
