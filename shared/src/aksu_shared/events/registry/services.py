"""Facts of social services."""

from datetime import date
from typing import Annotated
from uuid import UUID

from aksu_shared.events.base import Event, State
from aksu_shared.kernel.schemas.codes import CodeOf


class ServiceState(State):
    """A social service, licensed or not. Capacity in places; codes from the code lists."""

    id: UUID
    name: str
    kind: Annotated[str, CodeOf("service_kinds")]
    activity_groups: tuple[Annotated[str, CodeOf("activity_groups")], ...]
    target_groups: tuple[Annotated[str, CodeOf("target_groups")], ...]
    financing: Annotated[str, CodeOf("financing")]
    management: Annotated[str, CodeOf("management_modes")] | None
    capacity: int | None
    state: Annotated[str, CodeOf("service_states")]
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
