"""Facts of the other three services, complete and right; a test changes what it is about and tells them."""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from aksu_reporting.wiring import HANDLERS
from aksu_shared.bus.contract import Delivered
from aksu_shared.events import Event, Scope
from aksu_shared.events.licensing.applications import ApplicationRegistered, ApplicationState
from aksu_shared.events.licensing.licences import LicenceIssued, LicenceState
from aksu_shared.events.monitoring.inspections import FindingRecorded, FindingState, InspectionStarted, InspectionState
from aksu_shared.events.monitoring.prescriptions import PrescriptionIssued, PrescriptionState
from aksu_shared.events.monitoring.signals import SignalReceived, SignalState
from aksu_shared.events.registry.places import PlaceRegistered, PlaceState
from aksu_shared.events.registry.providers import ProviderRegistered, ProviderState
from aksu_shared.events.registry.services import ServiceRegistered, ServiceState
from aksu_shared.events.registry.territory import TerritoryEstablished, TerritoryState
from aksu_shared.events.scope import row_scope
from aksu_shared.kernel import territory
from aksu_shared.kernel.clock import Clock
from aksu_shared.worker.applying import Applier
from aksu_shared.worker.items import read

TODAY = date(2026, 3, 16)
ANALYST: dict[str, Any] = {"role": "aksu_analyst", "body": "AKSU"}
MAYOR: dict[str, Any] = {"role": "municipality_officer", "body": "MUNICIPALITY:BLG03"}
HERE = "BLG03"
EPOCH = "0199c000-0000-7000-8000-000000000001"


class Telling:
    """The three sources: gives each fact its number and lets reporting's consumer apply it, as its worker does."""

    def __init__(self, pool: "asyncpg.Pool[Any]", *, clock: Clock | None = None) -> None:
        self._applier = Applier(pool, service="reporting", handlers=HANDLERS, clock=clock or Clock())
        self._numbers = {source: count(1) for source in ("registry", "licensing", "monitoring")}

    async def __call__(self, *facts: Event[Any]) -> str:
        """Tell them in one batch; gives the last one's `Aksu-Position`."""
        return await self.records([self.record(fact) for fact in facts])

    async def records(self, records: list[Delivered]) -> str:
        await self._applier.apply([read(record) for record in records])
        headers = records[-1].headers
        return f"{headers['ce_source'].removeprefix('/aksu/')}:{headers['ce_seq']}"

    def record(self, fact: Event[Any]) -> Delivered:
        number = next(self._numbers[fact.owner])
        headers = {
            "ce_specversion": "1.0",
            "ce_id": str(uuid4()),
            "ce_source": f"/aksu/{fact.owner}",
            "ce_type": fact.type,
            "ce_subject": fact.id,
            "ce_time": "2026-03-16T10:00:00+00:00",
            "ce_seq": str(number),
            "ce_position": str(number),
            "ce_epoch": EPOCH,
        }
        value = json.dumps(fact.data(), ensure_ascii=False).encode()
        return Delivered(fact.topic, 0, number, fact.id, value, headers, 1_773_655_200_000)


def territories() -> list[Event[Any]]:
    """All 300 of them."""
    return [_territory(area) for area in territory.load().areas.values()]


def _territory(area: territory.Area) -> Event[Any]:
    state = TerritoryState(
        code=area.code,
        level=area.level,
        name_bg=area.name.bg,
        name_en=area.name.en,
        parent=area.parent,
        nuts=area.nuts,
        population=area.population,
        age0_14=area.age0_14,
        age65plus=area.age65plus,
        valid_from=area.valid_from,
    )
    return TerritoryEstablished(id=area.code, version=1, state=state, scope=row_scope(None, public=True))


def _fact(kind: type[Event[Any]], state: Any, *, version: int, scope: Scope) -> Event[Any]:
    return kind(id=str(state.id), version=version, state=state, scope=scope)


def provider(*, version: int = 1, **changes: Any) -> Event[Any]:
    key = changes.pop("id", None) or uuid4()
    given: dict[str, Any] = {
        "id": key, "body": f"PROVIDER:{key.int % 10**9:09}", "eik": None, "name": "Фондация Надежда",
        "legal_form": "NGO", "legal_form_confirmed": True, "licence_required": True, "seat_municipality": None,
        "seat_address": None,
    }  # fmt: skip
    state = ProviderState(**given | changes)
    scope = row_scope(state.seat_municipality, state.body, public=True)
    return _fact(ProviderRegistered, state, version=version, scope=scope)


def place(*, version: int = 1, **changes: Any) -> Event[Any]:
    given: dict[str, Any] = {
        "id": uuid4(), "key": uuid4().hex, "municipality": HERE, "settlement": "гр. Благоевград",
        "address": "ул. Първа 1",
    }  # fmt: skip
    state = PlaceState(**given | changes)
    return _fact(PlaceRegistered, state, version=version, scope=row_scope(state.municipality, public=True))


