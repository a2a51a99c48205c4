"""Licensing with what the registry tells it: real events, delivered as records; deadlines fired by the scheduler."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import httpx

from aksu_licensing.conditions.rules import REQUIRED
from aksu_licensing.wiring import DEADLINES, HANDLERS
from aksu_local.served import Served
from aksu_shared.bus.contract import Delivered
from aksu_shared.db.notify import Notifier
from aksu_shared.db.store import Kept, begins
from aksu_shared.events.base import Event
from aksu_shared.events.registry.providers import ProviderRegistered, ProviderState
from aksu_shared.events.registry.register_import import ImportedLicence, RegisterRowImported, RegisterRowState
from aksu_shared.events.registry.services import ServiceAmended, ServiceRegistered, ServiceState
from aksu_shared.events.scope import row_scope
from aksu_shared.kernel.clock import Clock, legal_day, write_offset
from aksu_shared.serving.health import Health
from aksu_shared.worker.applying import Applied, Applier
from aksu_shared.worker.consumer import ConsumerLoop
from aksu_shared.worker.handover import Handover
from aksu_shared.worker.items import Item, read
from aksu_shared.worker.progress import Progress
from aksu_shared.worker.scheduler import Scheduler

EIK = "130007884"
PROVIDER = f"PROVIDER:{EIK}"
MAYOR: dict[str, Any] = {"role": "municipality_officer", "body": "MUNICIPALITY:BLG03"}
APPLICANT: dict[str, Any] = {"role": "provider", "body": PROVIDER}
STRANGER: dict[str, Any] = {"role": "provider", "body": "PROVIDER:175229303"}
OFFICER: dict[str, Any] = {"role": "licensing_officer", "body": "AKSU"}
DIRECTOR: dict[str, Any] = {"role": "executive_director", "body": "AKSU"}
EPOCH = "019aa000-0000-7000-8000-000000000000"


def provider(**changes: Any) -> ProviderState:
    return ProviderState.model_validate(
        {
            "id": uuid4(),
            "body": PROVIDER,
            "eik": EIK,
            "name": "Примерна фондация Надежда",
            "legal_form": "NGO",
            "licence_required": True,
            "seat_municipality": "BLG03",
            "seat_address": "ул. Примерна 1",
        }
        | changes
    )


def service(runs: ProviderState, **changes: Any) -> ServiceState:
    return ServiceState.model_validate(
        {
            "id": uuid4(),
            "name": "Дом за стари хора",
            "kind": "HOME_ELDERLY",
            "activity_groups": ("RESIDENTIAL_CARE",),
            "target_groups": ("ELDERLY",),
            "financing": "PRIVATE",
            "management": None,
            "capacity": 40,
            "state": "ACTIVE",
            "licence_required": runs.licence_required,
            "provider_id": runs.id,
            "provider_body": runs.body,
            "provider_name": runs.name,
            "operator_id": None,
            "operator_body": None,
            "operator_name": None,
            "place_id": uuid4(),
            "municipality": "BLG03",
            "settlement": "гр. Благоевград",
            "address": "ул. Примерна 2",
            "started_on": None,
        }
        | changes
    )


def licence(
    service_no: str, sequence: int, issued_on: date, valid_until: date, *, replaces: ImportedLicence | None = None
) -> ImportedLicence:
    return ImportedLicence(
        number=f"Л-{service_no}-{sequence}/{issued_on:%d.%m.%Y}",
        sequence=sequence,
        issued_on=issued_on,
        valid_until=valid_until,
        predecessor=replaces.number if replaces else None,
    )


def five_years(day: date) -> date:
    return day.replace(year=day.year + 5)


def row(of: ServiceState, original: ImportedLicence, **changes: Any) -> RegisterRowState:
    return RegisterRowState.model_validate(
        {
            "id": uuid4(),
            "number": original.number,
            "service_id": of.id,
            "provider_id": of.provider_id,
            "provider_body": of.provider_body,
            "provider_name": of.provider_name,
            "place_id": of.place_id,
            "municipality": of.municipality,
            "original": original,
            "changed": None,
            "renewed": None,
            "violations": None,
        }
        | changes
    )


@dataclass
class Rig:
    """A running licensing and the registry's voice."""

    api: Served
    applier: Applier
    numbers: Any = field(default_factory=lambda: count(1))

    async def tell(self, *events: Event[Any]) -> Applied:
        """Apply events in one transaction, as the consumer does; what a handler raises passes through."""
        return await self.applier.apply([self.item(event) for event in events])

    async def consume(self, *events: Event[Any]) -> None:
        """Apply or park events, as the consumer's loop does."""
        async with Notifier(self.api.urls.worker) as notifier:
            bus: Any = None  # it only fetches
            loop = ConsumerLoop(self.api.worker, bus, self.applier, notifier=notifier, progress=Progress(Health()))
            await loop.settling.settle([self.item(event) for event in events])

    def item(self, event: Event[Any]) -> Item:
        seq = next(self.numbers)
        headers = {
            "ce_specversion": "1.0",
            "ce_id": str(uuid4()),
            "ce_source": f"/aksu/{event.owner}",
            "ce_type": event.type,
            "ce_subject": event.id,
            "ce_time": datetime.now(UTC).isoformat(),
            "ce_seq": str(seq),
            "ce_position": str(seq),
            "ce_epoch": EPOCH,
        }
        value = json.dumps(event.data()).encode()
        item = read(
            Delivered(topic=event.topic, partition=0, offset=seq, key=event.id, value=value, headers=headers, time=seq)
        )
        assert item.fault is None, item.fault
        return item

    async def known(self, runs: ProviderState | None = None, **changes: Any) -> ServiceState:
        """A service that licensing has heard of, with its provider."""
        runs = runs or provider()
        state = service(runs, **changes)
        await self.tell(registered(runs), entered(state))
        return state

    async def file(self, service_id: UUID, **caller: Any) -> httpx.Response:
        body = {"procedure": "ISSUE", "service_id": str(service_id)}
        return await self.api.post("/v1/applications", body, **(caller or APPLICANT))

    async def step(self, application: str, verb: str, sent: Mapping[str, Any] | None = None, **caller: Any) -> Any:
        """The application after a step that must succeed."""
        answer = await self.try_step(application, verb, sent, **caller)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def try_step(
        self, application: str, verb: str, sent: Mapping[str, Any] | None = None, **caller: Any
    ) -> httpx.Response:
        return await self.api.post(f"/v1/applications/{application}/{verb}", dict(sent or {}), **caller)

    async def reviewed(self, service_id: UUID | None = None) -> str:
        """An application under review; its id."""
        if service_id is None:
            service_id = (await self.known()).id
        application = (await self.file(service_id)).json()["id"]
        await self.step(application, "register", **OFFICER)
        await self.step(application, "start-review", **OFFICER)
        await self.assess(application)
        return str(application)

    async def assess(
        self, application: str, result: str = "MET", *conditions: str, procedure: str = "ISSUE"
    ) -> httpx.Response:
        """Say of these conditions of an application, or of all, how they stand."""
        codes = conditions or REQUIRED[procedure]
        said = [{"condition": code, "result": result, "reason": "По документите"} for code in codes]
        path = f"/v1/applications/{application}/conditions"
        return await self.api.post(path, {"assessments": said}, **OFFICER)

    async def granted(self, service_id: UUID | None = None) -> dict[str, Any]:
        """A granted application."""
        application = await self.reviewed(service_id)
        await self.step(application, "propose-grant", {"reason": "Отговаря на изискванията"}, **OFFICER)
        return dict(await self.step(application, "grant", self.order(), **DIRECTOR))

    def order(self, **changes: Any) -> dict[str, Any]:
        """An order under a number of its own."""
        return {"order_number": f"РД-01-{next(self.numbers)}"} | changes

    def today(self) -> date:
        return Clock(self.api.clock_file).today()

    def move(self, day: date) -> None:
        """Make `day` the legal day, at its noon."""
        noon = datetime(day.year, day.month, day.day, 10, tzinfo=UTC)
        write_offset(self.api.clock_file, noon - datetime.now(UTC))
        clock: Clock = self.api.app.state.api.clock
        for each in (clock, self.applier.clock):
            each._next_check = 0
            assert legal_day(each.now()) == day

    async def fire(self) -> int:
        """Fire what is due now; gives how many deadlines were tried."""
        handover = Handover()
        handover.taken(1, epoch=EPOCH, position=0)
        async with Notifier(self.api.urls.worker) as notifier:
            scheduler = Scheduler(
                self.api.worker,
                self.applier,
                handlers=DEADLINES,
                handover=handover,
                notifier=notifier,
                progress=Progress(Health()),
            )

            return await scheduler._round(asyncio.Event())

    async def licences(self, **query: Any) -> list[dict[str, Any]]:
        answer = await self.api.client.get("/v1/licences", params=query)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["items"])

    async def log(self, aggregate: str) -> list[str]:
        """Facts recorded about an aggregate, in order."""
        rows = await self.api.worker.fetch(
            "SELECT split_part(type, '.', 5) AS fact FROM change_log WHERE aggregate_id = $1 ORDER BY version",
            aggregate,
        )
        return [row["fact"] for row in rows]


