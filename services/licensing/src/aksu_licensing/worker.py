"""Licensing's worker process: its change log to the bus, the registry's facts, and its deadlines."""

from typing import Final

from aksu_licensing.config import SERVICE, LicensingConfig
from aksu_licensing.wiring import AGGREGATES, COPIES, DEADLINES, HANDLERS, HOLDINGS
from aksu_shared.privacy.expiry import WRAPPED
from aksu_shared.worker.parts import WorkerParts
from aksu_shared.worker.process import run_worker

PARTS: Final = WorkerParts(
    service=SERVICE,
    aggregates=AGGREGATES,
    handlers=HANDLERS,
    deadlines=DEADLINES,
    copies=COPIES,
    wrapped=WRAPPED,
    holdings=HOLDINGS,
)


async def run(config: LicensingConfig, *, health_port: int) -> None:
    """Work until told to stop."""
    await run_worker(PARTS, config, health_port=health_port)
