"""Monitoring's worker process: its change log to the bus, pushed events to inspections, others' events to copies."""

from dataclasses import replace
from typing import Final

from aksu_monitoring.config import SERVICE, MonitoringConfig
from aksu_monitoring.consumers import DEADLINES, HANDLERS, on_rebuilt
from aksu_monitoring.consumers.pushed import LOOP as PUSHED
from aksu_monitoring.consumers.pushed import take_pushed
from aksu_monitoring.consumers.staged import LOOP, apply_staged
from aksu_monitoring.services.senders import Senders
from aksu_monitoring.storage.places import COPIES
from aksu_shared.privacy.expiry import WRAPPED
from aksu_shared.worker.process import WorkerParts, run_worker

PARTS: Final = WorkerParts(
    service=SERVICE,
    handlers=HANDLERS,
    deadlines=DEADLINES,
    loops={LOOP: apply_staged},
    copies=COPIES,
    on_rebuilt=on_rebuilt,
    wrapped={**WRAPPED, "push_key": "material"},
)


async def run(config: MonitoringConfig, *, health_port: int) -> None:
    """Work until told to stop."""
    pushed = take_pushed(Senders(unregistered=config.takes_unregistered, ring=config.key_ring))
    parts = replace(PARTS, loops={**PARTS.loops, PUSHED: pushed})
    await run_worker(parts, config, health_port=health_port)
