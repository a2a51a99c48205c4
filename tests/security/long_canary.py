"""Canaries through every door of the whole platform: found in the answers meant to tell them, and nowhere else."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random, SystemRandom
from typing import Any, Final
from uuid import uuid4

import asyncpg
import httpx
import pytest
from canary import Canaries, in_database, in_files, marked
from doors import sample
from oracle import LAW
from security_figures import Figures

from aksu_local.platform import BusKind, Platform
from aksu_local.waiting import eventually
from aksu_shared.auth.principal import Role
from aksu_shared.kernel.eik import complete_eik
from aksu_shared.web.uploads import attachment

SERVICES: Final = ("registry", "licensing", "monitoring", "reporting")
BODY_OF_KIND: Final = {"PROVIDER": "PROVIDER:130007884", "MUNICIPALITY": "MUNICIPALITY:BLG03", "OBLAST": "OBLAST:BLG"}
PDF: Final = "application/pdf"
EIK: Final = complete_eik("99900001")
_KEEP_NAMES: Final = {"registry", "licensing", "reporting"}
KEPT_BY: Final = {"embedded": {*_KEEP_NAMES, "bus"}, "kafka": {*_KEEP_NAMES, "00000000000000000000.log"}}
"""Where the name of a service is: databases, and what holds the topics."""
LOGS: Final = ("*.log", "platform.json")
"""Of the processes, of PostgreSQL, of Kafka; what Kafka keeps of the topics is such a file too, not compressed."""


@dataclass
class Mouth:
    """Asks, and looks for canaries in every answer that is not there to tell them."""

    platform: Platform
    client: httpx.AsyncClient
    canaries: Canaries
    hits: set[str] = field(default_factory=set)
    subjects: dict[str, str] = field(default_factory=dict)

    async def ask(
        self, method: str, service: str, path: str, *, role: str | None = "operator", body: str | None = None,
        meant: bool = False, headers: Mapping[str, str] | None = None, **content: Any,
    ) -> httpx.Response:  # fmt: skip
        """The answer; with `meant` it may hold canaries. Everybody's `sub` is one."""
        sent = {"Idempotency-Key": str(uuid4()), **(headers or {})}
        if role is not None:
            subject = self.subjects.setdefault(role, self.canaries.email(f"sub of {role}"))
            name = f"portal-{role}" if role == "integration" else subject
            sent["Authorization"] = f"Bearer {self.platform.token(role, body, subject=name)}"
        answer = await self.client.request(method, self.platform.url(service) + path, headers=sent, **content)
        assert answer.status_code < 500 or answer.status_code == 503, f"{method} {path}: {answer.text}"
        if not meant:
            told = answer.text + str(answer.headers)
            self.hits |= {f"answer of {method} {service}: {place}" for place in self.canaries.found(told)}
        return answer

    async def done(self, method: str, service: str, path: str, **how: Any) -> Any:
        """The JSON of an answer that must be a success."""
        answer = await self.ask(method, service, path, **how)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()


PROVIDER: Final[dict[str, Any]] = {"role": "provider", "body": f"PROVIDER:{EIK}"}
OFFICER: Final[dict[str, Any]] = {"role": "licensing_officer", "body": "AKSU"}
INSPECTOR: Final[dict[str, Any]] = {"role": "inspector", "body": "AKSU"}
DIRECTOR: Final[dict[str, Any]] = {"role": "executive_director", "body": "AKSU"}
DPO: Final[dict[str, Any]] = {"role": "data_protection_officer", "body": "AKSU"}


@pytest.mark.parametrize("bus", ["embedded", "kafka"])
async def test_a_canary_is_heard_by_who_may_hear_it_and_by_nobody_else(bus: BusKind, figures: Figures) -> None:
    canaries, public = (Canaries(Random(SystemRandom().random())) for _ in range(2))  # noqa: S311 - no secret
    async with Platform(bus=bus) as platform, httpx.AsyncClient(timeout=60) as client:
        mouth = Mouth(platform, client, canaries)
        application = await in_licensing(mouth, called=public.name("a service"))
        signal, inspection = await in_monitoring(mouth)
        await through_rights_of_people(mouth)
        await in_wrong_places(mouth, {"application_id": application, "signal_id": signal, "inspection_id": inspection})
        await everything_told(mouth)
        await settled(platform)
        shown = set()
        for database in (*SERVICES, *(["bus"] if bus == "embedded" else [])):
            mouth.hits |= await in_database(platform.postgres.url(database), canaries)
            shown |= await in_database(platform.postgres.url(database), public)
        mouth.hits |= in_files(platform.folder.root, canaries, names=LOGS)
        shown |= in_files(platform.folder.root, public, names=LOGS)
    figures.record("canary_hits", len(mouth.hits))
    assert len(canaries.planted) > 300
    # What is public went the same ways and is found there: the search looks where things are.
    assert {hit.split()[0].rstrip(":") for hit in shown} >= KEPT_BY[bus]
    assert not mouth.hits, "\n".join(sorted(mouth.hits))


