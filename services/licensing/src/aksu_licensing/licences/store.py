"""Stores of licensing: its aggregates, what it knows of the registry's, and its counters."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import Table, any_, bindparam, text

from aksu_licensing.errors import ServiceNotKnown
from aksu_licensing.tables import (
    ApplicationTable,
    CounterTable,
    DocumentTable,
    LicenceTable,
    ManagerCheckTable,
    ProviderTable,
    RegisterRowTable,
    ServiceTable,
)
from aksu_licensing.tables.application import OPEN
from aksu_licensing.tables.licence import LIVE_STATES
from aksu_shared.db.projection import project
from aksu_shared.db.store import Kept, Store, rows_where
from aksu_shared.db.work import UnitOfWork
from aksu_shared.events.base import Event, State
from aksu_shared.events.licensing import ApplicationState, DocumentState, LicenceState, ManagerCheckState
from aksu_shared.events.registry import ProviderEvent, RegisterRowImported, RegisterRowState, ServiceEvent
from aksu_shared.worker.copies import Copies, Copy


def _table(mapped: type) -> Table:
    return mapped.__table__  # type: ignore[attr-defined,no-any-return]


APPLICATION, LICENCE, COUNTER = _table(ApplicationTable), _table(LicenceTable), _table(CounterTable)
DOCUMENT, MANAGER_CHECK = _table(DocumentTable), _table(ManagerCheckTable)
SERVICE, PROVIDER, REGISTER_ROW = _table(ServiceTable), _table(ProviderTable), _table(RegisterRowTable)

_OPEN = rows_where(
    APPLICATION,
    (APPLICATION.c.service_id == bindparam("service"))
    & (APPLICATION.c.provider_id == bindparam("provider"))
    & text(OPEN),
    lock=False,
)
_LIVE = rows_where(
    LICENCE,
    (LICENCE.c.service_id == bindparam("service"))
    & (LICENCE.c.provider_id == bindparam("provider"))
    & (LICENCE.c.state == LIVE_STATES)
    & (LICENCE.c.valid_until >= bindparam("first")),
)
_OF_ROWS = rows_where(
    LICENCE,
    (LICENCE.c.register_row_id == any_(bindparam("rows")))
    | (LICENCE.c.number == any_(bindparam("numbers")))
    | ((LICENCE.c.service_id == any_(bindparam("services"))) & (LICENCE.c.state == LIVE_STATES)),
)
_PROVIDER = rows_where(PROVIDER, PROVIDER.c.id == bindparam("key"), lock=False)
_SERVICE = rows_where(SERVICE, SERVICE.c.id == bindparam("key"))

_NEXT: Final = f"""
INSERT INTO {COUNTER.name} AS c (name, value) VALUES ($1, 1)
ON CONFLICT (name) DO UPDATE SET value = c.value + 1 RETURNING value"""
_RAISE: Final = f"""
INSERT INTO {COUNTER.name} AS c (name, value) VALUES ($1, $2)
ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value WHERE c.value < EXCLUDED.value"""
_ADMIT: Final = f"""
INSERT INTO {REGISTER_ROW.name} AS r (id, number, service_id, version, scope)
SELECT id, number, service_id, version, string_to_array(scope, ',')
  FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::int[], $5::text[]) AS n(id, number, service_id, version, scope)
 ORDER BY id
ON CONFLICT (id) DO UPDATE SET number = EXCLUDED.number, service_id = EXCLUDED.service_id,
  version = EXCLUDED.version, scope = EXCLUDED.scope, written_at = now()
 WHERE r.version < EXCLUDED.version
RETURNING id"""


class Runner(NamedTuple):
    """The provider that runs a service: the operator when it is assigned, else the responsible provider."""

    id: UUID
    body: str
    name: str


class KnownService(State):
    """A service as licensing knows it from the registry."""

    id: UUID
    name: str
    kind: str
    state: str
    licence_required: bool
    provider_id: UUID
    provider_body: str
    provider_name: str
    operator_id: UUID | None
    operator_body: str | None
    operator_name: str | None
    place_id: UUID
    municipality: str
    settlement: str
    address: str

    @property
    def runner(self) -> Runner:
        """Who needs the licence."""
        if self.operator_id and self.operator_body and self.operator_name:
            return Runner(self.operator_id, self.operator_body, self.operator_name)
        return Runner(self.provider_id, self.provider_body, self.provider_name)


class KnownProvider(State):
    """A provider as licensing knows it from the registry."""

    id: UUID
    body: str
    name: str
    legal_form: str
    licence_required: bool


class ApplicationStore(Store[ApplicationState]):
    """Applications."""

    def __init__(self, work: UnitOfWork) -> None:
        super().__init__(work, APPLICATION, ApplicationState)

    async def open(self, *, provider: UUID, service: UUID) -> Kept[ApplicationState] | None:
        """The provider's undecided application for this service."""
        found = await self.find(_OPEN, provider=provider, service=service)
        return found[0] if found else None


