"""What monitoring listens to: event class → handler; kind of deadline → handler."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from aksu_monitoring.consumers.deadlines import signal_term_passed
from aksu_monitoring.factory import Factory
from aksu_monitoring.services.signals import TERM_PASSED
from aksu_shared.auth.permissions import Rights
from aksu_shared.db.access import keep_revocations
from aksu_shared.db.work import UnitOfWork
from aksu_shared.events.licensing import LicenceEvent
from aksu_shared.events.registry import AccessEvent, PlaceEvent, ServiceEvent
from aksu_shared.worker.copies import Moved
from aksu_shared.worker.routing import Handlers
from aksu_shared.worker.scheduler import DeadlineHandler


async def on_places(work: UnitOfWork, events: Sequence[PlaceEvent]) -> None:
    """Places become known or change."""
    await Factory(work, Rights.load()).placing().places(events)


async def on_services(work: UnitOfWork, events: Sequence[ServiceEvent]) -> None:
    """Services become known, change or end."""
    await Factory(work, Rights.load()).placing().services(events)


async def on_licences(work: UnitOfWork, events: Sequence[LicenceEvent]) -> None:
    """Licences are issued or change."""
    await Factory(work, Rights.load()).placing().licences(events)


HANDLERS: Final[Handlers] = {
    PlaceEvent: on_places,
    ServiceEvent: on_services,
    LicenceEvent: on_licences,
    AccessEvent: keep_revocations,
}

DEADLINES: Final[Mapping[str, DeadlineHandler]] = {TERM_PASSED: signal_term_passed}


async def on_rebuilt(work: UnitOfWork, moved: Sequence[Moved]) -> None:
    """Copies were made anew: inspections follow what moved."""
    rows = [row for each in moved for row in (each.before, each.after) if row is not None]
    places = {UUID(row.get("place_id") or row["id"]) for row in rows}
    keys = {row["key"] for row in rows if "key" in row}
    await Factory(work, Rights.load()).placing().moved(places, keys)
