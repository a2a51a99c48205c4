"""Social services: entering, amending and closing them, licensed or not."""

from collections.abc import Mapping
from uuid import UUID

from uuid_utils.compat import uuid7

from aksu_registry.errors import (
    AlreadyClosed,
    ManagementForeign,
    ManagementMissing,
    NotState,
    OperatorForeign,
    OperatorMissing,
    ServiceExists,
    UnknownProvider,
)
from aksu_registry.identity import service_identity
from aksu_registry.schemas import ASSIGNED, Closure, NewService, Party, ServiceChanges
from aksu_registry.services.places import PlaceService, address_key
from aksu_registry.services.providers import body_code, provider_scope
from aksu_registry.storage import PlaceStore, ProviderStore, ServiceStore
from aksu_shared import territory
from aksu_shared.auth.permissions import Rights
from aksu_shared.auth.principal import Principal
from aksu_shared.codelists import SERVICE_KINDS
from aksu_shared.db.store import Kept, begins, find_together
from aksu_shared.db.work import UnitOfWork
from aksu_shared.events import Event, Scope
from aksu_shared.events.registry import (
    PlaceState,
    ProviderRegistered,
    ProviderState,
    ServiceAmended,
    ServiceClosed,
    ServiceRegistered,
    ServiceState,
)
from aksu_shared.scope import row_scope

_PUBLIC_FORMS = frozenset({"MUNICIPALITY", "STATE", "MUNICIPAL_LEGAL_ENTITY"})
_PUBLIC_MONEY = frozenset({"STATE_DELEGATED", "MUNICIPAL"})


def service_scope(state: ServiceState) -> Scope:
    """Public, of the place's territory, and of the responsible provider and the operator."""
    return row_scope(state.municipality, state.provider_body, state.operator_body, public=True)


class SocialServiceService:
    """Registers, amends and closes social services."""

    def __init__(
        self,
        *,
        work: UnitOfWork,
        services: ServiceStore,
        providers: ProviderStore,
        place_store: PlaceStore,
        places: PlaceService,
        rights: Rights,
    ) -> None:
        self._work = work
        self._services = services
        self._providers = providers
        self._place_store = place_store
        self._places = places
        self._rights = rights

    async def register(self, new: NewService, *, by: Principal) -> Kept[ServiceState]:
        """Enter a service at a place, which is registered with it when new.

        Raises Forbidden, UnknownProvider, the rules on management and financing, ServiceExists.
        """
        self._rights.check(
            by, "registry.service.create", territory=new.municipality, owner=body_code(new.responsible_provider)
        )
        key = address_key(new.municipality, new.settlement, new.address)
        providers, place = await self._known(new, key)
        responsible = await self._provider(new.responsible_provider, providers)
        _check_management(new, responsible)
        operator = await self._provider(new.operator, providers) if new.operator else None
        at = await self._places.at(
            new.municipality, new.settlement, new.address, key=key, known=place, body=responsible.body
        )
        state = _service_state(new, responsible, operator, at)
        return self._save(begins(ServiceRegistered, state, id=str(state.id), scope=service_scope(state)))

    async def amend(
        self, service_id: UUID, changes: ServiceChanges, *, version: int | None, by: Principal
    ) -> Kept[ServiceState]:
        """Change the fields given; no event when nothing differs. Raises NotFound, AlreadyClosed, ServiceExists."""
        kept = await self._open(service_id, version, right="registry.service.amend", by=by)
        given = changes.model_dump(exclude_none=True, exclude={"reason"})
        event = kept.becomes(ServiceAmended, reason=changes.reason, **given)
        return self._save(event) if event.changed else kept

    async def close(
        self, service_id: UUID, closure: Closure, *, version: int | None, by: Principal
    ) -> Kept[ServiceState]:
        """End a service."""
        kept = await self._open(service_id, version, right="registry.service.close", by=by)
        return self._services.save(
            kept.becomes(ServiceClosed, reason=closure.reason, state="CLOSED", closed_on=closure.closed_on)
        )

    def _save(self, event: Event[ServiceState]) -> Kept[ServiceState]:
        """Record it; should another active service be the same one, storing it says which."""

        async def taken() -> ServiceExists | None:
            other = await self._services.claiming(service_identity(event.state))
            return ServiceExists(service_id=other.id) if other else None

        self._work.taken["uq_service_claim"] = taken
        return self._services.save(event)

    async def _open(self, service_id: UUID, version: int | None, *, right: str, by: Principal) -> Kept[ServiceState]:
        kept = await self._services.get(service_id)
        kept.expect(version)
        state = kept.state
        parties = tuple(body for body in (state.operator_body,) if body)
        self._rights.check(by, right, territory=state.municipality, owner=state.provider_body, parties=parties)
        if state.state == "CLOSED":
            raise AlreadyClosed
        return kept

    async def _known(self, new: NewService, key: str) -> tuple[dict[str, ProviderState], Kept[PlaceState] | None]:
        """What is registered already: the providers named by body, and the place."""
        body = body_code(new.responsible_provider)
        providers, places = await find_together(
            self._work,
            self._providers.of_bodies([body, *([body_code(new.operator)] if new.operator else [])]),
            self._place_store.at(key),
        )
        known = {kept.state.body: kept.state for kept in providers}
        return known, next(iter(places), None)

    async def _provider(self, party: Party, known: Mapping[str, ProviderState]) -> ProviderState:
        """The provider named; a municipality enters the register with its first service."""
        body = body_code(party)
        if body in known:
            return known[body]
        if party.municipality is None:
            raise UnknownProvider(body=body)
        await self._providers.reserve(body)
        found = await self._providers.by_bodies([body])
        if found:
            return found[body].state
        state = _municipality_provider(str(party.municipality), body)
        self._providers.save(begins(ProviderRegistered, state, id=str(state.id), scope=provider_scope(state)))
        return state


def _municipality_provider(code: str, body: str) -> ProviderState:
    seed = next(seed for seed in territory.load().bodies() if seed.code == body)
    return ProviderState(
        id=uuid7(),
        body=body,
        eik=None,
        name=seed.name_bg,
        legal_form="MUNICIPALITY",
        licence_required=False,
        seat_municipality=code,
        seat_address=None,
    )


def _check_management(new: NewService, responsible: ProviderState) -> None:
    """A municipality says how its service is managed; only an assigned one has an operator (чл. 30, чл. 71 ЗСУ)."""
    municipal = responsible.legal_form == "MUNICIPALITY"
    if municipal and new.management is None:
        raise ManagementMissing
    if not municipal and new.management is not None:
        raise ManagementForeign
    if new.management in ASSIGNED and new.operator is None:
        raise OperatorMissing
    if new.operator is not None and new.management not in ASSIGNED | {"MUNICIPAL_LEGAL_ENTITY"}:
        raise OperatorForeign
    if new.financing in _PUBLIC_MONEY and responsible.legal_form not in _PUBLIC_FORMS:
        raise NotState(financing=new.financing)


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
        state="ACTIVE",
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
