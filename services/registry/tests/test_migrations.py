"""Data that a migration brings along."""

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg

from aksu_local.databases import ServiceUrls
from aksu_shared.db.migrate import upgrade

INSERT = """
INSERT INTO service (id, name, kind, activity_groups, target_groups, financing, state, licence_required, provider_id,
  provider_body, provider_name, place_id, municipality, settlement, address, version, scope, claim)
VALUES (gen_random_uuid(), $1, 'HOME_ELDERLY', '{}', '{ELDERLY}', 'PRIVATE', $2, true, $3, 'PROVIDER:130007884', 'П',
  $3, 'BLG03', 'гр. Благоевград', 'ул. Примерна 2', 1, '{public}', $4)"""
Fresh = Callable[..., Awaitable[ServiceUrls]]
PLACE = "01a204d0-ffc8-734a-852c-d6ee5604c62e"


async def test_active_services_claim_what_they_are_and_of_two_the_same_one_does(fresh_database: Fresh) -> None:
    urls = await fresh_database("registry", prepare=None)
    await asyncio.to_thread(upgrade, "registry", urls.owner, revision="20261122_service_at_place")
    worker = await asyncpg.connect(urls.worker)
    for name, state, claim in (
        ("А", "ACTIVE", "old"),
        ("а", "ACTIVE", None),
        ("Б", "ACTIVE", None),
        ("В", "CLOSED", None),
    ):
        await worker.execute(INSERT, name, state, PLACE, claim)
    await asyncio.to_thread(upgrade, "registry", urls.owner)
    claims = dict(await worker.fetch("SELECT lower(name), count(claim) FROM service GROUP BY 1"))
    assert claims == {"а": 1, "б": 1, "в": 0}
    assert await worker.fetchval("SELECT count(*) FROM service WHERE claim = 'old'") == 0
    await worker.close()
