"""Reporting's worker process: keeps read models from the other services' events. Its own log tells of repairs."""

from typing import Final

from aksu_reporting.config import SERVICE, ReportingConfig
from aksu_reporting.wiring import AGGREGATES, COPIES, HANDLERS
from aksu_shared.worker.parts import WorkerParts
from aksu_shared.worker.process import run_worker

PARTS: Final = WorkerParts(service=SERVICE, aggregates=AGGREGATES, handlers=HANDLERS, copies=COPIES)


async def run(config: ReportingConfig, *, health_port: int) -> None:
    """Work until told to stop."""
    await run_worker(PARTS, config, health_port=health_port)