def service(*, version: int = 1, **changes: Any) -> Event[Any]:
    given: dict[str, Any] = {
        "id": uuid4(), "name": "Дом за стари хора „Здравец“", "kind": "HOME_ELDERLY",
        "activity_groups": ("RESIDENTIAL_CARE",), "target_groups": ("ELDERLY",), "financing": "PRIVATE",
        "management": None, "capacity": 20, "state": "ACTIVE", "licence_required": True, "provider_id": uuid4(),
        "provider_body": "PROVIDER:130007884", "provider_name": "Фондация Надежда", "operator_id": None,
        "operator_body": None, "operator_name": None, "place_id": uuid4(), "municipality": HERE,
        "settlement": "гр. Благоевград", "address": "ул. Първа 1", "started_on": None,
    }  # fmt: skip
    state = ServiceState(**given | changes)
    scope = row_scope(state.municipality, state.provider_body, public=True)
    return _fact(ServiceRegistered, state, version=version, scope=scope)


def licence(*, version: int = 1, **changes: Any) -> Event[Any]:
    given: dict[str, Any] = {
        "id": uuid4(), "number": "Л-3129-1325/07.11.2022", "sequence": 1325, "state": "ACTIVE", "origin": "ISSUED",
        "kind": "ORIGINAL",
        "service_id": uuid4(), "provider_id": uuid4(), "provider_body": "PROVIDER:130007884",
        "provider_name": "Фондация Надежда", "place_id": uuid4(), "municipality": HERE,
        "issued_on": date(2022, 11, 7), "valid_from": date(2022, 11, 7), "valid_until": date(2027, 11, 7),
    }  # fmt: skip
    state = LicenceState(**given | changes)
    scope = row_scope(state.municipality, state.provider_body, public=True)
    return _fact(LicenceIssued, state, version=version, scope=scope)


def application(*, version: int = 1, **changes: Any) -> Event[Any]:
    given: dict[str, Any] = {
        "id": uuid4(), "procedure": "ISSUE", "state": "UNDER_REVIEW", "service_id": uuid4(),
        "service_name": "Дом за стари хора", "provider_id": uuid4(), "provider_body": "PROVIDER:130007884",
        "provider_name": "Фондация Надежда", "place_id": uuid4(), "municipality": HERE,
        "settlement": "гр. Благоевград", "address": "ул. Първа 1", "filed_on": date(2026, 2, 1),
    }  # fmt: skip
    state = ApplicationState(**given | changes)
    scope = ("b:AKSU", f"b:{state.provider_body}")
    return _fact(ApplicationRegistered, state, version=version, scope=scope)


def inspection(*, version: int = 1, public: bool = True, **changes: Any) -> Event[Any]:
    given: dict[str, Any] = {
        "id": uuid4(), "source": "urn:example", "reference": "П-1", "kind": "PLANNED", "state": "IN_PROGRESS",
        "outcome": None, "place_id": None, "service_id": None, "provider_body": None, "municipality": HERE,
        "settlement": None, "address": None, "started_on": date(2026, 2, 2), "closed_on": None, "flags": (),
    }  # fmt: skip
    state = InspectionState(**given | changes)
    scope = row_scope(state.municipality, public=True) if public else ("b:AKSU",)
    return _fact(InspectionStarted, state, version=version, scope=scope)


def finding(*, version: int = 1, **changes: Any) -> Event[Any]:
    given: dict[str, Any] = {
        "id": uuid4(), "inspection_id": uuid4(), "municipality": HERE, "standard": "S1", "criterion": None,
        "catalogue_version": "1", "result": "NOT_MET", "recorded_at": "2026-02-02T10:00:00Z",
    }  # fmt: skip
    state = FindingState.model_validate(given | changes)
    return _fact(FindingRecorded, state, version=version, scope=("b:AKSU", f"b:MUNICIPALITY:{state.municipality}"))


def prescription(*, version: int = 1, **changes: Any) -> Event[Any]:
    given: dict[str, Any] = {
        "id": uuid4(), "inspection_id": uuid4(), "reference": "1", "municipality": HERE, "place_id": None,
        "provider_body": None, "state": "ISSUED",
        "issued_on": date(2026, 2, 10), "due_on": date(2026, 4, 10),
    }  # fmt: skip
    state = PrescriptionState(**given | changes)
    return _fact(PrescriptionIssued, state, version=version, scope=row_scope(state.municipality, public=True))


def signal(*, version: int = 1, **changes: Any) -> Event[Any]:
    given: dict[str, Any] = {
        "id": uuid4(), "receipt": f"С-{uuid4().hex[:12]}", "channel": "PORTAL", "category": "NEGLECT",
        "danger_to_life": False, "anonymous": True, "about_person": False, "municipality": HERE, "state": "RECEIVED",
        "received_at": datetime(2026, 3, 2, 10, tzinfo=UTC), "forwarding_due": date(2026, 3, 9),
        "decision_due": date(2026, 5, 4),
    }  # fmt: skip
    state = SignalState(**given | changes)
    return _fact(SignalReceived, state, version=version, scope=("b:AKSU",))


def ids(facts: Iterable[Event[Any]]) -> Iterator[UUID]:
    return (UUID(fact.id) for fact in facts)
