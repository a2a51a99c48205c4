"""Taking over the Agency's public register: providers, places and services, and each row's licence columns.

A row is known by the number of its original licence, a provider by its ЕИК, a place by its folded address, a service
by who runs it, where, which kind and for whom. What is already so does not change; so importing twice changes nothing.
"""

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Final

from uuid_utils.compat import uuid7

from aksu_registry.places.service import PlaceService
from aksu_registry.places.store import PlaceStore
from aksu_registry.providers.service import ProviderService
from aksu_registry.providers.store import ProviderStore
from aksu_registry.register_import.file import ReadRow
from aksu_registry.register_import.rows import RegisterRow
from aksu_registry.register_import.rules import (
    contradiction,
    new_place,
    new_provider,
    new_service,
    place_of,
    provider_facts,
    register_row,
    service_facts,
)
from aksu_registry.register_import.store import RegisterRowStore
from aksu_registry.services.machine import ACTIVE
from aksu_registry.services.rules import service_identity, service_scope
from aksu_registry.services.store import ServiceStore
from aksu_shared.db.store import Kept, begins
from aksu_shared.events import Event
from aksu_shared.events.registry.places import PlaceState
from aksu_shared.events.registry.providers import ProviderAmended, ProviderState
from aksu_shared.events.registry.register_import import RegisterRowImported, RegisterRowState
from aksu_shared.events.registry.services import ServiceAmended, ServiceRegistered, ServiceState
from aksu_shared.events.scope import row_scope
from aksu_shared.procedures.context import Context
from aksu_shared.workbook import CellError

_REASON: Final = "Внос на публичния регистър"
_EXISTS: Final = CellError(
    column="service",
    code="service_exists",
    bg="Същата услуга на същия доставчик на това място вече е вписана отделно.",
    en="The same service of the same provider at this place is already registered on its own.",
)


