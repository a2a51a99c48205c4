"""The registry's worker process: its change log to the bus."""

from typing import Final

from aksu_registry.config import SERVICE, RegistryConfig
from aksu_registry.wiring import AGGREGATES, HANDLERS, establish
from aksu_shared.worker.beat import beat
from aksu_shared.worker.parts import WorkerParts
from aksu_shared.worker.process import run_worker

PARTS: Final = WorkerParts(
    service=SERVICE, aggregates=AGGREGATES, handlers=HANDLERS, at_start=establish, loops={"beat": beat}
)


async def run(config: RegistryConfig, *, health_port: int) -> None:
    """Work until told to stop."""
    await run_worker(PARTS, config, health_port=health_port)
