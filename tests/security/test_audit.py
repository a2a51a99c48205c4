"""Each read of what is not public leaves a row: who, role, body, what, object, purpose, correlation id, when."""

from importlib import import_module
from typing import Any

import asyncpg
import monitoring_builders as push
import monitoring_worker
import pytest
import pytest_asyncio
from licensing_rig import APPLICANT, DIRECTOR, OFFICER, Rig, rig_over

from aksu_local.served import Serve, Served
from aksu_shared.auth.permissions import Rights
from aksu_shared.auth.principal import Role
from aksu_shared.worker.read_chain import chain_reads
from aksu_shared.worker.verify import READS, verify

INSPECTOR: dict[str, Any] = {"role": "inspector", "body": "AKSU"}
ABSENT = "019a0000-0000-7000-8000-000000000000"


@pytest_asyncio.fixture
async def licensing(serve: Serve) -> Rig:
    return rig_over(await serve("licensing"))


async def entries(api: Served, **where: str) -> list[dict[str, Any]]:
    query = "&".join(f"{name}={value}" for name, value in where.items())
    answer = await api.get(f"/v1/audit?sort=id&{query}", **DIRECTOR)
    assert answer.status_code == 200, answer.text
    return [item for item in answer.json()["items"] if item["action"] != "platform.audit.read"]


async def test_a_read_is_recorded_with_who_what_and_why(licensing: Rig) -> None:
    application = await licensing.reviewed()
    path = f"/v1/applications/{application}"
    stated = {"Aksu-Purpose": "Проверка РД-01-5".encode(), "X-Correlation-Id": b"abc0000000000001"}
    headers = [(name.encode(), value) for name, value in stated.items()]
    sent = [*((k.encode(), v.encode()) for k, v in licensing.api.headers("inspector", "AKSU").items()), *headers]
    assert (await licensing.api.client.get(path, headers=sent)).status_code == 200
    (entry,) = await entries(licensing.api, actor=licensing.api.actor("test-inspector"))
    assert {name: entry[name] for name in entry if name not in {"id", "recorded_at", "position"}} == {
        "actor": licensing.api.actor("test-inspector"),
        "roles": ["inspector", "public"],
        "body": "AKSU",
        "action": "licensing.application.read",
        "request": path,
        "objects": [application],
        "purpose": "Проверка РД-01-5",
        "correlation_id": "abc0000000000001",
    }


async def test_a_list_is_recorded_with_everything_it_showed(licensing: Rig) -> None:
    application = await licensing.reviewed()
    for caller in (OFFICER, APPLICANT):
        await licensing.api.get("/v1/applications?limit=5", **caller)
    found = await entries(licensing.api, object=application)
    assert [(entry["actor"], entry["request"]) for entry in found] == [
        (licensing.api.actor("test-licensing_officer"), "/v1/applications?limit=5"),
        (licensing.api.actor("test-provider"), "/v1/applications?limit=5"),
    ]


async def test_what_was_not_found_and_what_is_public_is_not_recorded(licensing: Rig) -> None:
    application = await licensing.reviewed()
    stranger: dict[str, Any] = {"role": "provider", "body": "PROVIDER:175229303"}
    assert (await licensing.api.get(f"/v1/applications/{application}", **stranger)).status_code == 404
    assert (await licensing.api.get(f"/v1/applications/{ABSENT}", **INSPECTOR)).status_code == 404
    assert (await licensing.api.get("/v1/licences", **INSPECTOR)).status_code == 200
    assert await entries(licensing.api) == []


async def test_the_feed_is_recorded_for_what_it_told_beyond_the_public(licensing: Rig) -> None:
    application = (await licensing.file((await licensing.known()).id)).json()["id"]
    await licensing.api.worker.execute("UPDATE change_log SET position = seq")
    await licensing.api.worker.execute("UPDATE log_state SET position = (SELECT max(seq) FROM change_log)")
    await licensing.api.get("/v1/changes")
    await licensing.api.get("/v1/changes", role="municipality_officer", body="MUNICIPALITY:VAR06")
    assert await entries(licensing.api) == []
    await licensing.api.get("/v1/changes", **INSPECTOR)
    (entry,) = await entries(licensing.api)
    assert (entry["action"], entry["objects"]) == ("licensing.change.read", [application])


async def test_findings_and_prescriptions_are_recorded(serve: Serve) -> None:
    monitoring = await serve("monitoring")
    await push.push(monitoring, push.inspection())
    await monitoring_worker.apply(monitoring)
    (inspection,) = (await monitoring.get("/v1/inspections")).json()["items"]
    findings = (await monitoring.get(f"/v1/inspections/{inspection['id']}/findings", **INSPECTOR)).json()["items"]
    prescriptions = (await monitoring.get("/v1/prescriptions", **INSPECTOR)).json()["items"]
    staged = (await monitoring.get("/v1/inspection-events", **INSPECTOR)).json()["items"]
    found = await entries(monitoring, actor=monitoring.actor("test-inspector"))
    shown = [(entry["action"], set(entry["objects"])) for entry in found]
    for action, items in (
        ("monitoring.inspection.read", findings),
        ("monitoring.prescription.read", prescriptions),
        ("monitoring.ingest.read", staged),
    ):
        assert items
        assert (action, {item["id"] for item in items}) in shown