class RowOutcome(StrEnum):
    """What an import did, or in a dry run would do, with one row."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


class ImportService:
    """Imports rows in chunks; what a chunk refers to is read once, under lock, before its rows."""

    def __init__(self, context: Context) -> None:
        self._provider_store = ProviderStore(context.work)
        self._place_store = PlaceStore(context.work)
        self._service_store = ServiceStore(context.work)
        self._row_store = RegisterRowStore(context.work)
        self._provider_service = ProviderService(context)
        self._place_service = PlaceService(context)
        self._providers: dict[str, Kept[ProviderState]] = {}
        self._places: dict[str, PlaceState] = {}
        self._services: dict[str, Kept[ServiceState]] = {}
        self._known: dict[str, str] = {}
        self._rows: dict[str, Kept[RegisterRowState]] = {}

    async def rows(self, chunk: Sequence[ReadRow]) -> list[tuple[ReadRow, RowOutcome]]:
        """Import the readable rows of `chunk`, in their order; a result for each row."""
        await self._load([read.row for read in chunk if read.row])
        return [self._judged(read) for read in chunk]

    async def _load(self, rows: Sequence[RegisterRow]) -> None:
        self._providers |= await self._provider_store.by_bodies({row.provider.body for row in rows}, lock=True)
        self._places |= {
            key: kept.state for key, kept in (await self._place_store.by_keys({place_of(row) for row in rows})).items()
        }
        self._rows |= await self._row_store.by_numbers({row.row_key for row in rows})
        ids = [kept.state.id for kept in self._providers.values()]
        found = await self._service_store.run_by(ids) if ids else []
        self._services |= {kept.id: kept for kept in found}
        # A licence may have passed to a provider who did not run its service until now.
        others = {str(kept.state.service_id) for kept in self._rows.values()} - self._services.keys()
        self._services |= await self._service_store.get_many(sorted(others)) if others else {}
        # Should one of two be closed, the active one is meant.
        for kept in sorted(found, key=lambda kept: kept.state.state == ACTIVE):
            self._known[service_identity(kept.state)] = kept.id

    def _judged(self, read: ReadRow) -> tuple[ReadRow, RowOutcome]:
        if read.row is None:
            return read, RowOutcome.REFUSED
        if error := self._refusal(read.row):
            return replace(read, row=None, errors=(error,)), RowOutcome.REFUSED
        return read, self._row(read.row)

    def _refusal(self, row: RegisterRow) -> CellError | None:
        """Why the row's own service cannot become what the row says: it would be another one, or break a rule."""
        known, known_provider = self._rows.get(row.row_key), self._providers.get(row.provider.body)
        if known is None:
            return None
        kept = self._services[str(known.state.service_id)]
        provider = known_provider.state if known_provider else new_provider(row.provider)
        place = self._places.get(place_of(row)) or new_place(row)
        state = _amended(kept, row, provider, place).state
        if error := contradiction(state, provider):
            return error
        other = self._services.get(self._known.get(service_identity(state), kept.id))
        return _EXISTS if other is not None and other.id != kept.id and other.state.state == ACTIVE else None

    def _row(self, row: RegisterRow) -> RowOutcome:
        provider, provider_outcome = self._provider(row)
        place = self._place(row)
        service, service_outcome = self._service(row, provider, place)
        row_outcome = self._register_row(row, provider, service)
        outcomes = {provider_outcome, service_outcome, row_outcome}
        if row_outcome is RowOutcome.CREATED:
            return RowOutcome.CREATED
        return RowOutcome.UNCHANGED if outcomes == {RowOutcome.UNCHANGED} else RowOutcome.UPDATED

    def _provider(self, row: RegisterRow) -> tuple[ProviderState, RowOutcome]:
        given = row.provider
        kept = self._providers.get(given.body)
        if kept is None:
            kept = self._providers[given.body] = self._provider_service.enter(new_provider(given))
            return kept.state, RowOutcome.CREATED
        amended = kept.becomes(ProviderAmended, reason=_REASON, **provider_facts(kept.state, given))
        if not amended.changed:
            return kept.state, RowOutcome.UNCHANGED
        self._providers[given.body] = self._provider_store.save(amended)
        return amended.state, RowOutcome.UPDATED

    def _place(self, row: RegisterRow) -> PlaceState:
        key = place_of(row)
        if key not in self._places:
            place = row.place
            self._places[key] = self._place_service.register(
                place.municipality, place.settlement, place.address, key=key, body=row.provider.body
            )
        return self._places[key]

    def _service(self, row: RegisterRow, provider: ProviderState, place: PlaceState) -> tuple[ServiceState, RowOutcome]:
        state = new_service(row, provider, place)
        known = self._rows.get(row.row_key)
        service_id = str(known.state.service_id) if known else self._known.get(service_identity(state))
        if service_id is None:
            event = begins(ServiceRegistered, state, id=str(state.id), scope=service_scope(state))
            self._known[service_identity(state)] = event.id
            self._services[event.id] = self._service_store.save(event)
            return state, RowOutcome.CREATED
        kept = self._services[service_id]
        event = _amended(kept, row, provider, place)
        if event.changed:
            self._known.pop(service_identity(kept.state), None)
            self._known[service_identity(event.state)] = service_id
            kept = self._services[service_id] = self._service_store.save(event)
        return kept.state, RowOutcome.UPDATED if event.changed else RowOutcome.UNCHANGED

    def _register_row(self, row: RegisterRow, provider: ProviderState, service: ServiceState) -> RowOutcome:
        kept = self._rows.get(row.row_key)
        state = register_row(row, provider, service, row_id=kept.state.id if kept else uuid7())
        scope = row_scope(service.municipality, provider.body, service.provider_body, public=True)
        if kept is None:
            self._rows[row.row_key] = self._row_store.save(
                begins(RegisterRowImported, state, id=str(state.id), scope=scope)
            )
            return RowOutcome.CREATED
        event = kept.becomes(RegisterRowImported, scope=scope, reason=_REASON, **state.model_dump())
        if not event.changed:
            return RowOutcome.UNCHANGED
        self._rows[row.row_key] = self._row_store.save(event)
        return RowOutcome.UPDATED


def _amended(
    kept: Kept[ServiceState], row: RegisterRow, provider: ProviderState, place: PlaceState
) -> Event[ServiceState]:
    facts = service_facts(kept.state, row, provider, place)
    moved = kept.state.model_copy(update=facts)
    return kept.becomes(ServiceAmended, scope=service_scope(moved), reason=_REASON, **facts)
