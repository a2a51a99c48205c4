"""Facts of social services."""

from datetime import date
from uuid import UUID

from aksu_shared.events.base import Event, State


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
