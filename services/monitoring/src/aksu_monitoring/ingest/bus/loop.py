"""The loop that takes pushed events from the bus: a batch in one transaction, the offsets committed last."""

from collections.abc import Sequence
from typing import Final

import structlog

from aksu_monitoring.ingest.bus.service import ReceivingService
from aksu_monitoring.ingest.sources.service import Senders
from aksu_monitoring.ingest.staging.service import INGESTED
from aksu_shared.bus.contract import Consumer, Delivered
from aksu_shared.db.work import Connection
from aksu_shared.kernel.failpoint import failpoint
from aksu_shared.worker.failure import fault_of, transaction
from aksu_shared.worker.loop import turns
from aksu_shared.worker.metrics import RECORDS
from aksu_shared.worker.parts import Worker, WorkerLoop
from aksu_shared.worker.settling import Settling

LOOP: Final = "pushed"
TOPIC: Final = "aksu.ingest.inspection.v1"
GROUP: Final = "aksu-monitoring-ingest"
BATCH: Final = 500
_FETCH_WAIT: Final = 0.5

log = structlog.get_logger(__name__)


def take_pushed(senders: Senders) -> WorkerLoop:
    """The loop, which knows the systems that may push."""

    async def run(worker: Worker) -> None:
        loop = PushedLoop(worker, senders)
        async with worker.bus.consumer(GROUP, (TOPIC,)) as consumer:
            await turns(LOOP, lambda: loop.turn(consumer), stop=worker.stop, progress=worker.progress)

    return run


class PushedLoop:
    """One member of the group; every worker process runs one."""

    def __init__(self, worker: Worker, senders: Senders) -> None:
        self._worker = worker
        self._senders = senders
        self._settling = Settling(
            name=LOOP, apply=self._receive, park=self._park, moved=lambda: worker.progress.turned(LOOP)
        )

    async def turn(self, consumer: Consumer) -> None:
        """Fetch and store once."""
        records = await consumer.fetch(max_records=BATCH, wait=_FETCH_WAIT)
        if records:
            try:
                await self._settling.settle(records)
            except BaseException:
                await consumer.rewind({(each.topic, each.partition): each.offset for each in reversed(records)})
                raise
            failpoint("after_effect_before_offset_commit")
            self._worker.notifier.poke(INGESTED)
            await consumer.commit({(each.topic, each.partition): each.offset + 1 for each in records})
        self._worker.progress.turned(LOOP)

    async def _receive(self, records: Sequence[Delivered]) -> None:
        """Store the records in one transaction; those refused are parked in it."""
        async with transaction(self._worker.pool) as connection:
            tally = await self._receiving(connection).receive(records, today=self._worker.clock.today())
        RECORDS.labels("events").inc(tally.accepted)
        RECORDS.labels("repeated").inc(tally.duplicate)
        RECORDS.labels("parked").inc(tally.refused)
        if tally.refused:
            log.error("pushed_records_parked", parked=tally.refused, of=len(records))

    async def _park(self, record: Delivered, error: Exception) -> None:
        """Park a record whose storing failed by itself."""
        fault = fault_of(error)
        async with transaction(self._worker.pool) as connection:
            await self._receiving(connection).park(record, fault, today=self._worker.clock.today())
        RECORDS.labels("parked").inc()
        log.error("pushed_records_parked", parked=1, of=1, reason=fault.reason, detail=fault.detail)

    def _receiving(self, connection: Connection) -> ReceivingService:
        return ReceivingService(connection, self._senders)