async def in_licensing(mouth: Mouth, *, called: str) -> str:
    """An application with a checked manager and a document, of a service called so; its id."""
    name = mouth.canaries
    await mouth.done("POST", "registry", "/v1/providers", **PROVIDER, json={
        "eik": EIK, "name": "Примерна фондация", "legal_form": "NGO", "seat_municipality": "PVN24"})  # fmt: skip
    made = await mouth.ask("POST", "registry", "/v1/services", **PROVIDER, json={
        "name": called, "kind": "DAY_CENTRE_ELDERLY", "target_groups": ["ELDERLY"],
        "financing": "PRIVATE", "capacity": 30, "municipality": "PVN24", "settlement": "гр. Плевен",
        "address": "ул. Примерна 99", "responsible_provider": {"eik": EIK}})  # fmt: skip
    filed = await mouth.done(
        "POST", "licensing", "/v1/applications", **PROVIDER, headers={"Aksu-After": made.headers["Aksu-Position"]},
        json={"procedure": "ISSUE", "service_id": made.json()["id"]},
    )  # fmt: skip
    path = f"/v1/applications/{filed['id']}"
    await mouth.done("POST", "licensing", f"{path}/register", **OFFICER, json={})
    check = {"position": "MANAGER", "source": "CRIMINAL_RECORD", "result": "ADVERSE"}
    check |= {"name": name.name("check: name"), "egn": name.egn("check: egn")}
    keyed = {"Idempotency-Key": "the same"}
    for _ in range(2):
        await mouth.done("POST", "licensing", f"{path}/manager-checks", **OFFICER, json=check, headers=keyed)
    content = f"%PDF-1.7\n{name.name('document: content')} {name.egn('document: content')}\n%%EOF".encode()
    sent = {"Content-Type": PDF, "Content-Disposition": attachment(f"{name.name('document: name')}.pdf")}
    document = await mouth.done(
        "POST", "licensing", f"{path}/documents?kind=OTHER", **PROVIDER, content=content, headers=sent
    )
    for found in ("manager-checks", "documents"):
        await mouth.done("GET", "licensing", f"{path}/{found}", **OFFICER, meant=True)
    told = await mouth.ask("GET", "licensing", f"/v1/documents/{document['id']}/content", **OFFICER, meant=True)
    assert told.content == content
    await mouth.ask("GET", "licensing", f"{path}/documents", **INSPECTOR)
    return str(filed["id"])


