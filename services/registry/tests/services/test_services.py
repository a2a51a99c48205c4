"""Social services over HTTP: entered, amended, closed."""

import asyncio
from typing import Any

import pytest
from registry_builders import EIK, MAYOR, OFFICER, provider, service

from aksu_local.served import Served

CLOSURE = {"closed_on": "2026-01-31", "reason": "Закриване"}


async def test_a_registered_service_is_read_back_as_it_was_answered(registry: Served) -> None:
    made = await registry.post("/v1/services", service(), **MAYOR)
    assert made.status_code == 201, made.text
    read = await registry.get(made.headers["Location"])
    assert read.json() | {"actions": None} == made.json()
    assert read.headers["ETag"] == made.headers["ETag"] == '"1"'


async def test_an_assigned_service_names_operator_and_needs_its_licence(registry: Served) -> None:
    await registry.post("/v1/providers", provider(), **OFFICER)
    assigned = service(management="ASSIGNED_CONTEST", operator={"eik": EIK})
    made = (await registry.post("/v1/services", assigned, **MAYOR)).json()
    assert made["licence_required"] is True
    assert (made["provider_body"], made["operator_body"]) == ("MUNICIPALITY:BLG03", f"PROVIDER:{EIK}")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"management": None}, "management_missing"),
        ({"management": "ASSIGNED_CONTEST"}, "operator_missing"),
        ({"operator": {"municipality": "BLG01"}}, "operator_not_assigned"),
        ({"responsible_provider": {"eik": EIK}}, "unknown_provider"),
    ],
)
async def test_a_broken_rule_is_409_with_its_code_and_stores_nothing(
    registry: Served, changes: dict[str, Any], code: str
) -> None:
    answer = await registry.post("/v1/services", service(**changes), **MAYOR)
    assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert await registry.worker.fetchval("SELECT count(*) FROM service") == 0
    assert await registry.worker.fetchval("SELECT count(*) FROM change_log") == 0


async def test_a_private_provider_cannot_run_a_state_delegated_activity(registry: Served) -> None:
    await registry.post("/v1/providers", provider(), **OFFICER)
    own = service(responsible_provider={"eik": EIK}, management=None)
    answer = await registry.post("/v1/services", own, **MAYOR)
    assert answer.json()["code"] == "financing_not_private"
    assert answer.json()["legal_basis"] == "чл. 41 ЗСУ"


async def test_a_mayor_cannot_register_in_another_municipality(registry: Served) -> None:
    answer = await registry.post("/v1/services", service(), role="municipality_officer", body="MUNICIPALITY:VAR06")
    assert (answer.status_code, answer.json()["right"]) == (403, "registry.service.create")


async def test_of_parallel_registrations_of_one_service_one_passes_and_a_closed_one_may_come_again(
    registry: Served,
) -> None:
    await registry.post("/v1/services", service(name="Друга услуга"), **MAYOR)
    answers = await asyncio.gather(*[registry.post("/v1/services", service(), **MAYOR) for _ in range(8)])
    made = [answer for answer in answers if answer.status_code == 201]
    others = {answer.json()["code"] for answer in answers if answer.status_code != 201}
    assert len(made) == 1
    assert others <= {"concurrent_write", "service_exists"}
    closed = await registry.post(f"/v1/services/{made[0].json()['id']}/close", CLOSURE, **MAYOR)
    again = await registry.post("/v1/services", service(), **MAYOR)
    assert (closed.status_code, again.status_code) == (200, 201)


async def test_the_same_service_is_refused_and_named_however_it_is_typed(registry: Served) -> None:
    made = (await registry.post("/v1/services", service(), **MAYOR)).json()
    again = service(name="ДОМ за стари  хора", address="улица Примерна №2")
    refused = await registry.post("/v1/services", again, key="again", **MAYOR)
    assert (refused.status_code, refused.json()["code"]) == (409, "service_exists")
    assert made["id"] in refused.json()["title"]
    repeated = await registry.post("/v1/services", again, key="again", **MAYOR)
    assert repeated.content == refused.content
    for_others = await registry.post("/v1/services", service(target_groups=["CHILDREN"]), **MAYOR)
    assert for_others.status_code == 201, for_others.text


@pytest.mark.parametrize("field", ["name", "settlement", "address"])
async def test_a_character_nobody_sees_makes_no_second_service(registry: Served, field: str) -> None:
    sent = service()
    refused = await registry.post("/v1/services", sent | {field: sent[field][:3] + "\u200b" + sent[field][3:]}, **MAYOR)
    (error,) = refused.json()["errors"]
    assert (refused.status_code, error["pointer"], error["code"]) == (422, f"/{field}", "unseen_character")
    assert "U+200B" in error["message"]


