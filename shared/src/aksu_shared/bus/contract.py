"""What services may use of the bus, whichever driver carries it.

Order holds per key within a topic. Delivery is at least once. The value is raw bytes both ways: decoding
happens in the consumer's own try, so that one bad record can be parked instead of looping for ever.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Final, Protocol

from aksu_shared.kernel.value import value

MAX_RECORD_BYTES: Final = 1_000_000
"""Largest key + value + headers of one record, in bytes; below the 1 MiB default of Kafka brokers."""
_HEADER_OVERHEAD: Final = 10


@dataclass(frozen=True, slots=True)
class Record:
    """One keyed record to publish."""

    topic: str
    key: str
    value: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@value()
class Delivered:
    """One record as a consumer receives it; `time` in milliseconds since the epoch."""

    topic: str
    partition: int
    offset: int
    key: str
    value: bytes
    headers: Mapping[str, str]
    time: int


class BusUnavailable(Exception):
    """The bus cannot be reached or did not acknowledge in time. The outcome may be unknown; publish again."""


class RecordTooLarge(Exception):
    """The record exceeds `MAX_RECORD_BYTES`; it will never be accepted."""

    def __init__(self, record: Record, size: int) -> None:
        super().__init__(f"record of {size} bytes for {record.topic} exceeds {MAX_RECORD_BYTES}")
        self.record = record
        self.size = size


def check(record: Record) -> None:
    """Refuse what no driver could carry: raises RecordTooLarge, or ValueError for text that is not storable."""
    if "\0" in record.key:
        msg = f"key of a record for {record.topic} contains NUL"
        raise ValueError(msg)
    text = "".join((record.key, *record.headers, *record.headers.values()))
    # Text that cannot be stored (a lone surrogate) fails to encode; to know that text is ASCII costs nothing.
    size = len(text) if text.isascii() else len(text.encode())
    size += len(record.value) + _HEADER_OVERHEAD * len(record.headers)
    if size > MAX_RECORD_BYTES:
        raise RecordTooLarge(record, size)


class Consumer(Protocol):
    """A member of a named group. All members of a group consume the same topics. Used by one task at a time."""

    async def fetch(self, *, max_records: int, wait: float) -> Sequence[Delivered]:
        """Next records of the partitions this member holds, in order per partition; empty after `wait` seconds.

        Raises BusUnavailable: pause, then call again; it reconnects, and what was not committed is delivered again.
        Must be called again and again, even by a member without partitions. Cancelling it loses no record.
        """

    async def commit(self, positions: Mapping[tuple[str, int], int]) -> None:
        """Store the next offset to read per (topic, partition); never an error.

        A failed commit is made up for by later calls of `fetch`, once a second; a crash before that means redelivery.
        """

    async def rewind(self, positions: Mapping[tuple[str, int], int]) -> None:
        """Read again from these offsets (after a failed effect); partitions no longer held are ignored."""

    async def lag(self) -> Mapping[tuple[str, int], int]:
        """Records not yet fetched per held (topic, partition); 0 means at the end of the log, empty: holds nothing.

        Raises BusUnavailable.
        """


class Bus(Protocol):
    """One connection to the bus of a process; two drivers implement it."""

    async def publish(self, records: Sequence[Record], *, timeout: float = 10.0) -> None:
        """Return once all records are durable, in the order given per key.

        Raises RecordTooLarge or ValueError before anything is sent; BusUnavailable when the outcome of the whole
        batch is unknown: publish all of it again, in the same order.
        """

    def consumer(
        self, group: str, topics: Sequence[str], *, member: str | None = None
    ) -> AbstractAsyncContextManager[Consumer]:
        """Join `group` for `topics`; `member` is a stable name for static membership. Starts at the oldest record."""

    async def ping(self) -> None:
        """Raise BusUnavailable unless the bus answers now."""
