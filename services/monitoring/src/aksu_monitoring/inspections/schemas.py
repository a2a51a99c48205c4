"""The wire of inspections and findings: what is read of them, and what planning one and each of its steps take."""

from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from aksu_shared.events.ingest import Finding, PlaceGiven, Text
from aksu_shared.events.monitoring.inspections import FindingState, InspectionState
from aksu_shared.kernel.schemas.base import BadValue, Body, Versioned
from aksu_shared.kernel.schemas.codes import Code, Eik, Note, Numbered

_TODAY = "today when left out"

Subject = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$", examples=["inspector-1"])]
"""What stands in the `sub` of somebody's tokens."""


class InspectionRead(Versioned, InspectionState):
    """An inspection. The address of a place nobody registered is shown to those in whose territory it lies."""


class InspectionListed(InspectionRead):
    """An inspection in a list; with its `actions` come those facts that they rest on."""

    open_prescriptions: int | None = None
    inspectors: list[str] | None = None


class InspectionDetail(InspectionRead):
    """An inspection by itself. `inspectors` are pseudonymous subjects; null for who is not of the Agency."""

    open_prescriptions: int
    subject: str | None
    inspectors: list[str] | None


class FindingRead(Versioned, FindingState):
    """A finding with its note."""

    note: str | None


class Period(Body):
    """From the first to the last day."""

    since: date
    until: date

    @model_validator(mode="after")
    def _runs_forward(self) -> Self:
        if self.until < self.since:
            raise BadValue(
                "period_backward",
                bg="Последният ден (until) е преди първия (since).",
                en="The last day (`until`) is before the first (`since`).",
            )
        return self


class NewInspection(Body):
    """An inspection to be made. `provider_eik`: who runs the place, where that is not registered."""

    kind: Annotated[str, Code("inspection_kinds")]
    place: PlaceGiven
    provider_eik: Eik | None = None
    period: Period


class Order(Body):
    """The executive director's order. `subject`: what is inspected; `team`: who inspects, kept as pseudonyms alone."""

    order_number: Numbered
    team: Annotated[tuple[Subject, ...], Field(min_length=1, max_length=20)]
    subject: Note
    period: Period
    ordered_on: date | None = Field(default=None, description=f"day of the order; {_TODAY}")


class Start(Body):
    """Work at the place began."""

    started_on: date | None = Field(default=None, description=_TODAY)


class Reasoned(Body):
    """A step that must say why."""

    reason: Note


class DraftFindings(Body):
    """What was found, criterion by criterion."""

    findings: Annotated[tuple[Finding, ...], Field(max_length=100)] = ()


class Objections(Body):
    """The draft is with who was inspected, until the last day for objections."""

    due_on: date


class Approval(Body):
    """The report is approved under its number."""

    report_number: Numbered


class Closing(Body):
    """Nothing more is needed."""


class NewPrescription(Body):
    """What must be done, and by when."""

    text: Text
    due_on: date


class ClosingWithPrescriptions(Body):
    """The mandatory prescriptions that are issued, each with its own term."""

    prescriptions: Annotated[tuple[NewPrescription, ...], Field(min_length=1, max_length=50)]


class FollowUp(Body):
    """Until when it is to be followed up."""

    due_on: date


class FollowUpMade(Body):
    """The inspection by which it was followed up."""

    follow_up_inspection: UUID


class AnotherFollowUp(FollowUp):
    """Until when it is to be followed up again, and why."""

    reason: Note
