"""Social services: entering and amending them, licensed or not. How one is closed stands in `steps`."""

from typing import Final
from uuid import UUID

from uuid_utils.compat import uuid7

from aksu_registry.places.rules import address_key
from aksu_registry.places.service import PlaceService
from aksu_registry.places.store import PlaceStore
from aksu_registry.providers.schemas import LegalFormConfirmation
from aksu_registry.providers.service import ProviderService
from aksu_registry.providers.store import ProviderStore
from aksu_registry.services.errors import ServiceExists
from aksu_registry.services.machine import ACTIVE
from aksu_registry.services.rules import (
    answers_for,
    check_service,
    check_settlement,
    check_start,
    decides_money,
    is_municipal,
    refuse_closed,
    refuse_operators,
    service_identity,
    service_scope,
    whose,
)
from aksu_registry.services.schemas import NewService, ServiceChanges
from aksu_registry.services.store import ServiceStore
from aksu_shared.auth.principal import Principal
from aksu_shared.db.store import Kept, begins, find_together
from aksu_shared.events import Event
from aksu_shared.events.registry.places import PlaceState
from aksu_shared.events.registry.providers import ProviderState
from aksu_shared.events.registry.services import ServiceAmended, ServiceRegistered, ServiceState
from aksu_shared.kernel.codelists import SERVICE_KINDS
from aksu_shared.procedures.context import Context

AMEND: Final = "registry.service.amend"


class SocialServiceService:
    """Registers and amends social services."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.store = ServiceStore(context.work)
        self._providers = ProviderService(context)
        self._places = PlaceService(context)

    async def register(self, new: NewService, *, by: Principal) -> Kept[ServiceState]:
        """Enter a service at a place, which is registered with it when new.

        Raises Forbidden, UnknownProvider, ServiceExists, what `check_service`, `check_settlement`, `check_start` raise.
        """
        self._check_registrar(new, by=by)
        check_settlement(new.settlement, municipality=new.municipality)
        check_start(new.started_on, today=self.context.today, terms=self.context.terms)
        key = address_key(new.municipality, new.settlement, new.address)
        providers, place = await self._known(new, key)
        responsible = await self._providers.named(new.responsible_provider, providers)
        operator = await self._providers.named(new.operator, providers) if new.operator else None
        at = await self._places.at(
            new.municipality, new.settlement, new.address, key=key, known=place, body=responsible.body
        )
        state = _service_state(new, responsible, operator, at)
        check_service(state, responsible=responsible)
        return self._save(begins(ServiceRegistered, state, id=str(state.id), scope=service_scope(state)))

    async def amend(
        self, service_id: UUID, changes: ServiceChanges, *, version: int | None, by: Principal
    ) -> Kept[ServiceState]:
        """Change the fields given; no event when nothing differs.

        Raises NotFound, PreconditionFailed, Forbidden, AlreadyClosed, NotOperators, ServiceExists, what `check_service`
        raises.
        """
        kept = await self.store.get(service_id)
        kept.expect(version)
        self.context.rights.check(by, AMEND, **whose(kept.state))
        refuse_closed(kept.state)
        given = changes.model_dump(exclude_none=True, exclude={"reason"})
        event = kept.becomes(ServiceAmended, reason=changes.reason, **given)
        if not event.changed:
            return kept
        rights, state = self.context.rights, event.state
        if "financing" in event.changed:
            payer = decides_money(state.provider_body, financing=state.financing, municipality=state.municipality)
            rights.check(by, AMEND, owner=payer)
        if not rights.allows(by, AMEND, owner=whose(kept.state)["owner"]):
            refuse_operators(event.changed)
        check_service(event.state, responsible=await self._providers.get(event.state.provider_id))
        return self._save(event)

    async def confirm_legal_form(
        self, provider_id: UUID, said: LegalFormConfirmation, *, version: int | None, by: Principal
    ) -> Kept[ProviderState]:
        """Confirm the legal form of a provider, on which the licence of what it runs depends.

        Raises NotFound, PreconditionFailed, Forbidden, LegalFormImpossible; what `check_service` raises when the form
        does not fit a service it answers for.
        """
        confirmed = await self._providers.confirm(provider_id, said, version=version, by=by)
        for kept in await self.store.run_by([provider_id]):
            if kept.state.state != ACTIVE:
                continue
            if kept.state.provider_id == provider_id:
                check_service(kept.state, responsible=confirmed.state)
            if (kept.state.operator_id or kept.state.provider_id) == provider_id:
                needed = confirmed.state.licence_required
                event = kept.becomes(ServiceAmended, reason=said.reason, licence_required=needed)
                if event.changed:
                    self._save(event)
        return confirmed

    def _check_registrar(self, new: NewService, *, by: Principal) -> None:
        """Raise Forbidden unless it is the caller's to enter: a municipality's its own, an assigned one its mayor's."""
        owner = answers_for(new.responsible_provider.body, financing=new.financing, municipality=new.municipality)
        rights = self.context.rights
        payer = decides_money(new.responsible_provider.body, financing=new.financing, municipality=new.municipality)
        for body in (owner, payer):
            rights.check(by, "registry.service.create", territory=new.municipality, owner=body)
        if is_municipal(owner):
            rights.check(by, "registry.service.establish", territory=new.municipality, owner=owner)
        if new.operator is not None:
            rights.check(by, "registry.service.assign", territory=new.municipality, owner=owner)

    def _save(self, event: Event[ServiceState]) -> Kept[ServiceState]:
        """Record it; should another active service be the same one, storing it says which."""

        async def taken() -> ServiceExists | None:
            other = await self.store.claiming(service_identity(event.state))
            return ServiceExists(service_id=other.id) if other else None

        self.context.work.taken["uq_service_claim"] = taken
        return self.store.save(event)

    async def _known(self, new: NewService, key: str) -> tuple[dict[str, ProviderState], Kept[PlaceState] | None]:
        """What is registered already: the providers named by body, and the place."""
        work = self.context.work
        bodies = [party.body for party in (new.responsible_provider, new.operator) if party]
        providers, places = await find_together(work, ProviderStore(work).of_bodies(bodies), PlaceStore(work).at(key))
        known = {kept.state.body: kept.state for kept in providers}
        return known, next(iter(places), None)


def _service_state(
    new: NewService, responsible: ProviderState, operator: ProviderState | None, place: PlaceState
) -> ServiceState:
    runs = operator or responsible
    return ServiceState(
        id=uuid7(),
        name=new.name,
        kind=new.kind,
        activity_groups=tuple(new.activity_groups or SERVICE_KINDS[new.kind].activity_groups),
        target_groups=tuple(new.target_groups),
        financing=new.financing,
        management=new.management,
        capacity=new.capacity,
        state=ACTIVE,
        licence_required=runs.licence_required,
        provider_id=responsible.id,
        provider_body=responsible.body,
        provider_name=responsible.name,
        operator_id=operator.id if operator else None,
        operator_body=operator.body if operator else None,
        operator_name=operator.name if operator else None,
        place_id=place.id,
        municipality=place.municipality,
        settlement=place.settlement,
        address=place.address,
        started_on=new.started_on,
    )
