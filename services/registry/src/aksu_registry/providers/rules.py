"""As which body a provider acts, who may see it, and what it is to the table of rights."""

from collections.abc import Mapping
from typing import Any

from aksu_shared.events import Scope
from aksu_shared.events.registry.providers import ProviderState
from aksu_shared.events.scope import row_scope
from aksu_shared.kernel.codelists import LICENCE_REQUIRED


def body_code(*, eik: str | None, municipality: str | None) -> str:
    """Code of the body a provider is: `PROVIDER:<ЕИК>` or `MUNICIPALITY:<code>`."""
    return f"MUNICIPALITY:{municipality}" if municipality else f"PROVIDER:{eik}"


def provider_scope(state: ProviderState) -> Scope:
    """Public, and of its seat's territory and its own body."""
    return row_scope(state.seat_municipality, state.body, public=True)


def whose(*, seat_municipality: str | None, body: str, legal_form: str, confirmed: bool = True) -> Mapping[str, Any]:
    """A provider as an object of rights.

    A municipality takes part in the legal entities it created (чл. 29, ал. 3, т. 2 ЗСУ), once that is `confirmed`; in
    private providers it does not, wherever their seat is.
    """
    created = seat_municipality is not None and confirmed and legal_form == "MUNICIPAL_LEGAL_ENTITY"
    parties = (f"MUNICIPALITY:{seat_municipality}",) if created else ()
    return {"territory": seat_municipality, "owner": body, "parties": parties}


def needs_licence(legal_form: str, *, confirmed: bool) -> bool:
    """Whether a provider needs a licence: unless the Agency has confirmed a form that needs none (чл. 31 ЗСУ)."""
    return LICENCE_REQUIRED[legal_form] or not confirmed
