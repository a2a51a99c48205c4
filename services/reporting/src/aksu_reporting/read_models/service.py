"""The read models: copies of other services' aggregates, a batch of one aggregate type kept by one statement."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Table

from aksu_reporting.read_models.tables import (
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
from aksu_shared.db.tables import table_of
from aksu_shared.db.work import UnitOfWork
from aksu_shared.events import Event
from aksu_shared.events.licensing.applications import ApplicationEvent
from aksu_shared.events.licensing.licences import LicenceEvent
from aksu_shared.events.monitoring.inspections import FindingEvent, InspectionEvent
from aksu_shared.events.monitoring.prescriptions import PrescriptionEvent
from aksu_shared.events.registry.places import PlaceEvent
from aksu_shared.events.registry.providers import ProviderEvent
from aksu_shared.events.registry.services import ServiceEvent
from aksu_shared.events.registry.territory import TerritoryEvent

READ_MODELS: Final[Mapping[type[Event[Any]], Table]] = MappingProxyType(
    {
        TerritoryEvent: table_of(TerritoryTable),
        ProviderEvent: table_of(ProviderTable),
        PlaceEvent: table_of(PlaceTable),
        ServiceEvent: table_of(ServiceTable),
        LicenceEvent: table_of(LicenceTable),
        ApplicationEvent: table_of(ApplicationTable),
        InspectionEvent: table_of(InspectionTable),
        FindingEvent: table_of(FindingTable),
        PrescriptionEvent: table_of(PrescriptionTable),
    }
)
"""Event class of an aggregate → the table that keeps its newest state."""

_BY_TOPIC: Final[Mapping[str, Table]] = {fact.topic: table for fact, table in READ_MODELS.items()}


async def keep(work: UnitOfWork, events: Sequence[Event[Any]]) -> None:
    """Keep the newest state of each aggregate; an older or repeated version changes nothing."""
    by_topic: defaultdict[str, list[Event[Any]]] = defaultdict(list)
    for event in events:
        by_topic[event.topic].append(event)
    for topic, told in by_topic.items():
        await project(work.connection, _BY_TOPIC[topic], told)
