"""Facts of inspections and their findings."""

from datetime import date, datetime
from uuid import UUID

from aksu_shared.events.base import Event, State


class InspectionState(State):
    """An inspection of a place; public from its start, the Agency's alone before it.

    Who takes part is in no event. One that the Agency itself conducts has a planned period, an order, a report.
    `flags`: PLACE_UNREGISTERED, NO_LICENCE. `outcome`, `failed_criteria` (results NOT_MET and PARTLY_MET) and
    `prescriptions` (their number) are set when it is closed. `municipality` is unknown while all that is known of the
    place is an id the registry has not told of yet; `address` is public only where the place is registered.
    """

    id: UUID
    source: str
    reference: str
    kind: str
    state: str
    outcome: str | None
    place_id: UUID | None
    service_id: UUID | None
    provider_body: str | None
    municipality: str | None
    settlement: str | None
    address: str | None
    started_on: date | None
    closed_on: date | None
    flags: tuple[str, ...]
    failed_criteria: int | None = None
    prescriptions: int | None = None
    period_since: date | None = None
    period_until: date | None = None
    order_number: str | None = None
    ordered_on: date | None = None
    objections_due: date | None = None
    report_number: str | None = None
    approved_on: date | None = None
    follow_up_due: date | None = None
    follow_up_id: UUID | None = None


class InspectionEvent(Event[InspectionState], aggregate="monitoring.inspection"):
    """About an inspection."""


class InspectionPlanned(InspectionEvent, fact="planned"):
    """The Agency means to make it."""


class InspectionOrdered(InspectionEvent, fact="ordered"):
    """It was ordered: who inspects, what, and when."""


class InspectionStarted(InspectionEvent, fact="started"):
    """Work at the place began."""


class InspectionAdvanced(InspectionEvent, fact="advanced"):
    """It moved to another state: findings drafted, objections awaited, a follow-up required or made."""


class InspectionReportApproved(InspectionEvent, fact="report_approved"):
    """Its report was approved by somebody who did not take part in it."""


class InspectionCancelled(InspectionEvent, fact="cancelled"):
    """It will not be made."""


class InspectionAmended(InspectionEvent, fact="amended"):
    """Its particulars or flags changed."""


class InspectionClosed(InspectionEvent, fact="closed"):
    """It ended with an outcome."""


class FindingState(State):
    """A result for one criterion of a standard, pinned to the catalogue version in force.

    Never public: until the report is approved it may be objected to, afterwards the inspection tells its outcome.
    `number` is its place within the inspection.
    """

    id: UUID
    inspection_id: UUID
    number: int | None = None
    municipality: str | None
    standard: str
    criterion: str | None
    catalogue_version: str
    result: str
    recorded_at: datetime


class FindingEvent(Event[FindingState], aggregate="monitoring.finding", read="monitoring.inspection.read"):
    """About a finding."""


class FindingRecorded(FindingEvent, fact="recorded"):
    """A finding was recorded."""


class FindingAmended(FindingEvent, fact="amended"):
    """Its inspection's place became known."""
