"""Social services over HTTP."""

import asyncio
import json
from typing import Any

import pytest
from registry_builders import EIK, MAYOR, OFFICER, provider, service

from aksu_local.served import Serve, Served, Unopened
from aksu_registry.schemas import ServiceRead
from aksu_shared.events.wire import event_of_structured
from aksu_shared.web.reads import PageOf


@pytest.fixture
async def registry(serve: Serve) -> Served:
    return await serve("registry")


async def test_a_registered_service_is_read_back_as_it_was_answered(registry: Served) -> None:
    made = await registry.post("/v1/services", service(), **MAYOR)
    assert made.status_code == 201, made.text
    read = await registry.get(made.headers["Location"])
    assert read.json() | {"actions": None} == made.json()
    assert read.headers["ETag"] == made.headers["ETag"] == '"1"'


async def test_a_municipality_enters_the_register_with_its_first_service(registry: Served) -> None:
    made = (await registry.post("/v1/services", service(), **MAYOR)).json()
    found = (await registry.get(f"/v1/providers/{made['provider_id']}")).json()
    assert (found["body"], found["legal_form"], found["licence_required"]) == (
        "MUNICIPALITY:BLG03",
        "MUNICIPALITY",
        False,
    )


async def test_services_at_one_address_share_a_place_however_it_is_typed(registry: Served) -> None:
    first = (await registry.post("/v1/services", service(), **MAYOR)).json()
    other = service(
        name="Дневен център", kind="DAY_CENTRE_ELDERLY", settlement="град Благоевград", address="улица Примерна №2"
    )
    second = (await registry.post("/v1/services", other, **MAYOR)).json()
    assert first["place_id"] == second["place_id"]


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
    answer = await registry.post("/v1/services", service(**changes), **OFFICER)
    assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert await registry.worker.fetchval("SELECT count(*) FROM service") == 0
    assert await registry.worker.fetchval("SELECT count(*) FROM change_log") == 0


async def test_a_private_provider_cannot_run_a_state_delegated_activity(registry: Served) -> None:
    await registry.post("/v1/providers", provider(), **OFFICER)
    own = service(responsible_provider={"eik": EIK}, management=None)
    answer = await registry.post("/v1/services", own, **OFFICER)
    assert answer.json()["code"] == "financing_not_private"
    assert answer.json()["legal_basis"] == "чл. 41 ЗСУ"


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"municipality": "XXX99"}, "/municipality"),
        ({"kind": "PALACE"}, "/kind"),
        ({"capacity": -1}, "/capacity"),
        ({"capacity": "40"}, "/capacity"),
        ({"target_groups": []}, "/target_groups"),
        ({"surprise": 1}, "/surprise"),
        ({"responsible_provider": {"eik": "123456789"}}, "/responsible_provider/eik"),
        ({"started_on": "31.02.2024"}, "/started_on"),
    ],
)
async def test_a_bad_field_is_named_in_both_languages(
    unopened: Unopened, changes: dict[str, Any], pointer: str
) -> None:
    registry = unopened("registry")
    for language in ("bg", "en"):
        headers = {"Accept-Language": language}
        answer = await registry.post("/v1/services", service(**changes), headers=headers, **MAYOR)
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
        assert answer.headers["Content-Language"] == language


async def test_a_mayor_cannot_register_in_another_municipality(registry: Served) -> None:
    answer = await registry.post("/v1/services", service(), role="municipality_officer", body="MUNICIPALITY:VAR06")
    assert (answer.status_code, answer.json()["right"]) == (403, "registry.service.create")


async def test_without_a_token_a_command_is_401(registry: Served) -> None:
    assert (await registry.post("/v1/services", service())).status_code == 401


async def test_the_same_key_gives_the_first_answer_byte_for_byte(registry: Served) -> None:
    first = await registry.post("/v1/services", service(), key="k", **MAYOR)
    again = await registry.post("/v1/services", service(), key="k", **MAYOR)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["Aksu-Position"] == first.headers["Aksu-Position"]
    assert await registry.worker.fetchval("SELECT count(*) FROM service") == 1


