"""Who enters, amends, assigns and closes which service, by the Act; what holds of a service whoever changes it."""

from datetime import date, timedelta
from typing import Any

import pytest
from registry_builders import CLERK, EIK, MAYOR, OFFICER, provider, service

from aksu_local.served import Served

OWN: dict[str, Any] = {"role": "provider", "body": f"PROVIDER:{EIK}"}
NEXT_DOOR: dict[str, Any] = {"role": "mayor", "body": "MUNICIPALITY:BLG01"}
TODAY = date.today()  # noqa: DTZ011 - a day within a year of the legal one will do


def private(**changes: Any) -> dict[str, Any]:
    return service(responsible_provider={"eik": EIK}, management=None, financing="PRIVATE") | changes


def closing(day: date = TODAY) -> dict[str, Any]:
    return {"closed_on": day.isoformat(), "reason": "Край"}


async def entered(registry: Served, new: dict[str, Any], **caller: Any) -> dict[str, Any]:
    answer = await registry.post("/v1/services", new, **caller)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def own_service(registry: Served) -> dict[str, Any]:
    """A private service of a private provider, both entered by itself."""
    assert (await registry.post("/v1/providers", provider(), **OWN)).status_code == 201
    return await entered(registry, private(), **OWN)


async def amend(registry: Served, made: dict[str, Any], change: dict[str, Any], **caller: Any) -> Any:
    path = f"/v1/services/{made['id']}"
    return await registry.patch(path, change | {"reason": "Промяна"}, version=made["version"], **caller)


@pytest.mark.parametrize("caller", [MAYOR, CLERK, NEXT_DOOR])
async def test_a_municipality_neither_enters_nor_amends_nor_closes_a_private_service(
    registry: Served, caller: dict[str, Any]
) -> None:
    made = await own_service(registry)
    refused = [
        await registry.post("/v1/services", private(name="Друга"), **caller),
        await amend(registry, made, {"name": "Друго име"}, **caller),
        await amend(registry, made, {"financing": "MUNICIPAL"}, **caller),
        await registry.post(f"/v1/services/{made['id']}/close", closing(), **caller),
    ]
    assert [answer.status_code for answer in refused] == [403] * 4
    assert (await registry.get(f"/v1/services/{made['id']}", **caller)).json()["actions"] == []


async def test_a_provider_ends_its_private_service_and_does_not_call_it_public(registry: Served) -> None:
    made = await own_service(registry)
    for financing in ("STATE_DELEGATED", "MUNICIPAL", "MIXED"):
        assert (await amend(registry, made, {"financing": financing}, **OWN)).status_code == 403
        assert (await registry.post("/v1/services", private(financing=financing), **OWN)).status_code == 403
    assert (await registry.post(f"/v1/services/{made['id']}/close", closing(), **OWN)).status_code == 200


async def test_a_provider_says_that_it_or_the_union_pays_and_the_agency_that_money_is_mixed(registry: Served) -> None:
    made = await own_service(registry)
    project = await amend(registry, made, {"financing": "EU_PROJECT"}, **OWN)
    assert project.status_code == 200, project.text
    mixed = await amend(registry, project.json(), {"financing": "MIXED"}, **OFFICER)
    assert mixed.status_code == 200, mixed.text
    assert (await amend(registry, mixed.json(), {"financing": "PRIVATE"}, **OWN)).status_code == 200


async def test_what_was_refused_on_entry_is_refused_on_amendment_by_the_agency_too(registry: Served) -> None:
    made = await own_service(registry)
    refused = await amend(registry, made, {"financing": "STATE_DELEGATED"}, **OFFICER)
    assert (refused.status_code, refused.json()["code"]) == (409, "financing_not_private")


async def test_the_agency_enters_private_services_and_closes_or_establishes_none(registry: Served) -> None:
    assert (await registry.post("/v1/providers", provider(), **OFFICER)).status_code == 201
    made = await entered(registry, private(), **OFFICER)
    closed = await registry.post(f"/v1/services/{made['id']}/close", closing(), **OFFICER)
    assert (closed.status_code, closed.json()["right"]) == (403, "registry.service.close")
    public = await registry.post("/v1/services", service(), **OFFICER)
    assert (public.status_code, public.json()["right"]) == (403, "registry.service.establish")


