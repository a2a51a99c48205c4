"""The registry's worker process: its change log to the bus. It listens to nobody yet."""

from typing import Final

from aksu_registry.config import SERVICE, RegistryConfig
from aksu_registry.factory import Factory
from aksu_shared.auth.permissions import Rights
from aksu_shared.db.work import UnitOfWork
from aksu_shared.worker.beat import beat
from aksu_shared.worker.process import WorkerParts, run_worker


async def establish(work: UnitOfWork) -> None:
    """Bring territory and public bodies to the packaged tables."""
    await Factory(work, Rights.load()).territories().establish()


PARTS: Final = WorkerParts(service=SERVICE, at_start=establish, loops={"beat": beat})


async def run(config: RegistryConfig, *, health_port: int) -> None:
    """Work until told to stop."""
    await run_worker(PARTS, config, health_port=health_port)