async def test_a_refusal_is_kept_under_its_key(registry: Served) -> None:
    first = await registry.post("/v1/services", service(management=None), key="k", **MAYOR)
    again = await registry.post("/v1/services", service(management=None), key="k", **MAYOR)
    assert (again.status_code, again.content) == (409, first.content)


async def test_a_key_with_another_body_is_422(registry: Served) -> None:
    await registry.post("/v1/services", service(), key="k", **MAYOR)
    answer = await registry.post("/v1/services", service(capacity=41), key="k", **MAYOR)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


async def test_a_post_without_a_key_is_428(registry: Served) -> None:
    answer = await registry.client.post("/v1/services", json=service(), headers=registry.headers(**MAYOR))
    assert (answer.status_code, answer.json()["header"]) == (428, "Idempotency-Key")


async def test_fifty_parallel_calls_with_one_key_make_one_service(registry: Served) -> None:
    calls = [registry.post("/v1/services", service(), key="k", **MAYOR) for _ in range(50)]
    answers = await asyncio.gather(*calls)
    made = {answer.content for answer in answers if answer.status_code == 201}
    others = {(answer.status_code, answer.json()["code"]) for answer in answers if answer.status_code != 201}
    assert len(made) == 1
    assert others <= {(409, "request_in_progress"), (503, "unavailable")}
    assert (
        await registry.worker.fetchval("SELECT count(*) FROM change_log WHERE topic = 'aksu.registry.service.v1'") == 1
    )


async def test_a_command_given_up_at_any_moment_is_done_or_undone_as_a_whole(registry: Served) -> None:
    await registry.post("/v1/services", service(name="Услуга 0"), **MAYOR)
    given_up = 0
    for n in range(1, 61):
        new = service(name=f"Услуга {n}", address=f"ул. „Примерна“ № {n % 2 * n}")  # at a place known, or a new one
        first = asyncio.create_task(registry.post("/v1/services", new, key=f"k{n}", **MAYOR))
        await asyncio.sleep(n / 6_000)
        given_up += first.cancel()
        await asyncio.wait([first])
        again = await registry.post("/v1/services", new, key=f"k{n}", **MAYOR)
        assert again.status_code == 201, again.text
        assert first.cancelled() or first.result().content == again.content
    assert given_up
    rows, changes = await registry.worker.fetchrow(
        "SELECT (SELECT count(*) FROM service), count(*) FROM change_log WHERE topic = 'aksu.registry.service.v1'"
    )
    assert rows == changes == 61


async def test_of_parallel_registrations_of_one_service_one_passes_and_a_closed_one_may_come_again(
    registry: Served,
) -> None:
    await registry.post("/v1/services", service(name="Друга услуга"), **MAYOR)
    answers = await asyncio.gather(*[registry.post("/v1/services", service(), **MAYOR) for _ in range(8)])
    made = [answer for answer in answers if answer.status_code == 201]
    others = {answer.json()["code"] for answer in answers if answer.status_code != 201}
    assert len(made) == 1
    assert others <= {"concurrent_write", "service_exists"}
    closure = {"closed_on": "2026-01-31", "reason": "Закрита"}
    closed = await registry.post(f"/v1/services/{made[0].json()['id']}/close", closure, **OFFICER)
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
    closed = await registry.post(
        f"/v1/services/{made['id']}/close", {"closed_on": "2026-01-31", "reason": "Закриване"}, **MAYOR
    )
    assert (closed.json()["state"], closed.json()["closed_on"]) == ("CLOSED", "2026-01-31")
    again = await registry.patch(f"/v1/services/{made['id']}", {"capacity": 1, "reason": "х"}, version=2, **MAYOR)
    assert again.json()["code"] == "service_closed"


async def test_actions_tell_what_this_caller_may_do(registry: Served) -> None:
    made = (await registry.post("/v1/services", service(), **MAYOR)).json()
    path = f"/v1/services/{made['id']}"
    assert (await registry.get(path)).json()["actions"] == []
    assert (await registry.get(path, **MAYOR)).json()["actions"] == ["amend", "close"]


