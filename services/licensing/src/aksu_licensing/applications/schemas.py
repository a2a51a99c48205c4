"""What callers send about applications, and what they get."""

from datetime import date
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field, model_validator

from aksu_licensing.applications.rules import PROCEDURES
from aksu_licensing.conditions.schemas import Overrides
from aksu_shared.db.store import Kept
from aksu_shared.events.licensing.applications import ApplicationState
from aksu_shared.kernel.schemas.base import BadValue, Body, Resource, Versioned
from aksu_shared.kernel.schemas.codes import Code, Line, Note, Numbered

_TODAY = "today when left out"


class NewApplication(Body):
    """An application of the provider that runs the service; all but ISSUE concern the licence it holds for it."""

    procedure: Annotated[str, Code("application_procedures")]
    service_id: UUID
    changed_on: date | None = Field(default=None, description="CHANGE: the day on which circumstances changed")
    request: Note | None = Field(default=None, description="CHANGE: what changed; TERMINATE: why; no personal data")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.procedure == "CHANGE") != (self.changed_on is not None):
            raise BadValue(
                "changed_on",
                bg="changed_on се посочва при промяна на обстоятелствата (CHANGE) и само тогава.",
                en="`changed_on` is given for a change of circumstances (CHANGE), and only then.",
            )
        if PROCEDURES[self.procedure].explained and self.request is None:
            raise BadValue(
                "request",
                bg="В request се посочва каква е промяната или защо.",
                en="`request` says what changed, or why.",
            )
        return self


class Noted(Body):
    """A step of the procedure that needs nothing but may be explained."""

    note: Note | None = None


class Registration(Noted):
    """The application enters the Agency's records; its incoming number is generated."""

    received_on: date | None = Field(default=None, description="day of receipt; the day of filing when left out")
    reason: Note | None = Field(default=None, description="why it was received on another day than it was filed")


class CorrectionRequest(Body):
    """What is missing, and until when it is to be supplied."""

    reason: Note
    due_on: date | None = Field(default=None, description="last day; by the legal term when left out")


class SiteCheckResult(Body):
    """What the check of the site found."""

    result: Note


class Reasoned(Body):
    """A step that must say why."""

    reason: Note


class GrantProposal(Reasoned, Overrides):
    """Why the application is to be granted, and in spite of which conditions."""


class GrantOrder(Body):
    """The executive director's order that grants the application."""

    order_number: Numbered
    decided_on: date | None = Field(default=None, description=f"day of the order; {_TODAY}")
    note: Note | None = None


class RefusalOrder(GrantOrder):
    """The executive director's order that refuses it."""

    reason: Note


class Notification(Noted):
    """The order was communicated to the applicant in writing."""

    notified_on: date | None = Field(default=None, description=f"day of communication; {_TODAY}")


class Appeal(Noted):
    """The applicant appealed the refusal to the court."""

    appealed_on: date | None = Field(default=None, description=f"day of the appeal; {_TODAY}")


class CourtDecision(Noted):
    """The court's decision on the appeal."""

    court_decision: Line


class ApplicationRead(Versioned, ApplicationState):
    """An application, the legal term that runs on it and what is known of its decision."""

    decision: Annotated[str, Code("application_decisions")] | None = None


class Attached(Resource):
    """What was attached to an application: nothing restricted, because answers are kept for repeated requests."""

    id: UUID
    version: int

    @classmethod
    def of(cls, kept: Kept[Any]) -> Self:
        """The answer to a command."""
        return cls(id=UUID(kept.id), version=kept.version)
