"""Facts of providers of social services."""

from uuid import UUID

from aksu_shared.events.base import Event, State


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
