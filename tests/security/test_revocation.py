"""Who was disabled or moved loses access at once, in every service, though the token lives on."""

from typing import Any
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from aksu_local.served import Serve, Served
from aksu_local.waiting import eventually

OFFICER = "test-licensing_officer"
OPERATOR: dict[str, Any] = {"role": "operator", "body": None}
DIRECTOR: dict[str, Any] = {"role": "executive_director", "body": "AKSU"}
PROTECTION: dict[str, Any] = {"role": "data_protection_officer", "body": "AKSU"}
ANOTHER: dict[str, Any] = {**OPERATOR, "subject": "another"}
PROVIDER = {"eik": "130007884", "name": "Фондация", "legal_form": "NGO", "seat_municipality": "BLG03"}


@pytest_asyncio.fixture
async def registry(serve: Serve) -> Served:
    return await serve("registry")


async def asked(registry: Served, subject: str = OFFICER, **by: Any) -> str:
    """Ask for a revocation; the path of the request."""
    wanted = {"subject": subject, "reason": "напуснал"}
    answer = await registry.post("/v1/access-requests", wanted, **(by or OPERATOR))
    assert answer.status_code == 201, answer.text
    assert answer.json()["state"] == "REQUESTED"
    return str(answer.headers["Location"])


async def confirmed(registry: Served, path: str, **by: Any) -> tuple[int, str]:
    """Status of the answer to the second person, and its code or the request's state."""
    answer = await registry.post(f"{path}/confirm", {}, **by)
    return answer.status_code, answer.json().get("code") or answer.json()["state"]


async def revoke(registry: Served, subject: str = OFFICER) -> None:
    assert await confirmed(registry, await asked(registry, subject), **DIRECTOR) == (200, "CONFIRMED")


async def test_a_revoked_token_opens_nothing_and_a_new_one_does(registry: Served) -> None:
    old = registry.headers("licensing_officer", "AKSU")
    keyed = old | {"Idempotency-Key": "one"}
    first = await registry.client.post("/v1/providers", json=PROVIDER, headers=keyed)
    assert first.status_code == 201
    await revoke(registry)
    path = f"/v1/providers/{first.json()['id']}"
    for answer in (
        await registry.client.get("/v1/services", headers=old),
        await registry.client.get(path, headers=old),
        await registry.client.get("/v1/changes", headers=old),
        await registry.client.post("/v1/providers", json=PROVIDER, headers=keyed),
        await registry.client.post("/v1/providers", json=PROVIDER, headers=old | {"Idempotency-Key": "two"}),
        await registry.client.patch(path, json={"name": "Друга", "reason": "х"}, headers=old | {"If-Match": '"1"'}),
        await registry.client.post(f"/v1/providers/{uuid4()}/confirm-legal-form", json={"reason": "х"},
                                   headers=old | {"Idempotency-Key": "three"}),
    ):  # fmt: skip
        assert (answer.status_code, answer.json()["code"]) == (401, "token_revoked"), answer.request.url

    async def admitted() -> bool:
        new = registry.headers("licensing_officer", "AKSU")  # tokens count in whole seconds
        return (await registry.client.get("/v1/services", headers=new)).status_code == 200

    await eventually(admitted, within=3)
    assert (await registry.get("/v1/services", role="inspector", body="AKSU")).status_code == 200


async def test_nothing_stops_before_a_second_person_confirmed_it(registry: Served) -> None:
    old = registry.headers("licensing_officer", "AKSU")
    path = await asked(registry)
    assert (await registry.client.get("/v1/services", headers=old)).status_code == 200
    assert (await registry.get("/v1/access-revocations", **OPERATOR)).json()["items"] == []
    assert await confirmed(registry, path, **OPERATOR) == (409, "four_eyes")
    assert (await registry.client.get("/v1/services", headers=old)).status_code == 200
    assert await confirmed(registry, path, **DIRECTOR) == (200, "CONFIRMED")
    assert (await registry.client.get("/v1/services", headers=old)).status_code == 401
    assert await confirmed(registry, path, **PROTECTION) == (409, "illegal_transition")
    read = (await registry.get(path, **OPERATOR)).json()
    assert (read["requested_by"], read["confirmed_by"]) == (
        registry.actor("test-operator"), registry.actor("test-executive_director"),
    )  # fmt: skip


@pytest.mark.parametrize("subject", ["test-executive_director", "service:licensing", "anybody"])
async def test_operators_alone_revoke_nobody(registry: Served, subject: str) -> None:
    path = await asked(registry, subject)
    assert await confirmed(registry, path, **ANOTHER) == (409, "operators_alone")
    assert await confirmed(registry, path, **PROTECTION) == (200, "CONFIRMED")


async def test_what_the_director_asks_for_an_operator_may_confirm(registry: Served) -> None:
    assert await confirmed(registry, await asked(registry, **DIRECTOR), **OPERATOR) == (200, "CONFIRMED")


