"""Facts of the registry: territory, bodies, providers, places, services and imported register rows."""

from datetime import date, datetime
from uuid import UUID

from aksu_shared.events.base import Event, State


class TerritoryState(State):
    """The nation, a planning region (NUTS 2), an oblast or a municipality; persons by Census 07.09.2021."""

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
    valid_to: date | None = None


class TerritoryEvent(Event[TerritoryState], aggregate="registry.territory"):
    """About a territory."""


class TerritoryEstablished(TerritoryEvent, fact="established"):
    """A territory exists from its `valid_from`."""


class TerritoryAmended(TerritoryEvent, fact="amended"):
    """A territory's name, parent, figures or validity changed."""


class BodyState(State):
    """A body that acts: an authority of one of the three levels, or a provider."""

    code: str
    kind: str
    level: str
    name_bg: str
    name_en: str
    territory: str | None
    parent: str | None


class BodyEvent(Event[BodyState], aggregate="registry.body"):
    """About a body."""


class BodyEstablished(BodyEvent, fact="established"):
    """A body exists."""


class BodyAmended(BodyEvent, fact="amended"):
    """A body's particulars changed."""


class ProviderState(State):
    """A provider of social services; `licence_required` follows from the legal form (чл. 146 ЗСУ)."""

    id: UUID
    body: str
    eik: str | None
    name: str
    legal_form: str
    licence_required: bool
    seat_municipality: str | None
    seat_address: str | None


class ProviderEvent(Event[ProviderState], aggregate="registry.provider"):
    """About a provider."""


class ProviderRegistered(ProviderEvent, fact="registered"):
    """A provider entered the register."""


class ProviderAmended(ProviderEvent, fact="amended"):
    """A provider's particulars changed."""


class PlaceState(State):
    """A place where services are provided; it survives the legal entity that runs it. `key` is its folded address."""

    id: UUID
    key: str
    municipality: str
    settlement: str
    address: str


class PlaceEvent(Event[PlaceState], aggregate="registry.place"):
    """About a place."""


class PlaceRegistered(PlaceEvent, fact="registered"):
    """A place entered the register."""


class PlaceAmended(PlaceEvent, fact="amended"):
    """A place's address changed."""


class ServiceState(State):
    """A social service, licensed or not. Capacity in places; codes from the code lists."""

    id: UUID
    name: str
    kind: str
    activity_groups: tuple[str, ...]
    target_groups: tuple[str, ...]
    financing: str
    management: str | None
    capacity: int | None
    state: str
    licence_required: bool
    provider_id: UUID
    provider_body: str
    provider_name: str
    operator_id: UUID | None
    operator_body: str | None
    operator_name: str | None
    place_id: UUID
    municipality: str
    settlement: str
    address: str
    started_on: date | None
    closed_on: date | None = None


class ServiceEvent(Event[ServiceState], aggregate="registry.service"):
    """About a service."""


class ServiceRegistered(ServiceEvent, fact="registered"):
    """A service entered the register."""


class ServiceAmended(ServiceEvent, fact="amended"):
    """A service's particulars changed."""


class ServiceClosed(ServiceEvent, fact="closed"):
    """A service ended."""


class ImportedLicence(State):
    """One licence of a register row: number `Л-<service no>-<seq>/<dd.mm.yyyy>`, issue day, last day of validity.

    `sequence` is the one in the number. `predecessor` is the number of the licence in the same row that this one
    replaced; the row's original has none.
    """

    number: str
    sequence: int
    issued_on: date
    valid_until: date
    predecessor: str | None = None


class RegisterRowState(State):
    """One row of the Agency's public register: the service it describes and its licence columns.

    `number` is the original licence's, which names the row: one licence covers one service.
    """

    id: UUID
    number: str
    service_id: UUID
    provider_id: UUID
    provider_body: str
    provider_name: str
    place_id: UUID
    municipality: str
    original: ImportedLicence
    changed: ImportedLicence | None
    renewed: ImportedLicence | None
    violations: str | None


class RegisterRowEvent(Event[RegisterRowState], aggregate="registry.register_row"):
    """About a row of the imported register."""


class RegisterRowImported(RegisterRowEvent, fact="imported"):
    """A row of the register was imported; licensing makes its licences from it."""


class AccessState(State):
    """Since when tokens of one subject count: those issued before `not_before` open nothing.

    The event's id is the subject's pseudonym (`aksu_shared.auth.pseudonym`).
    """

    not_before: datetime


class AccessEvent(Event[AccessState], aggregate="registry.access"):
    """About the access of a subject."""


class AccessRevoked(AccessEvent, fact="revoked"):
    """A subject was disabled, or moved to another body: it needs a new token, if it gets one."""
