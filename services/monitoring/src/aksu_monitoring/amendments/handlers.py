"""What monitoring does when others tell of places, services and licences."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from aksu_monitoring.amendments.service import AmendmentService
from aksu_shared.db.work import UnitOfWork
from aksu_shared.events.licensing.licences import LicenceEvent
from aksu_shared.events.registry.places import PlaceEvent
from aksu_shared.events.registry.services import ServiceEvent
from aksu_shared.procedures.context import Context
from aksu_shared.worker.copies import Moved
from aksu_shared.worker.routing import Handlers


async def on_places(work: UnitOfWork, events: Sequence[PlaceEvent]) -> None:
    """Places become known or change."""
    await AmendmentService(Context.of(work)).places(events)


async def on_services(work: UnitOfWork, events: Sequence[ServiceEvent]) -> None:
    """Services become known, change or end."""
    await AmendmentService(Context.of(work)).services(events)


async def on_licences(work: UnitOfWork, events: Sequence[LicenceEvent]) -> None:
    """Licences are issued or change."""
    await AmendmentService(Context.of(work)).licences(events)


async def on_rebuilt(work: UnitOfWork, moved: Sequence[Moved]) -> None:
    """Copies were made anew: inspections follow what moved."""
    rows = [row for each in moved for row in (each.before, each.after) if row is not None]
    places = {UUID(row.get("place_id") or row["id"]) for row in rows}
    keys = {row["key"] for row in rows if "key" in row}
    await AmendmentService(Context.of(work)).moved(places, keys)


HANDLERS: Final[Handlers] = {PlaceEvent: on_places, ServiceEvent: on_services, LicenceEvent: on_licences}
