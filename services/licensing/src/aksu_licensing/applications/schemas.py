"""Licensing's wire: what callers send and what they get."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AwareDatetime, Field, model_validator

from aksu_licensing.domain.procedures import PROCEDURES
from aksu_shared.db.store import Kept
from aksu_shared.events.licensing import ApplicationState, LicenceState
from aksu_shared.schemas.base import BadValue, Command, Resource
from aksu_shared.schemas.codes import Code, Line, Note, PersonalNumber

_TODAY = "today when left out"


class NewApplication(Command):
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


class Step(Command):
    """A step of the procedure that needs nothing but may be explained."""

    note: Note | None = None


class Registration(Step):
    """The application enters the Agency's records; its incoming number is generated."""

    received_on: date | None = Field(default=None, description=f"day of receipt; {_TODAY}")


class CorrectionRequest(Command):
    """What is missing, and until when it is to be supplied."""

    reason: Note
    due_on: date | None = Field(default=None, description="last day; by the legal term when left out")


class SiteCheckResult(Command):
    """What the check of the site found."""

    result: Note


class Reasoned(Command):
    """A step that must say why."""

    reason: Note


class GrantOrder(Command):
    """The executive director's order that grants the application."""

    order_number: Line
    decided_on: date | None = Field(default=None, description=f"day of the order; {_TODAY}")
    note: Note | None = None


class RefusalOrder(GrantOrder):
    """The executive director's order that refuses it."""

    reason: Note


class Notification(Step):
    """The order was communicated to the applicant in writing."""

    notified_on: date | None = Field(default=None, description=f"day of communication; {_TODAY}")


class Appeal(Step):
    """The applicant appealed the refusal to the court."""

    appealed_on: date | None = Field(default=None, description=f"day of the appeal; {_TODAY}")


class CourtDecision(Step):
    """The court's decision on the appeal."""

    court_decision: Line


class Versioned(Resource):
    """What every aggregate shows besides its state; `actions` are the verbs this caller may use now."""

    version: int
    actions: list[str] | None = None


class ApplicationRead(Versioned, ApplicationState):
    """An application, the legal term that runs on it and what is known of its decision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A document as it was sent: its type was checked by its content, its name is one of a file and nothing else."""

    kind: str
    media_type: str
    name: str
    content: bytes


class DocumentRead(Resource):
    """A document of an application. `subject_id` and `name` only to who may open it; null once it was erased."""

    id: UUID
    application_id: UUID
    kind: str
    media_type: str
    size: int = Field(description="bytes")
    sha256: str
    attached_at: AwareDatetime
    version: int
    subject_id: UUID | None = Field(description="under which the rights of people are exercised: /v1/subjects/{id}/…")
    name: str | None
    erased: bool
    restricted: bool


class NewManagerCheck(Command):
    """What a register says of somebody who manages or represents the applicant."""

    position: Annotated[str, Code("manager_positions")]
    name: Line
    egn: PersonalNumber
    source: Annotated[str, Code("check_sources")]
    result: Annotated[str, Code("check_results")]


class ManagerCheckRead(Resource):
    """A check of somebody. `name`, `egn` and `result` are null once erased, and while processing is restricted."""

    id: UUID
    application_id: UUID
    position: str
    source: str
    checked_at: AwareDatetime
    checked_by: str = Field(description="pseudonym of the officer")
    version: int
    subject_id: UUID
    name: str | None
    egn: str | None
    result: str | None
    erased: bool
    restricted: bool


class Attached(Resource):
    """What was attached: nothing that is restricted, because answers are kept for repeated requests."""

    id: UUID
    version: int

    @classmethod
    def of(cls, kept: Kept[Any]) -> Self:
        """The answer to a command."""
        return cls(id=UUID(kept.id), version=kept.version)


class LicenceRead(Versioned, LicenceState):
    """A licence with what the registry tells of its service; `expiring`: it ends within three months of today."""

    provider_eik: str | None
    service_name: str | None
    service_kind: str | None
    settlement: str | None
    address: str | None
    expiring: bool