async def test_pages_walk_all_services_once_in_order_and_match_the_model(registry: Served) -> None:
    for number in range(7):
        body = service(name=f"Услуга {number}", address=f"ул. Примерна {number}")
        assert (await registry.post("/v1/services", body, **MAYOR)).status_code == 201
    for sort in ("name", "-name", "municipality", "id"):
        names: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            answer = await registry.get(f"/v1/services?limit=3&sort={sort}" + (f"&cursor={cursor}" if cursor else ""))
            page = PageOf[ServiceRead].model_validate_json(answer.content)
            names += [item.name for item in page.items]
            cursor = page.next
        assert sorted(names) == [f"Услуга {number}" for number in range(7)]
        if "name" in sort:
            assert names == sorted(names, reverse=sort.startswith("-"))


async def test_filters_narrow_and_an_unknown_one_is_refused(registry: Served) -> None:
    await registry.post("/v1/services", service(), **MAYOR)
    for query, count in (("oblast=BLG", 1), ("oblast=VAR", 0), ("municipality=BLG03&financing=STATE_DELEGATED", 1)):
        assert len((await registry.get(f"/v1/services?{query}")).json()["items"]) == count
    answer = await registry.get("/v1/services?colour=red")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "?colour")


@pytest.mark.parametrize("cursor", ["x", "WyJuYW1lIl0", "WyJpZCIsIDFd", "/" * 300])
async def test_a_cursor_of_another_list_is_422(registry: Served, cursor: str) -> None:
    answer = (
        await registry.get("/v1/services", headers={})
        if not cursor
        else await registry.get(f"/v1/services?cursor={cursor}")
    )
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "bad_cursor")


async def test_an_unchanged_resource_is_304(registry: Served) -> None:
    made = (await registry.post("/v1/services", service(), **MAYOR)).json()
    path = f"/v1/places/{made['place_id']}"
    etag = (await registry.get(path)).headers["ETag"]
    assert (await registry.get(path, headers={"If-None-Match": etag})).status_code == 304


async def test_the_feed_gives_changes_only_once_they_have_a_position(registry: Served) -> None:
    await registry.post("/v1/services", service(), **MAYOR)
    assert (await registry.get("/v1/changes")).json()["items"] == []
    await registry.worker.execute("UPDATE change_log SET position = seq")
    await registry.worker.execute("UPDATE log_state SET position = 3")
    page = (await registry.get("/v1/changes?types=bg.aksu.registry.service.registered.v1")).json()
    (event,) = page["items"]
    read = event_of_structured(event)
    assert read.meta is not None
    assert (read.type, read.state.name, read.meta.actor) == (
        "bg.aksu.registry.service.registered.v1", "Дом за стари хора", registry.actor("test-municipality_officer"),
    )  # fmt: skip
    assert (await registry.get(f"/v1/changes?after={page['next']}")).json()["items"] == []
    stale = await registry.get("/v1/changes?after=00000000-0000-0000-0000-000000000000:1")
    assert (stale.status_code, stale.json()["code"]) == (410, "epoch_changed")


async def test_odd_text_is_stored_and_read_back_the_same(registry: Served) -> None:
    odd = "Услуга '; DROP TABLE service; -- \\ \" <b>$1 %s {x} 🙂"
    made = await registry.post("/v1/services", service(name=odd), **MAYOR)
    assert made.json()["name"] == odd
    assert json.loads((await registry.get("/v1/services")).content)["items"][0]["name"] == odd


async def test_a_provider_registers_itself_and_its_service_at_a_new_place(registry: Served) -> None:
    own: dict[str, Any] = {"role": "provider", "body": f"PROVIDER:{EIK}"}
    assert (await registry.post("/v1/providers", provider(), **own)).status_code == 201
    body = service(responsible_provider={"eik": EIK}, management=None, financing="PRIVATE")
    made = await registry.post("/v1/services", body, **own)
    assert (made.status_code, made.json()["licence_required"]) == (201, True)


async def test_a_provider_registers_nobody_else(registry: Served) -> None:
    stranger: dict[str, Any] = {"role": "provider", "body": "PROVIDER:999000017"}
    assert (await registry.post("/v1/providers", provider(), **stranger)).status_code == 403
