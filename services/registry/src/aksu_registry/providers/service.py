"""Providers: entering them in the register and correcting their particulars."""

from collections.abc import Mapping
from uuid import UUID

from uuid_utils.compat import uuid7

from aksu_registry.bodies.service import BodyService
from aksu_registry.providers.errors import LegalFormImpossible, ProviderExists, UnknownProvider
from aksu_registry.providers.rules import needs_licence, provider_scope, whose
from aksu_registry.providers.schemas import LegalFormConfirmation, NewProvider, Party, ProviderChanges
from aksu_registry.providers.store import ProviderStore
from aksu_shared.auth.principal import Principal
from aksu_shared.db.store import Kept, begins
from aksu_shared.events.registry.bodies import BodyState
from aksu_shared.events.registry.providers import (
    ProviderAmended,
    ProviderLegalFormConfirmed,
    ProviderRegistered,
    ProviderState,
)
from aksu_shared.kernel import territory
from aksu_shared.procedures.context import Context


class ProviderService:
    """Registers and amends providers."""

    def __init__(self, context: Context) -> None:
        self._store = ProviderStore(context.work)
        self._bodies = BodyService(context)
        self._rights = context.rights

    async def register(self, new: NewProvider, *, by: Principal) -> Kept[ProviderState]:
        """Enter a provider and the body it acts as. Its legal form is a proposal, unless the Agency enters it.

        Raises ProviderExists, Forbidden.
        """
        seat = new.seat_municipality or new.municipality
        of_whom = whose(seat_municipality=seat, body=new.body, legal_form=new.legal_form)
        self._rights.check(by, "registry.provider.create", **of_whom)
        confirmed = new.municipality is not None or self._rights.allows(by, "registry.provider.confirm")
        if await self._store.by_bodies([new.body]):
            raise ProviderExists(body=new.body)
        state = ProviderState(
            id=uuid7(),
            body=new.body,
            eik=new.eik,
            name=new.name,
            legal_form=new.legal_form,
            legal_form_confirmed=confirmed,
            licence_required=needs_licence(new.legal_form, confirmed=confirmed),
            seat_municipality=seat,
            seat_address=new.seat_address,
        )
        if new.municipality is None:
            return self.enter(state)
        return self._save(state)

    def enter(self, state: ProviderState) -> Kept[ProviderState]:
        """Record a new provider that is no municipality, and its body."""
        body = BodyState(
            code=state.body,
            kind="PROVIDER",
            level="PROVIDER",
            name_bg=state.name,
            name_en=state.name,
            territory=state.seat_municipality,
            parent=None,
        )
        self._bodies.enter(body, scope=provider_scope(state))
        return self._save(state)

    async def amend(
        self, provider_id: UUID, changes: ProviderChanges, *, version: int | None, by: Principal
    ) -> Kept[ProviderState]:
        """Change the fields given; no event when nothing differs. Raises NotFound, Forbidden, PreconditionFailed."""
        kept = await self._store.get(provider_id)
        kept.expect(version)
        state = kept.state
        of_whom = whose(
            seat_municipality=state.seat_municipality,
            body=state.body,
            legal_form=state.legal_form,
            confirmed=state.legal_form_confirmed,
        )
        self._rights.check(by, "registry.provider.amend", **of_whom)
        given = changes.model_dump(exclude_none=True, exclude={"reason"})
        scope = provider_scope(state.with_changes(given))
        event = kept.becomes(ProviderAmended, scope=scope, reason=changes.reason, **given)
        if not event.changed:
            return kept
        if state.eik is not None and event.state.seat_municipality != state.seat_municipality:
            await self._bodies.move(state.body, territory=event.state.seat_municipality, scope=scope)
        return self._store.save(event)

    async def confirm(
        self, provider_id: UUID, said: LegalFormConfirmation, *, version: int | None, by: Principal
    ) -> Kept[ProviderState]:
        """Take the legal form proposed, or the one given, as certain; no event when nothing differs.

        Raises NotFound, PreconditionFailed, Forbidden, LegalFormImpossible.
        """
        kept = await self._store.get(provider_id)
        kept.expect(version)
        self._rights.check(by, "registry.provider.confirm")
        form = said.legal_form or kept.state.legal_form
        if (form == "MUNICIPALITY") != (kept.state.eik is None):
            raise LegalFormImpossible(body=kept.state.body, legal_form=form)
        event = kept.becomes(
            ProviderLegalFormConfirmed,
            reason=said.reason,
            legal_form=form,
            legal_form_confirmed=True,
            licence_required=needs_licence(form, confirmed=True),
        )
        return self._store.save(event) if event.changed else kept

    async def get(self, provider_id: UUID) -> ProviderState:
        """The provider with this id, not to be changed. Raises NotFound."""
        return (await self._store.get(provider_id, lock=False)).state

    async def named(self, party: Party, known: Mapping[str, ProviderState]) -> ProviderState:
        """The provider of a service; `known` are those registered. A municipality enters with its first service.

        Raises UnknownProvider.
        """
        if party.body in known:
            return known[party.body]
        if party.municipality is None:
            raise UnknownProvider(body=party.body)
        await self._store.reserve(party.body)
        found = await self._store.by_bodies([party.body])
        if found:
            return found[party.body].state
        return self._save(_municipality_provider(party.municipality, party.body)).state

    def _save(self, state: ProviderState) -> Kept[ProviderState]:
        return self._store.save(begins(ProviderRegistered, state, id=str(state.id), scope=provider_scope(state)))


def _municipality_provider(code: str, body: str) -> ProviderState:
    seed = next(seed for seed in territory.public_bodies(territory.load()) if seed.code == body)
    return ProviderState(
        id=uuid7(),
        body=body,
        eik=None,
        name=seed.name_bg,
        legal_form="MUNICIPALITY",
        legal_form_confirmed=True,
        licence_required=False,
        seat_municipality=code,
        seat_address=None,
    )