async def test_an_amendment_cannot_make_two_services_one(registry: Served) -> None:
    first = (await registry.post("/v1/services", service(), **MAYOR)).json()
    second = (await registry.post("/v1/services", service(name="Друг дом"), **MAYOR)).json()
    path, renamed = f"/v1/services/{second['id']}", {"name": first["name"], "reason": "Поправка"}
    refused = await registry.patch(path, renamed, version=1, **MAYOR)
    assert (refused.status_code, refused.json()["code"]) == (409, "service_exists")
    assert first["id"] in refused.json()["title"]
    assert (await registry.get(path)).json()["name"] == "Друг дом"
    larger = await registry.patch(
        f"/v1/services/{first['id']}", {"capacity": 50, "reason": "По-голям"}, version=1, **MAYOR
    )
    assert larger.status_code == 200
    assert (await registry.post("/v1/services", service(), **MAYOR)).json()["code"] == "service_exists"
    freed = await registry.patch(
        f"/v1/services/{first['id']}", {"name": "Нов дом", "reason": "Име"}, version=2, **MAYOR
    )
    assert freed.status_code == 200
    assert (await registry.patch(path, renamed, version=1, **MAYOR)).status_code == 200


async def test_an_amendment_needs_the_version_it_was_read_at(registry: Served) -> None:
    made = (await registry.post("/v1/services", service(), **MAYOR)).json()
    path = f"/v1/services/{made['id']}"
    change = {"capacity": 50, "reason": "Разширение"}
    assert (await registry.patch(path, change, version=None, **MAYOR)).status_code == 428
    assert (await registry.patch(path, change, version=7, **MAYOR)).status_code == 412
    changed = await registry.patch(path, change, version=1, **MAYOR)
    assert (changed.json()["capacity"], changed.json()["version"]) == (50, 2)
    assert (await registry.patch(path, change, version=1, **MAYOR)).status_code == 412


async def test_every_change_leaves_one_row_with_old_and_new(registry: Served) -> None:
    made = (await registry.post("/v1/services", service(), **MAYOR)).json()
    await registry.patch(f"/v1/services/{made['id']}", {"capacity": 50, "reason": "Разширение"}, version=1, **MAYOR)
    row = await registry.worker.fetchrow("SELECT * FROM change_log WHERE aggregate_id = $1 AND version = 2", made["id"])
    assert row["changed"] == {"capacity": [40, 50]}
    assert (row["reason"], row["actor_body"], row["type"]) == (
        "Разширение", "MUNICIPALITY:BLG03", "bg.aksu.registry.service.amended.v1",
    )  # fmt: skip


async def test_a_closed_service_does_not_change_any_more(registry: Served) -> None:
    made = (await registry.post("/v1/services", service(), **MAYOR)).json()
    path = f"/v1/services/{made['id']}"
    closed = await registry.post(f"{path}/close", CLOSURE, **MAYOR)
    assert (closed.json()["state"], closed.json()["closed_on"]) == ("CLOSED", "2026-01-31")
    amended = await registry.patch(path, {"capacity": 1, "reason": "х"}, version=2, **MAYOR)
    again = await registry.post(f"{path}/close", CLOSURE, **MAYOR)
    for refused in (amended, again):
        assert (refused.status_code, refused.json()["code"]) == (409, "service_closed")
    assert (await registry.get(path, **MAYOR)).json()["actions"] == []


async def test_a_closing_is_recorded_with_its_reason_and_legal_basis(registry: Served) -> None:
    made = (await registry.post("/v1/services", service(), **MAYOR)).json()
    closed = await registry.post(f"/v1/services/{made['id']}/close", CLOSURE, **MAYOR)
    row = await registry.worker.fetchrow("SELECT * FROM change_log WHERE aggregate_id = $1 AND version = 2", made["id"])
    assert row["type"] == "bg.aksu.registry.service.closed.v1"
    assert row["changed"] == {"state": ["ACTIVE", "CLOSED"], "closed_on": [None, "2026-01-31"]}
    assert (row["reason"], row["legal_basis"]) == ("Закриване", "чл. 57, ал. 2, чл. 58–60 ЗСУ")
    assert closed.headers["ETag"] == '"2"'


async def test_a_stranger_closes_nothing(registry: Served) -> None:
    made = (await registry.post("/v1/services", service(), **MAYOR)).json()
    stranger: dict[str, Any] = {"role": "municipality_officer", "body": "MUNICIPALITY:VAR06"}
    refused = await registry.post(f"/v1/services/{made['id']}/close", CLOSURE, **stranger)
    assert (refused.status_code, refused.json()["right"]) == (403, "registry.service.close")
    stale = await registry.post(f"/v1/services/{made['id']}/close", CLOSURE, headers={"If-Match": '"7"'}, **MAYOR)
    assert stale.status_code == 412


async def test_actions_tell_what_this_caller_may_do(registry: Served) -> None:
    made = (await registry.post("/v1/services", service(), **MAYOR)).json()
    path = f"/v1/services/{made['id']}"
    assert (await registry.get(path)).json()["actions"] == []
    assert (await registry.get(path, **MAYOR)).json()["actions"] == ["amend", "close"]
