"""The bus: keyed records published to topics in order, consumed by named groups, carried by one of two drivers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aksu_shared.bus.contract import (
    MAX_RECORD_BYTES,
    Bus,
    BusUnavailable,
    Consumer,
    Delivered,
    Record,
    RecordTooLarge,
)

if TYPE_CHECKING:
    import asyncpg

__all__ = [
    "MAX_RECORD_BYTES",
    "Bus",
    "BusUnavailable",
    "Consumer",
    "Delivered",
    "Record",
    "RecordTooLarge",
    "connect",
]


@asynccontextmanager
async def connect(url: str, *, cursors: "asyncpg.Pool | None" = None) -> AsyncIterator[Bus]:
    """The bus behind `url`: `postgresql://…/bus` is the embedded log, `kafka://host:port[,host:port]` is Kafka.

    Opens nothing yet: a process starts while the bus is away. `cursors` is a pool of the consumer's own database,
    where the embedded driver keeps how far each group has read; whoever only publishes needs none.
    Raises ValueError for another scheme.
    """
    # Each driver's library is loaded only by whoever uses it.
    match urlsplit(url).scheme:
        case "postgresql" | "postgres":
            from aksu_shared.bus.embedded import EmbeddedBus  # noqa: PLC0415

            async with EmbeddedBus(url, cursors=cursors) as embedded:
                yield embedded
        case "kafka":
            from aksu_shared.bus.kafka import KafkaBus  # noqa: PLC0415

            async with KafkaBus(url) as kafka:
                yield kafka
        case scheme:
            msg = f"no bus driver for scheme {scheme!r}"
            raise ValueError(msg)
