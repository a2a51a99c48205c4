"""The consumer loop: fetch, apply in one transaction, commit the offsets last; bisect what fails, park what is bad.

While PostgreSQL works on a batch, the one behind it is fetched and read. It is applied once the batch before it is
settled and committed; when that fails, both are read again.

A failure of the database or the bus is waited out with the partition rewound, and never parks anything. A type of
event this build does not know (a producer one version ahead) is parked as UNKNOWN_TYPE with what follows it under its
key, and re-driven after the upgrade: deploy consumers before producers. A known type without a handler is skipped.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import asyncpg
import structlog

from aksu_shared.bus.contract import Bus, BusUnavailable, Consumer, Delivered
from aksu_shared.db.notify import APPLIED, CHANGE_LOG, Notifier
from aksu_shared.kernel.failpoint import failpoint
from aksu_shared.worker.applying import Applied, Applier, Item, read
from aksu_shared.worker.beat import hear, with_beats, without_beats
from aksu_shared.worker.failure import HandlerTimeout, fault_of, is_infrastructure, transaction
from aksu_shared.worker.freshness import Partition, save_sources
from aksu_shared.worker.loop import turns
from aksu_shared.worker.metrics import LAG, RECORDS
from aksu_shared.worker.progress import Progress

BATCH: Final = 2_000
"""Records applied in one transaction."""
_PORTION: Final = 250
"""Records read ahead at a time: for so long the transaction waits. Behind a smaller batch there is nothing to read."""
_AHEAD_WAIT: Final = 0.02
"""Seconds to wait for the bus while a batch is applied."""
_FETCH_WAIT: Final = 0.5
_FRESHEN_EVERY: Final = 1.0
_RETRY_AFTER: Final = (0.05, 0.25)

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Batch:
    """Records in the order fetched, and the events of those that tell any."""

    records: list[Delivered] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)

    def read(self, records: Sequence[Delivered]) -> None:
        """Add what was fetched."""
        self.records += records
        self.items += map(read, without_beats(records))


class ConsumerLoop:
    """One member of the group of a service; every worker process runs one."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        bus: Bus,
        applier: Applier,
        *,
        notifier: Notifier,
        progress: Progress,
        member: str | None = None,
    ) -> None:
        self._pool = pool
        self._bus = bus
        self._applier = applier
        self._notifier = notifier
        self._progress = progress
        self._member = member
        self._freshened = 0.0
        self._ahead = _Batch()

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until `stop`; the batch in hand is finished first."""
        self._progress.turned("consumer")
        self._ahead = _Batch()  # of a former membership: whoever holds the partitions now reads them
        group = f"aksu-{self._applier.name}"
        async with self._bus.consumer(group, with_beats(self._applier.topics), member=self._member) as consumer:
            await turns("consumer", lambda: self._turn(consumer), stop=stop, progress=self._progress)

    async def _turn(self, consumer: Consumer) -> None:
        batch, self._ahead = self._ahead, _Batch()
        if not batch.records:
            batch.read(await consumer.fetch(max_records=BATCH, wait=_FETCH_WAIT))
        if batch.records:
            await self._consume(consumer, batch)
        if time.monotonic() - self._freshened > _FRESHEN_EVERY:
            await self._freshen(consumer)
            self._freshened = time.monotonic()

    async def _consume(self, consumer: Consumer, batch: _Batch) -> None:
        settled = asyncio.Event()
        reading = asyncio.create_task(self._read_ahead(consumer, batch, settled))
        try:
            applied = await self._settle(batch.items)
            await hear(self._pool, batch.records)
        except BaseException:
            settled.set()
            await asyncio.wait([reading])
            ahead, self._ahead = self._ahead, _Batch()
            await consumer.rewind(_firsts([*batch.records, *ahead.records]))
            raise
        settled.set()
        failpoint("after_effect_before_offset_commit")
        if applied.changes:
            self._notifier.poke(CHANGE_LOG)
        if applied.events:
            self._notifier.poke(APPLIED)
        await reading
        await consumer.commit(_nexts(batch.records))

    async def _read_ahead(self, consumer: Consumer, batch: _Batch, settled: asyncio.Event) -> None:
        """Read what follows `batch` until it is settled, up to as much again. A bus that is away is the next turn's."""
        try:
            while len(batch.records) >= _PORTION and len(self._ahead.records) < BATCH and not settled.is_set():
                self._ahead.read(await consumer.fetch(max_records=_PORTION, wait=_AHEAD_WAIT))
        except BusUnavailable as failure:
            log.warning("reading_ahead_failed", error=repr(failure))

    async def _settle(self, items: Sequence[Item]) -> Applied:
        """Apply or park every item, in order. Raises only what is_infrastructure."""
        if not items:
            return Applied()
        try:
            applied = await self._applier.apply(items)
        except Exception as error:
            if is_infrastructure(error):
                raise
            if len(items) == 1:
                return await self._settle_one(items[0], error)
            log.warning("batch_bisected", records=len(items), error=fault_of(error).detail)
            # A cut is progress: of a batch with a record that hangs, each half takes the handler's whole time.
            self._progress.turned("consumer")
            half = len(items) // 2
            return await self._settle(items[:half]) + await self._settle(items[half:])
        self._progress.turned("consumer")
        for outcome in ("events", "repeated", "parked"):
            RECORDS.labels(outcome).inc(getattr(applied, outcome))
        return applied

    async def _settle_one(self, item: Item, error: Exception) -> Applied:
        """Try a record again a few times, then park it.

        One that took too long is tried once more: it may have been the database that stood still.
        """
        for wait in _RETRY_AFTER[:1] if isinstance(error, HandlerTimeout) else _RETRY_AFTER:
            await asyncio.sleep(wait)
            self._progress.turned("consumer")
            try:
                return await self._applier.apply([item])
            except Exception as again:
                if is_infrastructure(again):
                    raise
                error = again
        parked = await self._applier.park(item, fault_of(error))
        self._progress.turned("consumer")
        RECORDS.labels("parked" if parked else "repeated").inc()
        return Applied(parked=1) if parked else Applied(repeated=1)

    async def _freshen(self, consumer: Consumer) -> None:
        """Partitions read to their end are fresh as of now."""
        asked = int(time.time() * 1000)
        ahead = Counter((record.topic, record.partition) for record in self._ahead.records)
        lag = {partition: behind + ahead[partition] for partition, behind in (await consumer.lag()).items()}
        for (topic, partition), behind in lag.items():
            LAG.labels(topic, str(partition)).set(behind)
        fresh: dict[Partition, int] = {partition: asked for partition, behind in lag.items() if behind == 0}
        if fresh:
            async with transaction(self._pool) as connection:
                await connection.execute("SET LOCAL synchronous_commit = off")
                await save_sources(connection, topics=self._applier.topics, fresh=fresh)
        if len(fresh) == len(lag):
            self._progress.turned("consumer")


def _firsts(records: Sequence[Delivered]) -> dict[Partition, int]:
    return {(record.topic, record.partition): record.offset for record in reversed(records)}


def _nexts(records: Sequence[Delivered]) -> dict[Partition, int]:
    return {(record.topic, record.partition): record.offset + 1 for record in records}
