"""A provider does not choose its legal form: it proposes one, and the Agency confirms it."""

from typing import Any

import pytest
from registry_builders import CLERK, EIK, MAYOR, OFFICER, provider, service

from aksu_local.served import Served

OWN: dict[str, Any] = {"role": "provider", "body": f"PROVIDER:{EIK}"}
YES = {"reason": "По справка в регистъра"}


async def proposed(registry: Served, form: str, **caller: Any) -> dict[str, Any]:
    answer = await registry.post("/v1/providers", provider(legal_form=form), **(caller or OWN))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def confirm(registry: Served, made: dict[str, Any], form: str | None = None, **caller: Any) -> Any:
    sent = YES | ({"legal_form": form} if form else {})
    return await registry.post(f"/v1/providers/{made['id']}/confirm-legal-form", sent, **(caller or OFFICER))


async def test_a_proposed_form_frees_nobody_from_a_licence_and_brings_no_public_money(registry: Served) -> None:
    made = await proposed(registry, "STATE")
    assert (made["legal_form_confirmed"], made["licence_required"]) == (False, True)
    public = service(responsible_provider={"eik": EIK}, management=None)
    assert (await registry.post("/v1/services", public, **OWN)).status_code == 403
    refused = await registry.post("/v1/services", public, **MAYOR)
    assert (refused.status_code, refused.json()["code"]) == (409, "financing_not_private")
    assert (await confirm(registry, made)).json()["licence_required"] is False
    assert (await registry.post("/v1/services", public, **MAYOR)).status_code == 201


async def test_the_agency_alone_confirms(registry: Served) -> None:
    made = await proposed(registry, "STATE")
    for caller in (OWN, MAYOR, CLERK, {"role": "executive_director", "body": "AKSU"}):
        assert (await confirm(registry, made, **caller)).status_code == 403
    path = f"/v1/providers/{made['id']}"
    assert (await registry.get(path, **OFFICER)).json()["actions"] == ["amend", "confirm-legal-form"]
    assert (await confirm(registry, made, "COMPANY")).json()["legal_form"] == "COMPANY"
    assert (await registry.get(path, **OFFICER)).json()["actions"] == ["amend"]
    row = await registry.worker.fetchrow("SELECT type, reason FROM change_log WHERE version = 2")
    assert (row["type"], row["reason"]) == ("bg.aksu.registry.provider.legal_form_confirmed.v1", YES["reason"])


async def test_what_the_agency_enters_is_confirmed(registry: Served) -> None:
    made = await proposed(registry, "STATE", **OFFICER)
    assert (made["legal_form_confirmed"], made["licence_required"]) == (True, False)


async def test_services_follow_the_confirmed_form(registry: Served) -> None:
    made = await proposed(registry, "STATE")
    own = service(responsible_provider={"eik": EIK}, management=None, financing="PRIVATE")
    entered = (await registry.post("/v1/services", own, **OWN)).json()
    assert entered["licence_required"] is True
    await confirm(registry, made)
    assert (await registry.get(f"/v1/services/{entered['id']}")).json()["licence_required"] is False
    public = service(name="Друга", responsible_provider={"eik": EIK}, management=None)
    assert (await registry.post("/v1/services", public, **MAYOR)).status_code == 201
    refused = await confirm(registry, made, "COMPANY")
    assert (refused.status_code, refused.json()["code"]) == (409, "financing_not_private")


async def test_nobody_with_an_eik_is_a_municipality(registry: Served) -> None:
    made = await proposed(registry, "NGO")
    refused = await confirm(registry, made, "MUNICIPALITY")
    assert (refused.status_code, refused.json()["code"]) == (409, "legal_form_impossible")


@pytest.mark.parametrize("caller", [MAYOR, CLERK])
async def test_a_municipality_enters_no_private_provider_and_amends_none(
    registry: Served, caller: dict[str, Any]
) -> None:
    assert (await registry.post("/v1/providers", provider(), **caller)).status_code == 403
    made = await proposed(registry, "NGO")
    path = f"/v1/providers/{made['id']}"
    for change in ({"name": "Друго"}, {"seat_municipality": "BLG01"}):
        assert (await registry.patch(path, change | YES, version=1, **caller)).status_code == 403


async def test_a_municipality_enters_its_legal_entity_and_amends_it_once_that_is_confirmed(registry: Served) -> None:
    made = await proposed(registry, "MUNICIPAL_LEGAL_ENTITY", **CLERK)
    path, change = f"/v1/providers/{made['id']}", {"name": "Общинско предприятие"} | YES
    assert (await registry.patch(path, change, version=1, **CLERK)).status_code == 403
    assert (await confirm(registry, made)).status_code == 200
    assert (await registry.patch(path, change, version=2, **CLERK)).status_code == 200


async def test_scope_and_body_move_with_the_seat(registry: Served) -> None:
    made = await proposed(registry, "NGO")
    moved = await registry.patch(f"/v1/providers/{made['id']}", {"seat_municipality": "VAR06"} | YES, version=1, **OWN)
    assert moved.status_code == 200, moved.text
    keys = {"public", "BG", "VAR", "VAR06", f"b:PROVIDER:{EIK}"}
    assert {*await registry.worker.fetchval("SELECT scope FROM provider")} == keys
    body = await registry.worker.fetchrow("SELECT * FROM body WHERE code = $1", f"PROVIDER:{EIK}")
    assert ({*body["scope"]}, body["territory"]) == (keys, "VAR06")
