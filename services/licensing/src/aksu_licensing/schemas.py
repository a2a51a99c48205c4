"""Licensing's wire: what callers send and what they get."""

from datetime import date
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import Field

from aksu_shared.db.store import Kept
from aksu_shared.events.licensing import ApplicationState, LicenceState
from aksu_shared.schemas.base import Command, Resource
from aksu_shared.schemas.codes import Line, Note

_TODAY = "today when left out"


class NewApplication(Command):
    """An application of the provider that runs the service."""

    procedure: Literal["ISSUE"] = Field(description="ISSUE: issue of a licence (administrative service 3129)")
    service_id: UUID
    note: Note | None = None


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

    @classmethod
    def of(cls, kept: Kept[ApplicationState], *, actions: list[str]) -> Self:
        """The answer to a command."""
        return cls.model_validate(kept.state.model_dump() | {"version": kept.version, "actions": actions})


class LicenceRead(Versioned, LicenceState):
    """A licence with what the registry tells of its service; `expiring`: it ends within three months of today."""

    provider_eik: str | None
    service_name: str | None
    service_kind: str | None
    settlement: str | None
    address: str | None
    expiring: bool


def words(body: Any) -> str | None:  # noqa: ANN401 - any of the bodies above
    """What the step's body says in words: its reason, result or note."""
    return next((found for name in ("reason", "result", "note") if (found := getattr(body, name, None))), None)
