"""The loop that takes pushed events from the bus: a batch in one transaction, the offsets committed last."""

from collections.abc import Sequence
from typing import Final

import structlog

from aksu_monitoring.ingest.bus.service import ReceivingService
from aksu_monitoring.ingest.sources.service import Senders
from aksu_monitoring.ingest.staging.service import INGESTED
from aksu_shared.bus.contract import Consumer, Delivered
from aksu_shared.kernel.failpoint import failpoint
from aksu_shared.worker.failure import fault_of, is_infrastructure, transaction
from aksu_shared.worker.loop import turns
from aksu_shared.worker.metrics import RECORDS
from aksu_shared.worker.parts import Worker, WorkerLoop

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

    async def turn(self, consumer: Consumer) -> None:
        """Fetch and store once."""
        records = await consumer.fetch(max_records=BATCH, wait=_FETCH_WAIT)
        if records:
            try:
                await self._settle(records)
            except BaseException:
                await consumer.rewind({(each.topic, each.partition): each.offset for each in reversed(records)})
                raise
            failpoint("after_effect_before_offset_commit")
            self._worker.notifier.poke(INGESTED)
            await consumer.commit({(each.topic, each.partition): each.offset + 1 for each in records})
        self._worker.progress.turned(LOOP)

    async def _settle(self, records: Sequence[Delivered]) -> None:
        """Store the batch; one that fails by itself is cut in halves until the record is found, which is kept."""
        today = self._worker.clock.today()
        try:
            async with transaction(self._worker.pool) as connection:
                tally = await ReceivingService(connection, self._senders).receive(records, today=today)
        except Exception as error:
            if is_infrastructure(error):
                raise
            fault = fault_of(error)
            log.warning("pushed_batch_split", records=len(records), error=fault.detail)
            if len(records) > 1:
                half = len(records) // 2
                await self._settle(records[:half])
                await self._settle(records[half:])
                return
            async with transaction(self._worker.pool) as connection:
                receiving = ReceivingService(connection, self._senders)
                await receiving.keep_failed(records[0], f"{fault.reason}: {fault.detail}", today=today)
            RECORDS.labels("parked").inc()
            return
        RECORDS.labels("events").inc(tally.accepted)
        RECORDS.labels("repeated").inc(tally.duplicate)
        RECORDS.labels("parked").inc(tally.refused)
        if tally.refused:
            log.error("pushed_records_refused", refused=tally.refused, of=len(records))
