"""As which body a provider acts, who may see it, and what it is to the table of rights."""

from collections.abc import Mapping
from typing import Any

from aksu_shared.events import Scope
from aksu_shared.events.registry.providers import ProviderState
from aksu_shared.events.scope import row_scope


def body_code(*, eik: str | None, municipality: str | None) -> str:
    """Code of the body a provider is: `PROVIDER:<ЕИК>` or `MUNICIPALITY:<code>`."""
    return f"MUNICIPALITY:{municipality}" if municipality else f"PROVIDER:{eik}"


def provider_scope(state: ProviderState) -> Scope:
    """Public, and of its seat's territory and its own body."""
    return row_scope(state.seat_municipality, state.body, public=True)


def whose(*, seat_municipality: str | None, body: str) -> Mapping[str, Any]:
    """A provider as an object of rights."""
    return {"territory": seat_municipality, "owner": body}
