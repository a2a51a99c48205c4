"""Facts of monitoring: inspections, findings and prescriptions."""

from datetime import date, datetime
from uuid import UUID

from aksu_shared.events.base import Event, State


class InspectionState(State):
    """An inspection of a place. `flags`: PLACE_UNREGISTERED, NO_LICENCE; `outcome` once it is closed."""

    id: UUID
    source: str
    reference: str
    kind: str
    state: str
    outcome: str | None
    place_id: UUID | None
    service_id: UUID | None
    provider_body: str | None
    municipality: str
    settlement: str | None
    address: str | None
    started_on: date | None
    closed_on: date | None
    flags: tuple[str, ...]


class InspectionEvent(Event[InspectionState], aggregate="monitoring.inspection"):
    """About an inspection."""


class InspectionStarted(InspectionEvent, fact="started"):
    """Work at the place began."""


class InspectionAmended(InspectionEvent, fact="amended"):
    """Its particulars or flags changed."""


class InspectionClosed(InspectionEvent, fact="closed"):
    """It ended with an outcome."""


class FindingState(State):
    """A result for one criterion of a standard, pinned to the catalogue version in force."""

    id: UUID
    inspection_id: UUID
    municipality: str
    standard: str
    criterion: str | None
    catalogue_version: str
    result: str
    recorded_at: datetime


class FindingEvent(Event[FindingState], aggregate="monitoring.finding"):
    """About a finding."""


class FindingRecorded(FindingEvent, fact="recorded"):
    """A finding was recorded."""


class PrescriptionState(State):
    """A mandatory prescription with its own term; overdue is derived from `due_on` and `state`."""

    id: UUID
    inspection_id: UUID
    reference: str
    municipality: str
    place_id: UUID | None
    provider_body: str | None
    state: str
    text: str
    issued_on: date
    due_on: date


class PrescriptionEvent(Event[PrescriptionState], aggregate="monitoring.prescription"):
    """About a prescription."""


class PrescriptionIssued(PrescriptionEvent, fact="issued"):
    """It was issued with a term."""


class PrescriptionAmended(PrescriptionEvent, fact="amended"):
    """Its state or term changed."""