async def test_nobody_confirms_about_himself_and_the_same_person_in_two_roles_is_one(registry: Served) -> None:
    path = await asked(registry, "test-executive_director")
    assert await confirmed(registry, path, **DIRECTOR) == (409, "own_access")
    both = {**DIRECTOR, "subject": "test-operator"}
    assert await confirmed(registry, path, **both) == (409, "four_eyes")


async def test_a_withdrawn_request_is_confirmed_by_nobody(registry: Served) -> None:
    path = await asked(registry)
    gone = await registry.post(f"{path}/withdraw", {"reason": "грешка"}, **ANOTHER)
    assert (gone.status_code, gone.json()["state"]) == (200, "WITHDRAWN")
    assert await confirmed(registry, path, **DIRECTOR) == (409, "illegal_transition")
    assert (await registry.get("/v1/access-revocations", **OPERATOR)).json()["items"] == []
    listed = (await registry.get("/v1/access-requests?state=WITHDRAWN", **PROTECTION)).json()["items"]
    assert [f"/v1/access-requests/{each['id']}" for each in listed] == [path]


async def test_the_subject_itself_is_kept_nowhere(registry: Served) -> None:
    await revoke(registry, "ivan.petrov@example.bg")
    listed = (await registry.get("/v1/access-revocations", **OPERATOR)).json()["items"]
    assert [item["id"] for item in listed] == [registry.actor("ivan.petrov@example.bg")]
    rows = await registry.worker.fetch("SELECT to_jsonb(change_log)::text AS row FROM change_log")
    assert not [row for row in rows if "ivan.petrov" in row["row"]]


@pytest.mark.parametrize("role", ["inspector", "licensing_officer", "aksu_analyst", "integration", None])
async def test_others_neither_see_nor_make_revocations(registry: Served, role: str | None) -> None:
    await revoke(registry)
    body = "AKSU" if role and role != "integration" else None
    refused = 401 if role is None else 403
    assert (await registry.get("/v1/access-revocations", role=role, body=body)).status_code == refused
    path = await asked(registry, "x")
    made = await registry.post("/v1/access-requests", {"subject": "x", "reason": "х"}, role=role, body=body)
    assert made.status_code == refused
    assert (await confirmed(registry, path, role=role, body=body))[0] == refused
    assert (await registry.get(path, role=role, body=body)).status_code == refused
    feed = await registry.get("/v1/changes", role=role, body=body)
    assert "registry.access" not in feed.text


@pytest.mark.parametrize("service", ["licensing", "monitoring", "reporting"])
async def test_every_service_refuses_by_its_own_copy(serve: Serve, service: str) -> None:
    served = await serve(service)
    old = served.headers("inspector", "AKSU")
    assert (await served.client.get(READS[service], headers=old)).status_code == 200
    await served.worker.execute(
        "INSERT INTO access_revocation (id, not_before, version, scope) VALUES ($1, now() + interval '1 s', 1, '{}')",
        served.actor("test-inspector"),
    )
    assert (await served.client.get(READS[service], headers=old)).json()["code"] == "token_revoked"
    assert (await served.get(READS[service], role="aksu_analyst", body="AKSU")).status_code == 200


READS = {"licensing": "/v1/applications", "monitoring": "/v1/inspections", "reporting": "/v1/services"}


async def test_what_may_have_missed_a_revocation_reads_but_does_not_write(serve: Serve) -> None:
    monitoring = await serve("monitoring", access_patience_seconds=60)
    event = {
        "specversion": "1.0", "id": "1", "source": "/integrations/portal", "subject": "R-1", "sequence": 1,
        "type": "bg.aksu.ingest.inspection.started.v1",
        "data": {"kind": "PLANNED", "started_on": "2026-03-02", "place": {
            "municipality": "BLG03", "settlement": "гр. Благоевград", "address": "ул. Примерна 1"}},
    }  # fmt: skip

    async def push() -> int:
        headers = monitoring.headers("integration", None, subject="portal")
        headers["Content-Type"] = "application/cloudevents+json"
        return (await monitoring.client.post("/v1/inspection-events", json=event, headers=headers)).status_code

    async def staged() -> int:
        return int(await monitoring.worker.fetchval("SELECT count(*) FROM ingest_event"))

    assert (await push(), await staged()) == (503, 0)
    await heard(monitoring.worker, seconds_ago=61)
    assert (await push(), await staged()) == (503, 0)
    assert (await monitoring.get("/v1/inspections", role="inspector", body="AKSU")).status_code == 200
    await heard(monitoring.worker, seconds_ago=1)
    assert (await push(), await staged()) == (202, 1)


async def heard(pool: "asyncpg.Pool[Any]", *, seconds_ago: int) -> None:
    await pool.execute(
        "INSERT INTO source_state (source, heard_at) VALUES ('registry', now() - make_interval(secs => $1)) "
        "ON CONFLICT (source) DO UPDATE SET heard_at = EXCLUDED.heard_at",
        float(seconds_ago),
    )
