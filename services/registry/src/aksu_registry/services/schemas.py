"""The registry's wire: what callers send and what they get."""

from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field, model_validator

from aksu_shared.db.store import Kept
from aksu_shared.events.registry import AccessState, ProviderState, ServiceState
from aksu_shared.schemas.base import BadValue, Command, Resource
from aksu_shared.schemas.codes import Code, Eik, Line, MunicipalityCode, Note

ASSIGNED = frozenset({"ASSIGNED_CONTEST", "ASSIGNED_NEGOTIATION", "PUBLIC_PRIVATE_PARTNERSHIP"})

Capacity = Annotated[int, Field(ge=0, le=10_000, description="Places; the largest number of users at one time.")]


class NewProvider(Command):
    """A provider to register. A municipality is known by `municipality`, everybody else by `eik`."""

    eik: Eik | None = None
    municipality: MunicipalityCode | None = None
    name: Line
    legal_form: Annotated[str, Code("legal_forms")]
    seat_municipality: MunicipalityCode | None = None
    seat_address: Line | None = None

    @model_validator(mode="after")
    def _known_by_one(self) -> Self:
        is_municipality = self.legal_form == "MUNICIPALITY"
        if is_municipality != (self.municipality is not None) or is_municipality == (self.eik is not None):
            raise BadValue(
                "identity",
                bg="Община се посочва с municipality, всеки друг доставчик – с eik.",
                en="A municipality is named by `municipality`, every other provider by `eik`.",
            )
        return self


class ProviderChanges(Command):
    """Fields of a provider to change; those left out stay."""

    name: Line | None = None
    seat_municipality: MunicipalityCode | None = None
    seat_address: Line | None = None
    reason: Note


class Party(Command):
    """A provider named by its ЕИК or, a municipality, by its code."""

    eik: Eik | None = None
    municipality: MunicipalityCode | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.eik is None) == (self.municipality is None):
            raise BadValue(
                "identity", bg="Посочете или eik, или municipality.", en="Give either `eik` or `municipality`."
            )
        return self


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


class Versioned(Resource):
    """What every aggregate shows besides its state; `actions` are those this caller may take now."""

    version: int
    actions: list[str] | None = None


class TerritoryRead(Versioned):
    """One territory. Persons by Census 07.09.2021."""

    code: str
    level: str
    name_bg: str
    name_en: str
    parent: str | None
    nuts: str | None
    population: int
    age0_14: int
    age65plus: int
    valid_from: date
    valid_to: date | None


class BodyRead(Versioned):
    """A body that acts on one of the three levels, or a provider's."""

    code: str
    kind: str
    level: str
    name_bg: str
    name_en: str
    territory: str | None
    parent: str | None


class ProviderRead(Versioned, ProviderState):
    """A provider of social services."""


class PlaceRead(Versioned):
    """A place where services are provided."""

    id: UUID
    municipality: str
    settlement: str
    address: str


class ServiceRead(Versioned, ServiceState):
    """A social service with its responsible provider, operator and place."""


class Revocation(Command):
    """Whose tokens stop counting, and why. `subject` is what stands in the `sub` of those tokens."""

    subject: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]
    reason: Line


class RevocationRead(Versioned):
    """Since when tokens of a subject count; `id` is the subject's pseudonym."""

    id: str
    not_before: datetime

    @classmethod
    def of(cls, kept: Kept[AccessState]) -> Self:
        """The answer to a command."""
        return cls(id=kept.id, version=kept.version, not_before=kept.state.not_before)


class RowResult(Resource):
    """What became of one row of an imported workbook. `row` is its number on the sheet, from 1."""

    row: int
    result: str = Field(description="CREATED, UPDATED, UNCHANGED or REFUSED")
    provider: str | None = None
    service: str | None = None
    licence: str | None = None
    errors: list[dict[str, Any]] = Field(default_factory=list)


class ImportReport(Resource):
    """What an import did, or with `dry_run` would do: counts by result and a result for every row."""

    dry_run: bool
    file: str
    rows: int
    created: int
    updated: int
    unchanged: int
    refused: int
    results: list[RowResult]
