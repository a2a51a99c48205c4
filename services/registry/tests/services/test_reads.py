"""Lists of services, and the feed of their changes."""

import json

import pytest
from registry_builders import MAYOR, service

from aksu_local.served import Served
from aksu_registry.services.schemas import ServiceRead
from aksu_shared.bus.wire import event_of_structured
from aksu_shared.web.reads import PageOf


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


async def test_the_feed_gives_changes_only_once_they_have_a_position(registry: Served) -> None:
    await registry.post("/v1/services", service(), **MAYOR)
    assert (await registry.get("/v1/changes")).json()["items"] == []
    await registry.worker.execute("UPDATE change_log SET position = seq")
    await registry.worker.execute("UPDATE log_state SET position = 3")
    feed = "/v1/changes?types=bg.aksu.registry.service.registered.v1"
    page = (await registry.get(feed, role="executive_director", body="AKSU")).json()
    (event,) = page["items"]
    read = event_of_structured(event)
    assert read.meta is not None
    assert (read.type, read.state.name, read.meta.actor) == (
        "bg.aksu.registry.service.registered.v1", "Дом за стари хора", registry.actor("test-mayor"),
    )  # fmt: skip
    (public,) = (await registry.get(feed)).json()["items"]
    assert {name: event[name] for name in public} == public
    assert event.keys() - public.keys() == {"actor", "correlationid"}
    assert (await registry.get(f"/v1/changes?after={page['next']}")).json()["items"] == []
    stale = await registry.get("/v1/changes?after=00000000-0000-0000-0000-000000000000:1")
    assert (stale.status_code, stale.json()["code"]) == (410, "epoch_changed")


async def test_odd_text_is_stored_and_read_back_the_same(registry: Served) -> None:
    odd = "Услуга '; DROP TABLE service; -- \\ \" <b>$1 %s {x} 🙂"
    made = await registry.post("/v1/services", service(name=odd), **MAYOR)
    assert made.json()["name"] == odd
    assert json.loads((await registry.get("/v1/services")).content)["items"][0]["name"] == odd