class DocumentStore(Store[DocumentState]):
    """Documents of applications, without what is restricted in them."""

    def __init__(self, work: UnitOfWork) -> None:
        super().__init__(work, DOCUMENT, DocumentState)


class ManagerCheckStore(Store[ManagerCheckState]):
    """Checks of managers, without whom and what they found."""

    def __init__(self, work: UnitOfWork) -> None:
        super().__init__(work, MANAGER_CHECK, ManagerCheckState)


class LicenceStore(Store[LicenceState]):
    """Licences."""

    def __init__(self, work: UnitOfWork) -> None:
        super().__init__(work, LICENCE, LicenceState)

    async def live(self, *, provider: UUID, service: UUID, first: date) -> list[Kept[LicenceState]]:
        """The provider's licences for this service that have effect on `first` or later, locked."""
        return await self.find(_LIVE, provider=provider, service=service, first=first)

    async def touched_by(
        self, *, rows: Iterable[UUID], numbers: Iterable[str], services: Iterable[UUID]
    ) -> list[Kept[LicenceState]]:
        """Licences made from these register rows, of these numbers, or live ones of these services; locked."""
        return await self.find(_OF_ROWS, rows=list(rows), numbers=list(numbers), services=list(services))


class KnownStore:
    """What licensing knows of the registry's services and providers."""

    def __init__(self, work: UnitOfWork) -> None:
        self._services = Store(work, SERVICE, KnownService)
        self._providers = Store(work, PROVIDER, KnownProvider)

    async def service(self, service_id: UUID) -> KnownService:
        """The service, locked: whoever decides about its licence goes one after the other. Raises ServiceNotKnown."""
        found = await self._services.find(_SERVICE, key=service_id)
        if not found:
            raise ServiceNotKnown(service_id=str(service_id))
        return found[0].state

    async def provider(self, provider_id: UUID) -> KnownProvider | None:
        """The provider, when licensing has heard of it."""
        found = await self._providers.find(_PROVIDER, key=provider_id)
        return found[0].state if found else None


class CopyStore:
    """Copies of the registry's aggregates, kept from its events."""

    def __init__(self, work: UnitOfWork) -> None:
        self._begin = work.begin

    async def keep_services(self, events: Sequence[ServiceEvent]) -> None:
        """Keep the newest state of each service."""
        await project(await self._begin(), SERVICE, events)

    async def keep_providers(self, events: Sequence[ProviderEvent]) -> None:
        """Keep the newest state of each provider."""
        await project(await self._begin(), PROVIDER, events)


COPIES: Final[Copies] = {
    ServiceEvent: Copy(SERVICE),
    ProviderEvent: Copy(PROVIDER),
    RegisterRowImported: Copy(REGISTER_ROW, applied_only=True),
}
"""Event class of an aggregate of the registry → what is kept of it here."""


class RegisterRowStore:
    """Which version of each imported register row was taken over."""

    def __init__(self, work: UnitOfWork) -> None:
        self._begin = work.begin

    async def admit(self, events: Sequence[Event[RegisterRowState]]) -> Collection[str]:
        """Note these versions; gives the ids of the rows that are newer than what was noted."""
        rows = await (await self._begin()).fetch(
            _ADMIT,
            [event.state.id for event in events],
            [event.state.number for event in events],
            [event.state.service_id for event in events],
            [event.version for event in events],
            [",".join(event.scope) for event in events],
        )
        return {str(row["id"]) for row in rows}


class CounterStore:
    """Numbers without gaps: the counter's row is locked until the transaction ends."""

    def __init__(self, work: UnitOfWork) -> None:
        self._begin = work.begin

    async def next(self, name: str) -> int:
        """The next number under `name`, from 1."""
        value: int = await (await self._begin()).fetchval(_NEXT, name)
        return value

    async def raise_to(self, name: str, value: int) -> None:
        """Go on above `value`; never back."""
        await (await self._begin()).execute(_RAISE, name, value)
