"""Monitoring's worker process: its change log to the bus, pushed events to inspections, others' events to copies."""

from typing import Final

from aksu_monitoring.config import SERVICE, MonitoringConfig
from aksu_monitoring.consumers import HANDLERS, on_rebuilt
from aksu_monitoring.consumers.staged import LOOP, apply_staged
from aksu_monitoring.storage.places import COPIES
from aksu_shared.worker.process import WorkerParts, run_worker

PARTS: Final = WorkerParts(
    service=SERVICE, handlers=HANDLERS, loops={LOOP: apply_staged}, copies=COPIES, on_rebuilt=on_rebuilt
)


async def run(config: MonitoringConfig, *, health_port: int) -> None:
    """Work until told to stop."""
    await run_worker(PARTS, config, health_port=health_port)