async def test_an_operator_who_opens_a_dead_letter_is_recorded(licensing: Rig) -> None:
    letter = await licensing.api.worker.fetchval(
        'INSERT INTO dead_letter (consumer, topic, partition, "offset", key, headers, value, reason) '
        "VALUES ('x', 'aksu.registry.service.v1', 0, 1, 'k', '{}', 'x', 'UNREADABLE') RETURNING id"
    )
    assert (await licensing.api.get(f"/v1/dead-letters/{letter}", role="operator")).status_code == 200
    (entry,) = await entries(licensing.api, actor=licensing.api.actor("test-operator"))
    assert (entry["action"], entry["objects"]) == ("platform.dead_letter.read", [str(letter)])


async def test_reading_the_audit_is_itself_recorded_and_is_not_everybodys(licensing: Rig) -> None:
    for role in ("inspector", "licensing_officer", "aksu_analyst", "operator", "ministry_reader"):
        assert (await licensing.api.get("/v1/audit", role=role, body="AKSU")).status_code == 403
    assert (await licensing.api.get("/v1/audit")).status_code == 401
    await licensing.api.get("/v1/audit", **DIRECTOR)
    (first, *_) = (await licensing.api.get("/v1/audit", **DIRECTOR)).json()["items"]
    director = licensing.api.actor("test-executive_director")
    assert (first["action"], first["actor"]) == ("platform.audit.read", director)


@pytest.mark.parametrize("sql", ["DELETE FROM read_log", "UPDATE read_log SET actor = 'x'", "TRUNCATE read_log",
                                 "INSERT INTO read_log (position) VALUES (1)"])  # fmt: skip
async def test_the_runtime_role_can_only_add(licensing: Rig, sql: str) -> None:
    runtime = await asyncpg.connect(licensing.api.urls.runtime)
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await runtime.execute(sql)
        assert await runtime.fetchval("SELECT count(*) FROM read_log") == 0  # and without a scope it sees none
    finally:
        await runtime.close()


@pytest.mark.parametrize(
    ("tamper", "kind"),
    [
        (None, None),
        ("UPDATE read_log SET purpose = 'друго' WHERE position = 2", "flipped"),
        ("DELETE FROM read_log WHERE position = 2", "deleted"),
        ("DELETE FROM read_log WHERE position = 3", "deleted"),
        ("UPDATE read_log SET objects = '{}', scope = '{audit}' WHERE position = 1", "flipped"),
    ],
)
async def test_the_log_is_chained_and_tampering_is_found(licensing: Rig, tamper: str | None, kind: str | None) -> None:
    application = await licensing.reviewed()
    for caller in (OFFICER, APPLICANT, DIRECTOR):
        await licensing.api.get(f"/v1/applications/{application}", **caller)
    async with licensing.api.worker.acquire() as connection:
        await connection.execute("UPDATE log_state SET holder = pg_backend_pid()")
        assert (await chain_reads(connection), await chain_reads(connection)) == (3, 0)
    if tamper:
        owner = await asyncpg.connect(licensing.api.urls.owner)
        await owner.execute("ALTER TABLE read_log NO FORCE ROW LEVEL SECURITY")
        await owner.execute(tamper)
        await owner.close()
    found = await verify(licensing.api.worker, log=READS)
    assert {finding.kind for finding in found.findings} == ({kind} if kind else set())


async def test_a_process_that_does_not_hold_the_log_chains_nothing(licensing: Rig) -> None:
    application = await licensing.reviewed()
    await licensing.api.get(f"/v1/applications/{application}", **OFFICER)
    async with licensing.api.worker.acquire() as connection:
        await chain_reads(connection)
    assert await licensing.api.worker.fetchval("SELECT count(*) FROM read_log WHERE position IS NOT NULL") == 0


@pytest.mark.parametrize("service", ["registry", "licensing", "monitoring", "reporting"])
def test_every_read_that_is_not_everybodys_is_recorded(service: str) -> None:
    """Revocations show digests and instants only, pushing systems' keys are technical: the two exceptions."""
    rights = Rights.load()
    table = rights._actions
    missing = {
        right
        for router in import_module(f"aksu_{service}.wiring").ROUTERS
        for route in router.routes
        if route.methods == {"GET"}
        for right in route.rights
        if Role.PUBLIC not in table[right] and right not in rights.recorded
    }
    assert missing <= {"registry.access.read", "monitoring.source.read"}
