"""Providers: entering them in the register and correcting their particulars."""

from uuid import UUID

from uuid_utils.compat import uuid7

from aksu_registry.errors import ProviderExists
from aksu_registry.schemas import NewProvider, Party, ProviderChanges
from aksu_registry.storage import BodyStore, ProviderStore
from aksu_shared.auth.permissions import Rights
from aksu_shared.auth.principal import Principal
from aksu_shared.codelists import LICENCE_REQUIRED
from aksu_shared.db.store import Kept, begins
from aksu_shared.events import Scope
from aksu_shared.events.registry import (
    BodyEstablished,
    BodyState,
    ProviderAmended,
    ProviderRegistered,
    ProviderState,
)
from aksu_shared.scope import row_scope


def body_code(party: Party | NewProvider) -> str:
    """Code of the body a provider is: `PROVIDER:<ЕИК>` or `MUNICIPALITY:<code>`."""
    return f"MUNICIPALITY:{party.municipality}" if party.municipality else f"PROVIDER:{party.eik}"


def provider_scope(state: ProviderState) -> Scope:
    """Public, and of its seat's territory and its own body."""
    return row_scope(state.seat_municipality, state.body, public=True)


class ProviderService:
    """Registers and amends providers."""

    def __init__(self, *, providers: ProviderStore, bodies: BodyStore, rights: Rights) -> None:
        self._providers = providers
        self._bodies = bodies
        self._rights = rights

    async def register(self, new: NewProvider, *, by: Principal) -> Kept[ProviderState]:
        """Enter a provider and the body it acts as. Raises ProviderExists, Forbidden."""
        body = body_code(new)
        seat = new.seat_municipality or new.municipality
        self._rights.check(by, "registry.provider.create", territory=seat, owner=body)
        if await self._providers.by_bodies([body]):
            raise ProviderExists(body=body)
        state = ProviderState(
            id=uuid7(),
            body=body,
            eik=new.eik,
            name=new.name,
            legal_form=new.legal_form,
            licence_required=LICENCE_REQUIRED[new.legal_form],
            seat_municipality=seat,
            seat_address=new.seat_address,
        )
        if new.municipality is None:
            self.establish_body(state)
        return self._providers.save(begins(ProviderRegistered, state, id=str(state.id), scope=provider_scope(state)))

    def establish_body(self, state: ProviderState) -> None:
        """Record the body of a new provider that is no municipality."""
        body = BodyState(
            code=state.body,
            kind="PROVIDER",
            level="PROVIDER",
            name_bg=state.name,
            name_en=state.name,
            territory=state.seat_municipality,
            parent=None,
        )
        self._bodies.save(begins(BodyEstablished, body, id=body.code, scope=provider_scope(state)))

    async def amend(
        self, provider_id: UUID, changes: ProviderChanges, *, version: int | None, by: Principal
    ) -> Kept[ProviderState]:
        """Change the fields given; no event when nothing differs. Raises NotFound, Forbidden, PreconditionFailed."""
        kept = await self._providers.get(provider_id)
        kept.expect(version)
        self._rights.check(by, "registry.provider.amend", territory=kept.state.seat_municipality, owner=kept.state.body)
        given = changes.model_dump(exclude_none=True, exclude={"reason"})
        event = kept.becomes(ProviderAmended, reason=changes.reason, **given)
        return self._providers.save(event) if event.changed else kept