def registered(state: ProviderState) -> Event[ProviderState]:
    return begins(ProviderRegistered, state, id=str(state.id), scope=row_scope("BLG03", state.body, public=True))


def entered(state: ServiceState) -> Event[ServiceState]:
    scope = row_scope(state.municipality, state.provider_body, state.operator_body, public=True)
    return begins(ServiceRegistered, state, id=str(state.id), scope=scope)


def amended(state: ServiceState, /, *, version: int = 2, **changes: Any) -> Event[ServiceState]:
    """The service as it became in `version`; it carries `changes`."""
    before = Kept(str(state.id), version - 1, entered(state).scope, state)
    return before.becomes(ServiceAmended, **changes)


def imported(state: RegisterRowState, *, version: int = 1) -> Event[RegisterRowState]:
    scope = row_scope(state.municipality, state.provider_body, public=True)
    if version == 1:
        return begins(RegisterRowImported, state, id=str(state.id), scope=scope)
    before = Kept(str(state.id), version - 1, scope, state)
    return before.becomes(RegisterRowImported)


async def three_licences(licensing: Rig) -> None:
    """Licences of Blagoevgrad (3), Bansko (1, replaced by 2) and Sofia (4), imported."""
    blagoevgrad = await licensing.known()
    bansko = await licensing.known(provider(body="PROVIDER:175229303"), municipality="BLG01")
    sofia = await licensing.known(municipality="SOF46")
    issued, changed = date(2021, 5, 10), date(2024, 5, 10)
    first = licence("3129", 1, date(2022, 1, 5), date(2027, 1, 5))
    rows = [
        row(blagoevgrad, licence("3129", 3, issued, five_years(issued))),
        row(bansko, first, changed=licence("3131", 2, changed, date(2027, 1, 5), replaces=first)),
        row(sofia, licence("3129", 4, date(2020, 9, 1), date(2025, 9, 1))),
    ]
    await licensing.tell(*(imported(each) for each in rows))


def rig_over(api: Served) -> Rig:
    clock = Clock(api.clock_file)
    return Rig(api, Applier(api.worker, service="licensing", handlers=HANDLERS, clock=clock))


def days(number: int) -> timedelta:
    return timedelta(days=number)
