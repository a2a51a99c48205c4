"""Facts of inspections and their findings."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import Field

from aksu_shared.events.base import Event, State
from aksu_shared.kernel.schemas.codes import CodeOf

OWN_SOURCE: Final = "/aksu"
"""Source of the inspections that the Agency conducts; those of pushing systems begin with `/integrations/`."""


def _stated_by(told: Mapping[str, Any]) -> str:
    return "AGENCY" if told["source"] == OWN_SOURCE else "OTHER_SYSTEM"


def _by_the_agency(told: Mapping[str, Any]) -> bool:
    return told["source"] == OWN_SOURCE or told["confirmed_on"] is not None


class InspectionState(State):
    """An inspection of a place; public from its start, the Agency's alone before it.

    Who inspects is in no event; `participants` are other bodies that the order names. One that the Agency itself
    conducts has a planned period, an order, a report. `outcome`, `failed_criteria` (results NOT_MET and PARTLY_MET) and
    `prescriptions` (their number) are set when it is closed.

    `stated_by`: AGENCY, or OTHER_SYSTEM: then all of it is the word of `source`, until a person of the Agency stands
    for its outcome (`confirmed_by_agency`, from `confirmed_on` on). `provider_body` is named by the source, or
    confirmed by an inspector, as `provider_basis` says; nobody becomes it by what is registered at the place.

    `flags` (PLACE_UNREGISTERED, NO_LICENCE) say what was known on the day it started and stay; `flags_contradicted` are
    those against which something became known since. `municipality` is unknown while all that is known of the place is
    an id the registry has not told of yet. `address_withheld`: nobody had registered the place, so neither its address
    nor its id is ever public.
    """

    id: UUID
    source: str
    reference: str
    kind: Annotated[str, CodeOf("inspection_kinds")]
    state: Annotated[str, CodeOf("inspection_states")]
    outcome: Annotated[str, CodeOf("inspection_outcomes")] | None
    place_id: UUID | None
    service_id: UUID | None
    provider_body: str | None
    municipality: str | None
    settlement: str | None
    address: str | None
    started_on: date | None
    closed_on: date | None
    flags: tuple[Annotated[str, CodeOf("inspection_flags")], ...]
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
    provider_basis: Annotated[str, CodeOf("inspection_provider_bases")] | None = None
    participants: tuple[str, ...] = ()
    address_withheld: bool = False
    flags_contradicted: tuple[Annotated[str, CodeOf("inspection_flags")], ...] = ()
    confirmed_on: date | None = None
    stated_by: Annotated[str, CodeOf("inspection_stated_by")] = Field(default_factory=_stated_by)
    confirmed_by_agency: bool = Field(default_factory=_by_the_agency)


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
    """Its place became known or changed, or something became known against its flags."""


class InspectionAddressed(InspectionEvent, fact="addressed"):
    """An inspector confirmed who provides the service that was inspected."""


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
    result: Annotated[str, CodeOf("finding_results")]
    recorded_at: datetime


class FindingEvent(Event[FindingState], aggregate="monitoring.finding", read="monitoring.inspection.read"):
    """About a finding."""


class FindingRecorded(FindingEvent, fact="recorded"):
    """A finding was recorded."""


class FindingAmended(FindingEvent, fact="amended"):
    """Its inspection's place or provider became known."""
