"""`GET /v1/me`: what a front end builds its menu from says what the routes then do."""

from typing import Any

import pytest

from aksu_local.served import Serve, Served


@pytest.fixture
async def monitoring(serve: Serve) -> Served:
    return await serve("monitoring")


async def me(monitoring: Served, role: str | None, body: str | None = None) -> dict[str, Any]:
    headers = monitoring.headers(role, body) if role else {}
    answer = await monitoring.client.get("/v1/me", headers=headers)
    assert answer.status_code == 200
    assert "no-store" in answer.headers["cache-control"]
    found: dict[str, Any] = answer.json()
    return found


async def test_anybody_sees_what_everybody_may(monitoring: Served) -> None:
    found = await me(monitoring, None)
    assert (found["anonymous"], found["body"], [role["id"] for role in found["roles"]]) == (True, None, ["public"])
    assert {each["operation"] for each in found["may_create"]} == {"file_signal"}
    assert {"right": "monitoring.inspection.read", "relations": ["any"]}.items() <= next(
        each for each in found["rights"] if each["right"] == "monitoring.inspection.read"
    ).items()


async def test_an_inspector_sees_his_rights_with_their_articles(monitoring: Served) -> None:
    found = await me(monitoring, "inspector", "AKSU")
    assert (found["body"], found["body_kind"], found["territory"]) == ("AKSU", "AKSU", "BG")
    assert {"id": "inspector", "bg": "Инспектор на АКСУ", "en": "АКСУ inspector", "counts": True} in found["roles"]
    conducts = next(each for each in found["rights"] if each["right"] == "monitoring.inspection.conduct")
    assert "чл. 116" in conducts["legal_basis"]
    assert "create_inspection" in {each["operation"] for each in found["may_create"]}


async def test_a_role_with_a_body_of_another_kind_is_told_not_to_count(monitoring: Served) -> None:
    found = await me(monitoring, "inspector", "MUNICIPALITY:BLG03")
    assert [role["counts"] for role in found["roles"] if role["id"] == "inspector"] == [False]
    assert "monitoring.inspection.conduct" not in {each["right"] for each in found["rights"]}
    assert found["territory"] == "BLG03"
