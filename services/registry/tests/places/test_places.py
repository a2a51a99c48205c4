"""Places over HTTP."""

from registry_builders import MAYOR, service

from aksu_local.served import Served


async def test_services_at_one_address_share_a_place_however_it_is_typed(registry: Served) -> None:
    first = (await registry.post("/v1/services", service(), **MAYOR)).json()
    other = service(
        name="Дневен център", kind="DAY_CENTRE_ELDERLY", settlement="град Благоевград", address="улица Примерна №2"
    )
    second = (await registry.post("/v1/services", other, **MAYOR)).json()
    assert first["place_id"] == second["place_id"]


async def test_an_unchanged_resource_is_304(registry: Served) -> None:
    made = (await registry.post("/v1/services", service(), **MAYOR)).json()
    path = f"/v1/places/{made['place_id']}"
    etag = (await registry.get(path)).headers["ETag"]
    assert (await registry.get(path, headers={"If-None-Match": etag})).status_code == 304
