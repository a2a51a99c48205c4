"""Providers over HTTP."""

from typing import Any

from registry_builders import EIK, MAYOR, provider, service

from aksu_local.served import Served


async def test_a_municipality_enters_the_register_with_its_first_service(registry: Served) -> None:
    made = (await registry.post("/v1/services", service(), **MAYOR)).json()
    found = (await registry.get(f"/v1/providers/{made['provider_id']}")).json()
    assert (found["body"], found["legal_form"], found["licence_required"]) == (
        "MUNICIPALITY:BLG03",
        "MUNICIPALITY",
        False,
    )


async def test_a_provider_registers_itself_and_its_service_at_a_new_place(registry: Served) -> None:
    own: dict[str, Any] = {"role": "provider", "body": f"PROVIDER:{EIK}"}
    assert (await registry.post("/v1/providers", provider(), **own)).status_code == 201
    body = service(responsible_provider={"eik": EIK}, management=None, financing="PRIVATE")
    made = await registry.post("/v1/services", body, **own)
    assert (made.status_code, made.json()["licence_required"]) == (201, True)


async def test_a_provider_registers_nobody_else(registry: Served) -> None:
    stranger: dict[str, Any] = {"role": "provider", "body": "PROVIDER:999000017"}
    assert (await registry.post("/v1/providers", provider(), **stranger)).status_code == 403
