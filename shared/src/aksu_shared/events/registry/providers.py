"""Facts of providers of social services."""

from typing import Annotated
from uuid import UUID

from aksu_shared.events.base import Event, State
from aksu_shared.kernel.schemas.codes import CodeOf


class ProviderState(State):
    """A provider of social services.

    `licence_required` follows from the legal form (чл. 29–31 ЗСУ) once the Agency has entered or confirmed it; until
    then the form is a proposal (`legal_form_confirmed` is false), and a licence is required.
    """

    id: UUID
    body: str
    eik: str | None
    name: str
    legal_form: Annotated[str, CodeOf("legal_forms")]
    licence_required: bool
    seat_municipality: str | None
    seat_address: str | None
    legal_form_confirmed: bool = False


class ProviderEvent(Event[ProviderState], aggregate="registry.provider"):
    """About a provider."""


class ProviderRegistered(ProviderEvent, fact="registered"):
    """A provider entered the register."""


class ProviderLegalFormConfirmed(ProviderEvent, fact="legal_form_confirmed"):
    """The Agency confirmed its legal form, or entered another."""


class ProviderAmended(ProviderEvent, fact="amended"):
    """A provider's particulars changed."""