async def test_a_service_is_entered_by_its_own_municipality_where_it_lies(registry: Served) -> None:
    theirs = service(responsible_provider={"municipality": "BLG01"})
    foreign = await registry.post("/v1/services", theirs, **MAYOR)
    assert (foreign.status_code, foreign.json()["code"]) == (409, "other_municipality")
    assert foreign.json()["legal_basis"] == "чл. 33, ал. 3, чл. 55 ЗСУ"
    assert (await registry.post("/v1/services", theirs, **NEXT_DOOR)).status_code == 403
    assert (await registry.post("/v1/services", service(), **NEXT_DOOR)).status_code == 403


async def test_officers_enter_data_and_the_mayor_assigns_and_closes(registry: Served) -> None:
    await registry.post("/v1/providers", provider(), **OFFICER)
    made = await entered(registry, service(), **CLERK)
    assert (await amend(registry, made, {"capacity": 30}, **CLERK)).status_code == 200
    assigned = service(name="Възложена", management="ASSIGNED_CONTEST", operator={"eik": EIK})
    early = await registry.post("/v1/services", assigned, **CLERK)
    assert (early.status_code, early.json()["right"]) == (403, "registry.service.assign")
    assert (await entered(registry, assigned, **MAYOR))["licence_required"] is True
    path = f"/v1/services/{made['id']}/close"
    assert (await registry.post(path, closing(), **CLERK)).json()["right"] == "registry.service.close"
    assert (await registry.post(path, closing(), **MAYOR)).status_code == 200


async def test_who_runs_an_assigned_service_amends_its_own_part_of_it(registry: Served) -> None:
    await registry.post("/v1/providers", provider(), **OFFICER)
    assigned = service(management="ASSIGNED_CONTEST", operator={"eik": EIK})
    made = await entered(registry, assigned, **MAYOR)
    assert (await amend(registry, made, {"financing": "PRIVATE"}, **OWN)).status_code == 403
    for change in ({"capacity": 1}, {"target_groups": ["CHILDREN"], "name": "х"}):
        refused = await amend(registry, made, change, **OWN)
        assert (refused.status_code, refused.json()["code"]) == (409, "not_operators")
    assert (await amend(registry, made, {"name": "Дом „Здравец“"}, **OWN)).status_code == 200
    assert (await registry.post(f"/v1/services/{made['id']}/close", closing(), **OWN)).status_code == 403


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"started_on": "1989-12-31"}, "start_out_of_bounds"),
        ({"started_on": "9999-12-31"}, "start_out_of_bounds"),
        ({"settlement": "гр. Варна"}, "settlement_elsewhere"),
        ({"settlement": "град ВАРНА, обл. Благоевград"}, "settlement_elsewhere"),
    ],
)
async def test_days_and_towns_are_possible_ones(registry: Served, changes: dict[str, Any], code: str) -> None:
    refused = await registry.post("/v1/services", service(**changes), **MAYOR)
    assert (refused.status_code, refused.json()["code"]) == (409, code)
    assert next(iter(changes)) in refused.json()["title"]


async def test_villages_and_towns_that_are_no_seat_are_taken_at_their_word(registry: Served) -> None:
    for number, settlement in enumerate(("с. Варна", "с. Зелен дол", "гр. Някой", "гр. Благоевград")):
        await entered(registry, service(name=f"Услуга {number}", settlement=settlement), **MAYOR)


async def test_a_service_ends_after_it_started_and_not_in_many_years(registry: Served) -> None:
    made = await entered(registry, service(started_on="2020-03-01"), **MAYOR)
    path = f"/v1/services/{made['id']}/close"
    for day in (date(1900, 1, 1), date(2020, 2, 28), date(2099, 1, 1)):
        refused = await registry.post(path, closing(day), **MAYOR)
        assert (refused.status_code, refused.json()["code"]) == (409, "closing_out_of_bounds")
    assert (await registry.post(path, closing(TODAY + timedelta(days=90)), **MAYOR)).status_code == 200
