"""The wire of inspections and findings: what is read of them, and what planning one and each of its steps take."""

from datetime import date
from typing import Annotated, Final, Self
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator

from aksu_shared.auth.principal import parse_body
from aksu_shared.events.ingest import Finding, PlaceGiven, Text
from aksu_shared.events.monitoring.inspections import FindingState, InspectionState
from aksu_shared.kernel.schemas.base import IF_ASKED, BadValue, Body, Versioned
from aksu_shared.kernel.schemas.codes import Code, Eik, Note, Numbered

_TODAY = "today when left out"

Subject = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$", examples=["inspector-1"])]
"""What stands in the `sub` of somebody's tokens."""
_OTHERS: Final = frozenset({"ASP", "RDSP", "DSP", "RZI", "POLICE", "MUNICIPALITY"})


def _other_body(value: str) -> str:
    try:
        kind = parse_body(value).kind
    except ValueError:
        kind = ""
    if kind not in _OTHERS:
        raise BadValue(
            "unknown_body",
            bg="Няма такъв друг орган: АСП, РДСП, ДСП, РЗИ, полиция или община.",
            en="There is no such other body: АСП, РДСП, ДСП, РЗИ, police or municipality.",
        )
    return value


OtherBody = Annotated[str, Field(max_length=40, examples=["RZI:BLG"]), AfterValidator(_other_body)]
"""A body that takes part in inspections or gets signals: those whose officers may read as a party."""


class InspectionRead(Versioned, InspectionState):
    """An inspection. A withheld address is shown to the Agency, the mayor, the addressee and the participants."""


class InspectionListed(InspectionRead):
    """An inspection in a list; with its `actions` come those facts that they rest on."""

    open_prescriptions: Annotated[int | None, IF_ASKED] = None
    inspectors: Annotated[list[str] | None, IF_ASKED] = None
    team: Annotated[list[str] | None, IF_ASKED] = None


class InspectionDetail(InspectionRead):
    """An inspection by itself, with what the order is about and the objections made, for who may read them.

    `team` are those whom the order names, `inspectors` all who took part: pseudonymous subjects, null for who is not of
    the Agency.
    """

    open_prescriptions: int
    subject: str | None
    objections: str | None
    inspectors: list[str] | None
    team: list[str] | None


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
    """The executive director's order. `subject`: what is inspected; `team`: who inspects, kept as pseudonyms alone.

    `participants` are other bodies that take part, such as in a joint inspection: they read what is found.
    """

    order_number: Numbered
    team: Annotated[tuple[Subject, ...], Field(min_length=1, max_length=20)]
    subject: Note
    period: Period
    participants: Annotated[tuple[OtherBody, ...], Field(max_length=10)] = ()
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


class Objecting(Body):
    """What the inspected objects to."""

    text: Text


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
    """The mandatory prescriptions that are proposed to the executive director, each with its own term."""

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
