"""What monitoring is made of, collected from its features: tables, routes, handlers, deadlines, copies, loops."""

from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter

import aksu_monitoring.ingest.sources.tables  # noqa: F401 - plain SQL alone reads and writes them
from aksu_monitoring.amendments import handlers as amendments
from aksu_monitoring.amendments import routes as addressees
from aksu_monitoring.base import MonitoringBase
from aksu_monitoring.config import SERVICE
from aksu_monitoring.ingest.applying.loop import LOOP as APPLYING
from aksu_monitoring.ingest.applying.loop import apply_staged
from aksu_monitoring.ingest.bus import routes as bus
from aksu_monitoring.ingest.bus.loop import LOOP as PUSHED
from aksu_monitoring.ingest.bus.loop import take_pushed
from aksu_monitoring.ingest.push import routes as push
from aksu_monitoring.ingest.sources.service import Senders
from aksu_monitoring.ingest.staging import routes as staging
from aksu_monitoring.inspections import routes as inspections
from aksu_monitoring.inspections.queries import FINDING, INSPECTION
from aksu_monitoring.places.store import COPIES
from aksu_monitoring.prescriptions import routes as prescriptions
from aksu_monitoring.prescriptions.queries import PRESCRIPTION
from aksu_monitoring.signals import routes as signals
from aksu_monitoring.signals.handlers import DEADLINES
from aksu_monitoring.signals.queries import SIGNAL
from aksu_monitoring.signals.rules import CONCERNED, FORWARDED, REASONS, SIGNALLER
from aksu_monitoring.users_met import routes as users_met
from aksu_monitoring.users_met.schemas import USER_MET
from aksu_shared.db.access import keep_revocations
from aksu_shared.db.aggregate import Aggregate
from aksu_shared.db.repairs import repairs
from aksu_shared.events.monitoring.dead_letters import MonitoringRepairEvent
from aksu_shared.events.registry.access import AccessEvent
from aksu_shared.operations.changes import changes_router
from aksu_shared.operations.subjects import subjects_router
from aksu_shared.privacy import expiry
from aksu_shared.privacy.holdings import Holding, Holdings
from aksu_shared.worker.parts import WorkerLoop
from aksu_shared.worker.routing import Handlers

__all__ = [
    "AGGREGATES",
    "COPIES",
    "DEADLINES",
    "HANDLERS",
    "HOLDINGS",
    "METADATA",
    "ROUTERS",
    "WRAPPED",
    "loops",
    "on_rebuilt",
]

METADATA: Final = MonitoringBase.metadata
"""All tables: each is declared by a module that is imported above."""
AGGREGATES: Final[tuple[Aggregate, ...]] = (PRESCRIPTION, INSPECTION, FINDING, SIGNAL, repairs(MonitoringRepairEvent))
"""What monitoring owns."""
_OF_SIGNALS: Final = Holding(table="signal", over="r.state IN ('FORWARDED', 'REFUSED', 'CLOSED')")
HOLDINGS: Final[Holdings] = {
    **dict.fromkeys((SIGNALLER, CONCERNED, REASONS, FORWARDED), _OF_SIGNALS),
    USER_MET: Holding(table="inspection", over="r.closed_on IS NOT NULL OR r.state = 'CANCELLED'"),
}
"""Class of personal data (`retention.toml`) → where its people are told of, and until when they are needed."""
ROUTERS: Final[tuple[APIRouter, ...]] = (
    push.router,
    staging.router,
    bus.router,
    inspections.router,
    addressees.router,
    prescriptions.router,
    signals.router,
    users_met.router,
    subjects_router(HOLDINGS),
    changes_router(SERVICE),
)
"""All under `/v1`."""
HANDLERS: Final[Handlers] = {**amendments.HANDLERS, AccessEvent: keep_revocations}
"""What monitoring listens to: event class → handler."""
WRAPPED: Final[Mapping[str, str]] = {**expiry.WRAPPED, "push_key": "material"}
"""Table with keys or secrets wrapped under a key-encryption key → the column of these."""
on_rebuilt: Final = amendments.on_rebuilt
"""What follows when copies were made anew."""


def loops(senders: Senders) -> Mapping[str, WorkerLoop]:
    """Monitoring's own loops of a worker that knows the systems which may push."""
    return {APPLYING: apply_staged, PUSHED: take_pushed(senders)}
