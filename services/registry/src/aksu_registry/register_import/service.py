"""Taking over the Agency's public register: providers, places and services, and each row's licence columns.

A row is known by the number of its original licence, a provider by its ЕИК, a place by its folded address, a service
by who runs it, where, which kind and for whom. What is already so does not change; so importing twice changes nothing.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from aksu_registry.identity import service_identity
from aksu_registry.services.places import PlaceService
from aksu_registry.services.providers import ProviderService, provider_scope
from aksu_registry.services.social_services import service_scope
from aksu_registry.storage import PlaceStore, ProviderStore, RegisterRowStore, ServiceStore
from aksu_shared.codelists import LICENCE_REQUIRED
from aksu_shared.db.store import Kept, begins
from aksu_shared.events import Event
from aksu_shared.events.registry import (
    ImportedLicence,
    PlaceState,
    ProviderAmended,
    ProviderRegistered,
    ProviderState,
    RegisterRowImported,
    RegisterRowState,
    ServiceAmended,
    ServiceRegistered,
    ServiceState,
)
from aksu_shared.register import CellError, ReadRow, RegisterRow, RowLicence, RowProvider, RowResult
from aksu_shared.scope import row_scope


class ImportService:
    """Imports rows in chunks; what a chunk refers to is read once, under lock, before its rows."""

    def __init__(
        self,
        *,
        providers: ProviderStore,
        places: PlaceStore,
        services: ServiceStore,
        rows: RegisterRowStore,
        provider_service: ProviderService,
        place_service: PlaceService,
    ) -> None:
        self._provider_store = providers
        self._place_store = places
        self._service_store = services
        self._row_store = rows
        self._provider_service = provider_service
        self._place_service = place_service
        self._providers: dict[str, Kept[ProviderState]] = {}
        self._places: dict[str, PlaceState] = {}
        self._services: dict[str, Kept[ServiceState]] = {}
        self._known: dict[str, str] = {}
        self._rows: dict[str, Kept[RegisterRowState]] = {}

    async def rows(self, chunk: Sequence[ReadRow]) -> list[tuple[ReadRow, RowResult]]:
        """Import the readable rows of `chunk`, in their order; a result for each row."""
        await self._load([read.row for read in chunk if read.row])
        return [self._judged(read) for read in chunk]

    async def _load(self, rows: Sequence[RegisterRow]) -> None:
        self._providers |= await self._provider_store.by_bodies({row.provider.body for row in rows}, lock=True)
        self._places |= {
            key: kept.state for key, kept in (await self._place_store.by_keys({_key(row) for row in rows})).items()
        }
        self._rows |= await self._row_store.by_numbers({row.row_key for row in rows})
        ids = [kept.state.id for kept in self._providers.values()]
        found = await self._service_store.run_by(ids) if ids else []
        self._services |= {kept.id: kept for kept in found}
        # A licence may have passed to a provider who did not run its service until now.
        others = {str(kept.state.service_id) for kept in self._rows.values()} - self._services.keys()
        self._services |= await self._service_store.get_many(sorted(others)) if others else {}
        # Should one of two be closed, the active one is meant.
        for kept in sorted(found, key=lambda kept: kept.state.state == "ACTIVE"):
            self._known[service_identity(kept.state)] = kept.id

    def _judged(self, read: ReadRow) -> tuple[ReadRow, RowResult]:
        if read.row is None:
            return read, RowResult.REFUSED
        if self._would_be_another(read.row):
            return replace(read, row=None, errors=(_EXISTS,)), RowResult.REFUSED
        return read, self._row(read.row)

    def _would_be_another(self, row: RegisterRow) -> bool:
        """Whether the row's own service would become the same as another one that is active."""
        known, provider = self._rows.get(row.row_key), self._providers.get(row.provider.body)
        place = self._places.get(_key(row))
        if known is None or provider is None or place is None:
            return False
        kept = self._services[str(known.state.service_id)]
        event = _amended(kept, row, provider.state, place)
        other = self._services.get(self._known.get(service_identity(event.state), kept.id))
        return other is not None and other.id != kept.id and other.state.state == "ACTIVE"

    def _row(self, row: RegisterRow) -> RowResult:
        provider, provider_result = self._provider(row)
        place = self._place(row)
        service, service_result = self._service(row, provider, place)
        row_result = self._register_row(row, provider, service)
        results = {provider_result, service_result, row_result}
        if row_result is RowResult.CREATED:
            return RowResult.CREATED
        return RowResult.UNCHANGED if results == {RowResult.UNCHANGED} else RowResult.UPDATED

    def _provider(self, row: RegisterRow) -> tuple[ProviderState, RowResult]:
        given = row.provider
        kept = self._providers.get(given.body)
        if kept is None:
            state = _new_provider(given)
            self._provider_service.establish_body(state)
            event = begins(ProviderRegistered, state, id=str(state.id), scope=provider_scope(state))
            self._providers[given.body] = self._provider_store.save(event)
            return state, RowResult.CREATED
        amended = kept.becomes(
            ProviderAmended,
            reason=_REASON,
            name=given.name,
            legal_form=given.legal_form,
            licence_required=LICENCE_REQUIRED[given.legal_form],
            seat_address=given.seat,
        )
        if not amended.changed:
            return kept.state, RowResult.UNCHANGED
        self._providers[given.body] = self._provider_store.save(amended)
        return amended.state, RowResult.UPDATED

    def _place(self, row: RegisterRow) -> PlaceState:
        key = _key(row)
        if key not in self._places:
            place = row.place
            self._places[key] = self._place_service.register(
                place.municipality, place.settlement, place.address, key=key, body=row.provider.body
            )
        return self._places[key]

    def _service(self, row: RegisterRow, provider: ProviderState, place: PlaceState) -> tuple[ServiceState, RowResult]:
        state = _new_service(row, provider, place)
        known = self._rows.get(row.row_key)
        service_id = str(known.state.service_id) if known else self._known.get(service_identity(state))
        if service_id is None:
            event = begins(ServiceRegistered, state, id=str(state.id), scope=service_scope(state))
            self._known[service_identity(state)] = event.id
            self._services[event.id] = self._service_store.save(event)
            return state, RowResult.CREATED
        kept = self._services[service_id]
        event = _amended(kept, row, provider, place)
        if event.changed:
            self._known.pop(service_identity(kept.state), None)
            self._known[service_identity(event.state)] = service_id
            kept = self._services[service_id] = self._service_store.save(event)
        return kept.state, RowResult.UPDATED if event.changed else RowResult.UNCHANGED

    def _register_row(self, row: RegisterRow, provider: ProviderState, service: ServiceState) -> RowResult:
        kept = self._rows.get(row.row_key)
        state = _register_row_state(row, provider, service, row_id=kept.state.id if kept else uuid7())
        scope = row_scope(service.municipality, provider.body, service.provider_body, public=True)
        if kept is None:
            self._rows[row.row_key] = self._row_store.save(
                begins(RegisterRowImported, state, id=str(state.id), scope=scope)
            )
            return RowResult.CREATED
        event = kept.becomes(RegisterRowImported, scope=scope, reason=_REASON, **state.model_dump())
        if not event.changed:
            return RowResult.UNCHANGED
        self._rows[row.row_key] = self._row_store.save(event)
        return RowResult.UPDATED


