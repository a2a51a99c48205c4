"""The change feed shows to nobody more than the lists do: for every caller, what a copy kept from it would hold."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from importlib import import_module
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
import reporting_builders as facts
from access_matrix import CALLERS
from oracle import Caller, public_row, restricted_row
from scope_world import Keys, Rig, rig_of
from security_figures import Figures

from aksu_local.templates import Databases
from aksu_shared.auth.issuer import DevelopmentIssuer
from aksu_shared.auth.permissions import Rights
from aksu_shared.auth.principal import Principal, Role
from aksu_shared.db.store import Kept
from aksu_shared.db.work import Actor, UnitOfWork
from aksu_shared.events.base import Event
from aksu_shared.events.catalogue import CATALOGUE
from aksu_shared.events.licensing.checks import ManagerCheckRecorded, ManagerCheckState
from aksu_shared.events.licensing.conditions import ConditionsListed, ConditionsState
from aksu_shared.events.licensing.dead_letters import LicensingRepairConfirmed
from aksu_shared.events.licensing.documents import DocumentAttached, DocumentState
from aksu_shared.events.monitoring.dead_letters import MonitoringRepairConfirmed
from aksu_shared.events.registry.access import AccessRevoked, AccessState
from aksu_shared.events.registry.access_requests import AccessRequestMade, AccessRequestState
from aksu_shared.events.registry.bodies import BodyEstablished, BodyState
from aksu_shared.events.registry.register_import import ImportedLicence, RegisterRowImported, RegisterRowState
from aksu_shared.events.repairs import RepairState
from aksu_shared.kernel.clock import Clock

HERE, ELSEWHERE = "BLG03", "SOF46"
OWNER, OTHER = "PROVIDER:130007884", "PROVIDER:175229303"
AGENCY: Final = frozenset({"b:AKSU"})
KEYS: Final[Sequence[Keys]] = (
    public_row(HERE, OWNER),
    restricted_row(HERE, OWNER),
    restricted_row(ELSEWHERE, OTHER),
    AGENCY | {f"b:{OWNER}"},
    AGENCY | {f"b:{OWNER}", f"b:MUNICIPALITY:{HERE}"},
    AGENCY | {"b:RDSP:BLG"},
    AGENCY,
)
"""By which keys objects are seen."""
FOLLOWER: Final = Caller("integration", "AKSU")
UNLISTED: Final = {
    "aksu.registry.register_row.v1", "aksu.licensing.dead_letter.v1", "aksu.monitoring.dead_letter.v1"
}  # fmt: skip
"""Topics of aggregates that no list shows; their right alone says who is told."""
LISTS: Final[Mapping[str, Mapping[str, str]]] = {
    "registry": {
        "territory": "/v1/territories", "body": "/v1/bodies", "provider": "/v1/providers", "place": "/v1/places",
        "service": "/v1/services", "access": "/v1/access-revocations",
        "access_request": "/v1/access-requests",
    },
    "licensing": {
        "licence": "/v1/licences", "application": "/v1/applications",
        "document": "/v1/applications/{application_id}/documents",
        "manager_check": "/v1/applications/{application_id}/manager-checks",
        "conditions": "/v1/applications/{application_id}/conditions",
    },
    "monitoring": {
        "inspection": "/v1/inspections", "prescription": "/v1/prescriptions", "signal": "/v1/signals",
        "finding": "/v1/inspections/{inspection_id}/findings",
    },
}  # fmt: skip
"""Aggregate → the list that shows it; of a part, that of the whole it belongs to."""


def test_every_aggregate_says_under_which_right_it_is_read() -> None:
    rights = Rights.load().actions
    assert [fact.type for fact in CATALOGUE.values() if fact.read not in rights] == []


@pytest.fixture(scope="module", params=LISTS)
def rig(
    request: pytest.FixtureRequest,
    databases: Databases,
    issuer: DevelopmentIssuer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[asyncio.Runner, Rig]]:
    with asyncio.Runner() as runner:
        opened = rig_of(request.param, databases, issuer, tmp_path_factory.mktemp("rig"), bound=True)
        rig = runner.run(opened.__aenter__())
        runner.run(_write(rig, [*_world(request.param)]))
        yield runner, rig
        runner.run(opened.__aexit__(None, None, None))


def test_the_world_holds_every_aggregate_of_the_service(rig: tuple[asyncio.Runner, Rig]) -> None:
    runner, of = rig
    owned = import_module(f"aksu_{of.served.service}.wiring").AGGREGATES
    told = runner.run(_feed(of, FOLLOWER))
    assert {each["type"].split(".")[3] for each in told} == {each.name for each in owned}


def test_the_feed_shows_nobody_more_than_the_lists(rig: tuple[asyncio.Runner, Rig], figures: Figures) -> None:
    runner, of = rig
    beyond = [found for caller in CALLERS for found in runner.run(_beyond(of, caller))]
    figures.record("feed_beyond_lists", len(beyond))
    assert beyond == []


def test_who_acted_is_told_to_auditors_and_the_platform_s_own_services_alone(rig: tuple[asyncio.Runner, Rig]) -> None:
    runner, of = rig
    knowing = {
        caller.role
        for caller in CALLERS
        if any({"actor", "correlationid", "traceparent"} & each.keys() for each in runner.run(_feed(of, caller)))
    }
    assert knowing == {"executive_director", "data_protection_officer", "integration"}
    pushing = Caller("integration", OWNER)
    assert not any("actor" in each for each in runner.run(_feed(of, pushing)))


def test_a_digest_is_given_of_what_its_reader_may_read(rig: tuple[asyncio.Runner, Rig]) -> None:
    runner, of = rig
    restricted = {"registry": "register_row", "licensing": "application", "monitoring": "signal"}[of.served.service]
    public = {"registry": "service", "licensing": "licence", "monitoring": "inspection"}[of.served.service]

    def asked(aggregate: str, caller: Caller) -> tuple[int, str | None]:
        answer = runner.run(of.get(f"/v1/digest/{aggregate}?fields=", caller))
        return answer.status_code, answer.json().get("right")

    operator = Caller("operator", None)
    right = next(fact.read for fact in CATALOGUE.values() if fact.aggregate == restricted)
    assert (asked(public, operator), asked(restricted, operator)) == ((200, None), (403, right))
    assert asked(restricted, FOLLOWER) == (200, None)


async def _beyond(rig: Rig, caller: Caller) -> list[str]:
    """What the caller would hold of the feed (the last it was told of each object) and no list shows."""
    if caller == FOLLOWER:
        return []
    held = {each["subject"]: each for each in await _feed(rig, caller)}
    shown: dict[str, set[str]] = {}
    found = []
    for key, event in held.items():
        aggregate = event["type"].split(".")[3]
        topic = f"aksu.{rig.served.service}.{aggregate}.v1"
        if topic in UNLISTED and Rights.load().granted(_principal(caller), CATALOGUE[event["type"]].read):
            continue
        if event["data"] is None:  # a tombstone tells that it is gone
            continue
        path = LISTS[rig.served.service].get(aggregate, "").format(**event["data"]["state"])
        if path and path not in shown:
            shown[path] = set(await _listed(rig, path, caller))
        if key not in shown.get(path, ()):
            found.append(f"{caller}: {aggregate} {key}")
    return found


def _principal(caller: Caller) -> Principal:
    return Principal("x", frozenset({Role(caller.role)} if caller.role else ()), caller.body)


async def _feed(rig: Rig, caller: Caller) -> list[dict[str, Any]]:
    answer = await rig.get("/v1/changes?limit=1000", caller)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    assert len(items) < 1000
    return items


async def _listed(rig: Rig, path: str, caller: Caller) -> list[str]:
    """Ids of a list that one page holds; none when it is refused or hidden."""
    answer = await rig.get(path if path.endswith("/conditions") else f"{path}?limit=200", caller)
    if answer.status_code in {401, 403, 404}:
        return []
    page = answer.json()
    if "items" not in page:  # the one of its kind
        return [page["id"]]
    assert page["next"] is None
    return [item.get("id", item.get("code")) for item in page["items"]]


async def _write(rig: Rig, told: Iterable[Event[Any]]) -> None:
    owned = {each.fact.aggregate: each for each in import_module(f"aksu_{rig.served.service}.wiring").AGGREGATES}
    async with rig.served.worker.acquire() as connection, connection.transaction():
        work = UnitOfWork(connection=connection, actor=Actor(subject="somebody"), clock=Clock(),
                          source=rig.served.service, begun=True, sees_all=True, correlation_id="c-1")  # fmt: skip
        for fact in told:
            work.record(owned[fact.aggregate].table, fact, **_BESIDE.get(fact.aggregate, {}))
            await work.flush()
        if rig.served.service == "licensing":
            await connection.execute(_ERASED)
    await rig.served.worker.execute("UPDATE change_log SET position = seq")
    await rig.served.worker.execute("UPDATE log_state SET position = (SELECT max(seq) FROM change_log)")


_ERASED: Final = """
INSERT INTO subject_key (id, kind, row_id, destroyed_at, scope)
SELECT gen_random_uuid(), 'application.manager', id, now(), scope || '{legal}' FROM manager_check"""
"""Of whom a check tells: a check without anybody there is none."""
_BESIDE: Final[Mapping[str, Mapping[str, Any]]] = {"document": {"sha256": ""}}


def _world(service: str) -> Iterator[Event[Any]]:
    for n, keys in enumerate(KEYS):
        for family in _FAMILIES[service](n):
            yield from (replace(fact, scope=tuple(keys)) for fact in family)
        for fact in _MOVING[service](n):
            first = replace(fact, scope=tuple(keys))
            yield first
            kept = Kept(first.id, first.version, first.scope, first.state)
            yield kept.becomes(type(first), scope=tuple(KEYS[(n + 2) % len(KEYS)]))
    yield from _ONCE.get(service, lambda: ())()


def _licensing(n: int) -> Iterator[Sequence[Event[Any]]]:
    filed = facts.application(incoming_number=f"ВХ-{n}")
    document = DocumentState(id=uuid4(), application_id=UUID(filed.id), kind="OTHER", media_type="application/pdf",
                             size=1, attached_at=datetime.now(UTC))  # fmt: skip
    yield filed, DocumentAttached(id=str(document.id), version=1, state=document, scope=())
    yield (facts.licence(number=f"Л-3129-{n}/07.11.2022", sequence=n),)


def _of_the_agency() -> Iterator[Event[Any]]:
    """Checks and conditions are the Agency's, whoever takes part in their application."""
    filed = replace(facts.application(), scope=(*AGENCY, f"b:{OWNER}"))
    check = ManagerCheckState(id=uuid4(), application_id=UUID(filed.id), position="MANAGER", source="CRIMINAL_RECORD",
                              checked_at=datetime.now(UTC), checked_by="x")  # fmt: skip
    yield filed
    yield ManagerCheckRecorded(id=str(check.id), version=1, state=check, scope=tuple(AGENCY))
    conditions = ConditionsState(id=uuid4(), application_id=UUID(filed.id), procedure="ISSUE", provider_id=uuid4(),
                                 provider_body=OWNER, conditions=())  # fmt: skip
    yield ConditionsListed(id=str(conditions.id), version=1, state=conditions, scope=tuple(AGENCY))
    yield LicensingRepairConfirmed(id="1", version=1, state=_REPAIR, scope=tuple(AGENCY))