async def in_monitoring(mouth: Mouth) -> tuple[str, str]:
    """A signal of somebody about somebody, refused with reasons; a user met during an inspection; their ids."""
    some = mouth.canaries
    signal = {
        "category": "NEGLECT", "municipality": "PVN24", "danger_to_life": False, "text": some.name("signal: text"),
        "signaller": {"name": some.name("signaller: name"), "phone": some.phone("signaller: phone"),
                      "email": some.email("signaller: email"), "address": some.name("signaller: address")},
        "concerned": [{"name": some.name("concerned: name"), "egn": some.egn("concerned: egn"),
                       "phone": some.phone("concerned: phone"), "note": some.name("concerned: note")}],
    }  # fmt: skip
    receipt = (await mouth.done("POST", "monitoring", "/v1/signals", role=None, json=signal))["receipt"]
    found = await mouth.done("GET", "monitoring", "/v1/signals", **INSPECTOR, params={"receipt": receipt})
    path = f"/v1/signals/{found['items'][0]['id']}"
    triage = {"category": "NEGLECT", "danger_to_life": False, "concerned": [{"name": some.name("triage: concerned")}]}
    await mouth.done("POST", "monitoring", f"{path}/triage", **INSPECTOR, json=triage)
    refusal = {"ground": "NOT_SUBSTANTIATED", "explanation": some.name("refusal: reasons")}
    await mouth.done("POST", "monitoring", f"{path}/refuse", **INSPECTOR, json=refusal)
    assert some.found((await mouth.ask("GET", "monitoring", path, **INSPECTOR, meant=True)).text)
    await mouth.done("GET", "monitoring", f"{path}/access-log", **DIRECTOR)
    pushed = {
        "specversion": "1.0", "id": "1", "source": "/integrations/portal-integration", "subject": "R-1", "sequence": 1,
        "type": "bg.aksu.ingest.inspection.started.v1",
        "data": {"kind": "PLANNED", "started_on": "2026-03-02",
                 "place": {"municipality": "PVN24", "settlement": "гр. Плевен", "address": "ул. Примерна 99"}},
    }  # fmt: skip
    media = {"Content-Type": "application/cloudevents+json"}
    await mouth.done(
        "POST", "monitoring", "/v1/inspection-events", role="integration", content=json.dumps(pushed), headers=media
    )

    async def inspections() -> list[Any]:
        return list((await mouth.done("GET", "monitoring", "/v1/inspections", **INSPECTOR))["items"])

    (inspection,) = await eventually(inspections, bool, within=20)
    path = f"/v1/inspections/{inspection['id']}/users-met"
    met = {"name": some.name("user met: name"), "egn": some.egn("user met: egn"), "note": some.name("user met: note")}
    await mouth.done("POST", "monitoring", path, **INSPECTOR, json=met)
    assert some.found((await mouth.ask("GET", "monitoring", path, **INSPECTOR, meant=True)).text)
    return found["items"][0]["id"], inspection["id"]


async def through_rights_of_people(mouth: Mouth) -> None:
    """Search, export, restriction, its end, erasure of everybody planted with a number."""
    ground = {"reference": "ЗЛД-1/2026"}
    numbers = [canary for canary in mouth.canaries.planted if canary.isdecimal() and len(canary) == len("8001010008")]
    for service in ("licensing", "monitoring"):
        held, erased = 0, False
        for number in numbers:
            asked = {"egn": number} if not number.startswith("08") else {"phone": number}
            found = await mouth.done("POST", service, "/v1/subjects/search", **DPO, json=asked)
            for subject in found["items"]:
                held += 1
                path = f"/v1/subjects/{subject['id']}"
                await mouth.done("GET", service, f"{path}/export", **DPO, meant=True)
                restricted = ground | {"ground": "LEGAL_CLAIM"}
                await mouth.done("POST", service, f"{path}/restrictions", **DPO, json=restricted)
                await mouth.done("POST", service, f"{path}/lift-restriction", **DPO, json=ground)
                if not erased:
                    erasure = ground | {"ground": "UNLAWFUL"}
                    answer = await mouth.ask("POST", service, f"{path}/erasures", **DPO, json=erasure)
                    erased = answer.status_code == 201
                    assert erased or answer.json()["code"] == "subject_needed"
                    told = (await mouth.ask("GET", service, f"{path}/export", **DPO, meant=not erased)).text
                    assert bool(mouth.canaries.found(told)) != erased
        assert held
        assert erased or service == "licensing"  # whose application still runs


async def in_wrong_places(mouth: Mouth, known: Mapping[str, str]) -> None:
    """Bodies with undeclared fields, broken JSON, unknown parameters, names as ids, wrong files, bad events."""
    for service in SERVICES:
        document = (await mouth.client.get(f"{mouth.platform.url(service)}/openapi.json")).json()
        for method, path, operation in _operations(document):
            who = _who(operation["x-aksu-rights"])
            place = f"{method} {service}{path}"
            mark = mouth.canaries.name(f"query or path of {place}")
            address = path
            for name, value in known.items():
                address = address.replace(f"{{{name}}}", value)
            blind = address.split("{")[0] + (mark if "{" in address else "")
            await mouth.ask(method, service, blind, **who, params={"q": mark, "egn": mouth.canaries.egn(place)})
            schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
            if schema is not None:
                body = marked(sample(schema, document), mouth.canaries, f"body of {place}")
                target = (
                    address if "{" not in address else address.split("{")[0] + str(uuid4()) + address.split("}")[-1]
                )
                refused = await mouth.ask(method, service, target, **who, json=body, headers={"If-Match": '"1"'})
                assert refused.is_client_error, place
                broken = {"Content-Type": "application/json"}
                for content in (f'{{"name": "{mark}"', f'{{"{mark}": 1, "{mark}": 2}}', f'"{mark}"'):
                    await mouth.ask(method, service, target, **who, content=content.encode(), headers=broken)
    for role in (INSPECTOR, {"role": None}):  # a search that finds nobody
        await mouth.done("GET", "reporting", "/v1/services", **role, params={"q": mouth.canaries.name("search")})
    await _wrong_files(mouth, known["application_id"])
    await _wrong_events(mouth)


