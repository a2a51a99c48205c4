"""Keeps the read models: a batch of events of one aggregate type is one statement."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from aksu_reporting.tables import (
    ApplicationTable,
    FindingTable,
    InspectionTable,
    LicenceTable,
    PlaceTable,
    PrescriptionTable,
    ProviderTable,
    ServiceTable,
    TerritoryTable,
)
from aksu_shared.db.projection import project
from aksu_shared.db.work import UnitOfWork
from aksu_shared.events import Event
from aksu_shared.events.licensing import ApplicationEvent, LicenceEvent
from aksu_shared.events.monitoring import FindingEvent, InspectionEvent, PrescriptionEvent
from aksu_shared.events.registry import PlaceEvent, ProviderEvent, ServiceEvent, TerritoryEvent
from aksu_shared.worker.routing import Handler


def keeps(mapped: type) -> Handler:
    """A handler that keeps the newest state of each aggregate in `mapped`'s table."""
    table = mapped.__table__  # type: ignore[attr-defined]

    async def keep(work: UnitOfWork, events: Sequence[Event[Any]]) -> None:
        await project(work.connection, table, events)

    return keep


async def noted(_work: UnitOfWork, _events: Sequence[Event[Any]]) -> None:
    """Nothing to keep: the inbox row of the event says that it was seen."""


PROJECTIONS: Final[Mapping[type[Event[Any]], Handler]] = {
    TerritoryEvent: keeps(TerritoryTable),
    ProviderEvent: keeps(ProviderTable),
    PlaceEvent: keeps(PlaceTable),
    ServiceEvent: keeps(ServiceTable),
    LicenceEvent: keeps(LicenceTable),
    ApplicationEvent: keeps(ApplicationTable),
    InspectionEvent: keeps(InspectionTable),
    FindingEvent: keeps(FindingTable),
    PrescriptionEvent: keeps(PrescriptionTable),
}
"""Event class of an aggregate → handler that keeps it."""
