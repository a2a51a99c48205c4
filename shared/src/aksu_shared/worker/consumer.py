"""The consumer loop: fetch, apply in one transaction, commit the offsets last; bisect what fails, park what is bad.

A failure of the database or the bus is waited out with the partition rewound, and never parks anything. A type of
event this build does not know (a producer one version ahead) is parked as UNKNOWN_TYPE with what follows it under its
key, and re-driven after the upgrade: deploy consumers before producers. A known type without a handler is skipped.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Final

import asyncpg
import structlog

from aksu_shared.bus.contract import Bus, Consumer, Delivered
from aksu_shared.db.notify import APPLIED, CHANGE_LOG, Notifier
from aksu_shared.failpoint import failpoint
from aksu_shared.worker.applying import Applied, Applier, Item, read
from aksu_shared.worker.beat import hear, with_beats, without_beats
from aksu_shared.worker.failure import HandlerTimeout, fault_of, is_infrastructure, transaction
from aksu_shared.worker.freshness import Partition, save_sources
from aksu_shared.worker.loop import turns
from aksu_shared.worker.metrics import LAG, RECORDS
from aksu_shared.worker.progress import Progress

BATCH: Final = 2_000
"""Records applied in one transaction."""
_FETCH_WAIT: Final = 0.5
_FRESHEN_EVERY: Final = 1.0
_RETRY_AFTER: Final = (0.05, 0.25)

log = structlog.get_logger(__name__)


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

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until `stop`; the batch in hand is finished first."""
        self._progress.turned("consumer")
        group = f"aksu-{self._applier.name}"
        async with self._bus.consumer(group, with_beats(self._applier.topics), member=self._member) as consumer:
            await turns("consumer", lambda: self._turn(consumer), stop=stop, progress=self._progress)

    async def _turn(self, consumer: Consumer) -> None:
        records = await consumer.fetch(max_records=BATCH, wait=_FETCH_WAIT)
        if records:
            await self._consume(consumer, records)
        if time.monotonic() - self._freshened > _FRESHEN_EVERY:
            await self._freshen(consumer)
            self._freshened = time.monotonic()

    async def _consume(self, consumer: Consumer, records: Sequence[Delivered]) -> None:
        try:
            applied = await self._settle([read(record) for record in without_beats(records)])
            await hear(self._pool, records)
        except BaseException:
            await consumer.rewind(_firsts(records))
            raise
        failpoint("after_effect_before_offset_commit")
        if applied.changes:
            self._notifier.poke(CHANGE_LOG)
        if applied.events:
            self._notifier.poke(APPLIED)
        await consumer.commit(_nexts(records))

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
        await self._applier.park(item, fault_of(error))
        self._progress.turned("consumer")
        RECORDS.labels("parked").inc()
        return Applied(parked=1)

    async def _freshen(self, consumer: Consumer) -> None:
        """Partitions read to their end are fresh as of now."""
        asked = int(time.time() * 1000)
        lag = await consumer.lag()
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
