"""Services on the wire: what callers send and what they get."""

from datetime import date
from typing import Annotated

from pydantic import Field

from aksu_registry.providers.schemas import Party
from aksu_shared.events.registry.services import ServiceState
from aksu_shared.kernel.schemas.base import Command, Versioned
from aksu_shared.kernel.schemas.codes import Code, Line, MunicipalityCode, Note

Capacity = Annotated[int, Field(ge=0, le=10_000, description="Places; the largest number of users at one time.")]
ActivityGroups = Annotated[list[Annotated[str, Code("activity_groups")]], Field(max_length=10)]
TargetGroups = Annotated[list[Annotated[str, Code("target_groups")]], Field(min_length=1, max_length=20)]


class NewService(Command):
    """A service to register. `management` belongs to a municipality's service and names its operator when assigned."""

    name: Line
    kind: Annotated[str, Code("service_kinds")]
    activity_groups: ActivityGroups = Field(default_factory=list)
    target_groups: TargetGroups
    financing: Annotated[str, Code("financing")]
    management: Annotated[str, Code("management_modes")] | None = None
    capacity: Capacity | None = None
    municipality: MunicipalityCode
    settlement: Line
    address: Line
    responsible_provider: Party
    operator: Party | None = None
    started_on: date | None = None


class ServiceChanges(Command):
    """Fields of a service to change; those left out stay."""

    name: Line | None = None
    activity_groups: ActivityGroups | None = None
    target_groups: TargetGroups | None = None
    financing: Annotated[str, Code("financing")] | None = None
    capacity: Capacity | None = None
    reason: Note


class Closure(Command):
    """Why and when a service ended."""

    closed_on: date
    reason: Note


class ServiceRead(Versioned, ServiceState):
    """A social service with its responsible provider, operator and place."""
