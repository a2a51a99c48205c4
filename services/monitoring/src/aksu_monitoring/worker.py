"""Monitoring's worker process: its change log to the bus, pushed events to inspections, others' events to copies."""

from dataclasses import replace
from typing import Final

from aksu_monitoring.config import SERVICE, MonitoringConfig
from aksu_monitoring.ingest.sources.service import Senders
from aksu_monitoring.wiring import AGGREGATES, COPIES, DEADLINES, HANDLERS, HOLDINGS, WRAPPED, loops, on_rebuilt
from aksu_shared.worker.parts import WorkerParts
from aksu_shared.worker.process import run_worker

PARTS: Final = WorkerParts(
    service=SERVICE,
    aggregates=AGGREGATES,
    handlers=HANDLERS,
    deadlines=DEADLINES,
    copies=COPIES,
    on_rebuilt=on_rebuilt,
    wrapped=WRAPPED,
    holdings=HOLDINGS,
)
"""All but the loops, which need the configuration."""


async def run(config: MonitoringConfig, *, health_port: int) -> None:
    """Work until told to stop."""
    senders = Senders(unregistered=config.takes_unregistered, ring=config.key_ring)
    await run_worker(replace(PARTS, loops=loops(senders)), config, health_port=health_port)
