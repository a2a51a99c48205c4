"""Licensing's worker process: its change log to the bus, the registry's facts, and its deadlines."""

from aksu_licensing.config import SERVICE, LicensingConfig
from aksu_licensing.consumers import DEADLINES, HANDLERS
from aksu_shared.worker.process import WorkerParts, run_worker


async def run(config: LicensingConfig, *, health_port: int) -> None:
    """Work until told to stop."""
    parts = WorkerParts(service=SERVICE, handlers=HANDLERS, deadlines=DEADLINES)
    await run_worker(parts, config, health_port=health_port)