_REASON = "Внос на публичния регистър"
_EXISTS = CellError(
    column="service",
    code="service_exists",
    bg="Същата услуга на същия доставчик на това място вече е вписана отделно.",
    en="The same service of the same provider at this place is already registered on its own.",
)


def _key(row: RegisterRow) -> str:
    return "|".join(row.place_key)


def _new_provider(given: RowProvider) -> ProviderState:
    return ProviderState(
        id=uuid7(),
        body=given.body,
        eik=given.eik,
        name=given.name,
        legal_form=given.legal_form,
        licence_required=LICENCE_REQUIRED[given.legal_form],
        seat_municipality=None,
        seat_address=given.seat,
    )


def _new_service(row: RegisterRow, provider: ProviderState, place: PlaceState) -> ServiceState:
    """The register does not say who pays: a licensed provider's service counts as private until it is corrected."""
    return ServiceState(
        id=uuid7(),
        name=row.service,
        kind=row.kind,
        activity_groups=row.activity_groups,
        target_groups=row.target_groups,
        financing="PRIVATE",
        management=None,
        capacity=None,
        state="ACTIVE",
        licence_required=provider.licence_required,
        provider_id=provider.id,
        provider_body=provider.body,
        provider_name=provider.name,
        operator_id=None,
        operator_body=None,
        operator_name=None,
        place_id=place.id,
        municipality=place.municipality,
        settlement=place.settlement,
        address=place.address,
        started_on=None,
    )


def _amended(
    kept: Kept[ServiceState], row: RegisterRow, provider: ProviderState, place: PlaceState
) -> Event[ServiceState]:
    """What the register knows better; financing, capacity and management stay as they are."""
    state = kept.state
    runs = "operator" if state.operator_body and provider.body != state.provider_body else "provider"
    facts: dict[str, Any] = {
        "name": row.service,
        "kind": row.kind,
        "activity_groups": row.activity_groups if row.kind != state.kind else state.activity_groups,
        "target_groups": row.target_groups,
        f"{runs}_id": provider.id,
        f"{runs}_body": provider.body,
        f"{runs}_name": provider.name,
        "place_id": place.id,
        "municipality": place.municipality,
        "settlement": place.settlement,
        "address": place.address,
    }
    moved = state.model_copy(update=facts)
    return kept.becomes(ServiceAmended, scope=service_scope(moved), reason=_REASON, **facts)


def _register_row_state(
    row: RegisterRow, provider: ProviderState, service: ServiceState, *, row_id: UUID
) -> RegisterRowState:
    return RegisterRowState(
        id=row_id,
        number=row.row_key,
        service_id=service.id,
        provider_id=provider.id,
        provider_body=provider.body,
        provider_name=provider.name,
        place_id=service.place_id,
        municipality=service.municipality,
        original=_licence(row.original),
        changed=_licence(row.changed) if row.changed else None,
        renewed=_licence(row.renewed) if row.renewed else None,
        violations=row.violations,
    )


def _licence(licence: RowLicence) -> ImportedLicence:
    return ImportedLicence(number=licence.number, issued_on=licence.issued_on, valid_until=licence.valid_until)