async def _wrong_files(mouth: Mouth, application: str) -> None:
    path = f"/v1/applications/{application}/documents?kind=OTHER"
    for name, content in (
        (f"../{mouth.canaries.name('bad file: name')}.pdf", b"%PDF-1.7\n%%EOF"),
        ("x.pdf", mouth.canaries.name("bad file: content").encode()),
        (f"{mouth.canaries.name('bad file: name')}.exe", b"MZ"),
    ):
        headers = {"Content-Type": PDF, "Content-Disposition": attachment(name)}
        assert (
            await mouth.ask("POST", "licensing", path, **PROVIDER, content=content, headers=headers)
        ).is_client_error
    file = {"file": (f"{mouth.canaries.name('import: name')}.xlsx", mouth.canaries.name("import: content").encode())}
    assert (await mouth.ask("POST", "registry", "/v1/imports", **OFFICER, files=file)).is_client_error


async def _wrong_events(mouth: Mouth) -> None:
    event = {"specversion": "1.0", "id": "2", "source": "/integrations/portal-integration", "subject": "R-1",
             "sequence": 1, "type": "bg.aksu.ingest.inspection.started.v1",
             "data": {"kind": "PLANNED", "place": {}}}  # fmt: skip
    media = {"Content-Type": "application/cloudevents+json"}
    for bad in (
        event | {"type": mouth.canaries.name("pushed type"), "leak": mouth.canaries.name("pushed extension")},
        event | {"data": marked(event["data"], mouth.canaries, "data of a pushed event")},
        event | {"data": {"kind": mouth.canaries.name("pushed kind")}},
    ):
        answer = await mouth.ask(
            "POST", "monitoring", "/v1/inspection-events", role="integration", content=json.dumps(bad), headers=media
        )
        assert answer.is_client_error


async def everything_told(mouth: Mouth) -> None:
    """All lists, feeds, exports, audits and metrics, to those who see most and to nobody."""
    for service in SERVICES:
        document = (await mouth.client.get(f"{mouth.platform.url(service)}/openapi.json")).json()
        for method, path, operation in _operations(document):
            if method == "GET" and "{" not in path:
                for who in (_who(operation["x-aksu-rights"]), DIRECTOR, {"role": None}):
                    for accept in ("application/json", "text/csv", "application/x-ndjson"):
                        await mouth.ask("GET", service, path, **who, headers={"Accept": accept})
        for kind in ("api", "worker"):
            metrics = await mouth.client.get(f"{mouth.platform.process(service, kind).url}/metrics")
            mouth.hits |= {f"metrics of {service}: {place}" for place in mouth.canaries.found(metrics.text)}


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if "x-aksu-rights" in operation:
                yield method.upper(), path, operation


def _who(rights: list[str]) -> dict[str, Any]:
    """Somebody who may: the first role that every one of the rights is given to, with a body of its kind."""
    may = set.intersection(*({*LAW["actions"][right]} for right in rights))
    role = next((name for name in LAW["roles"] if name in may and name != "public"), "operator")
    kind = next(iter(LAW["roles"][Role(role).value]["kinds"]), None)
    return {"role": role, "body": BODY_OF_KIND.get(kind, "AKSU") if kind else None}


async def settled(platform: Platform) -> None:
    """Wait until every change is on the bus."""
    for service in SERVICES:
        connection = await asyncpg.connect(platform.postgres.url(service))
        try:
            await eventually(lambda: _shipped(connection), within=30)  # noqa: B023 - awaited in this round
        finally:
            await connection.close()


async def _shipped(connection: "asyncpg.Connection[Any]") -> bool:
    return bool(
        await connection.fetchval(
            "SELECT NOT EXISTS (SELECT FROM change_log WHERE position IS NULL)"
            " AND NOT EXISTS (SELECT FROM read_log WHERE position IS NULL) AND shipped = position FROM log_state"
        )
    )