def _repaired() -> Iterator[Event[Any]]:
    yield MonitoringRepairConfirmed(id="1", version=1, state=_REPAIR, scope=tuple(AGENCY))


def _monitoring(n: int) -> Iterator[Sequence[Event[Any]]]:
    inspection = facts.inspection(reference=f"П-{n}")
    yield inspection, facts.finding(inspection_id=UUID(inspection.id), number=1)
    yield (facts.prescription(reference=f"{n}"),)
    yield (facts.signal(),)


def _registry(_n: int) -> Iterator[Sequence[Event[Any]]]:
    yield (facts.provider(),)
    yield (facts.place(),)
    yield (facts.service(),)


def _once() -> Iterator[Event[Any]]:
    yield facts.territories()[0]
    body = BodyState(
        code="ASP", kind="ASP", level="NATIONAL", name_bg="АСП", name_en="ASP", territory="BG", parent=None
    )
    yield BodyEstablished(id="ASP", version=1, state=body, scope=("public",))
    yield AccessRevoked(id="0" * 32, version=1, state=AccessState(not_before=datetime(2020, 1, 1, tzinfo=UTC)),
                        scope=("access",))  # fmt: skip
    asked = AccessRequestState(id=uuid4(), subject="0" * 32, reason="x", requested_by="1" * 32, accountable=True,
                               state="REQUESTED")  # fmt: skip
    yield AccessRequestMade(id=str(asked.id), version=1, state=asked, scope=("access",))
    licence = ImportedLicence(number="Л-1-1/01.01.2022", sequence=1, issued_on=date(2022, 1, 1),
                              valid_until=date(2027, 1, 1))  # fmt: skip
    row = RegisterRowState(id=uuid4(), number=licence.number, service_id=uuid4(), provider_id=uuid4(),
                           provider_body=OWNER, provider_name="Х", place_id=uuid4(), municipality=HERE,
                           original=licence, changed=None, renewed=None, violations=None)  # fmt: skip
    yield RegisterRowImported(id=str(row.id), version=1, state=row, scope=tuple(public_row(HERE, OWNER)))


_REPAIR: Final = RepairState(topic="t", key="k", event_id="e", fault="f", old_hash="o", new_hash="n",
                             proposed_by="0" * 32, confirmed_by="1" * 32)  # fmt: skip
_FAMILIES: Final[Mapping[str, Any]] = {"registry": _registry, "licensing": _licensing, "monitoring": _monitoring}
_MOVING: Final[Mapping[str, Any]] = {
    "registry": lambda _: (facts.provider(),),
    "licensing": lambda _: (facts.application(),),
    "monitoring": lambda n: (facts.inspection(reference=f"Д-{n}"), facts.signal()),
}
_ONCE: Final[Mapping[str, Any]] = {"registry": _once, "licensing": _of_the_agency, "monitoring": _repaired}
