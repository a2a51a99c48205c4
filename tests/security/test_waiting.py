"""Who holds long polls open keeps nobody else from waiting: not people, not the platform's own services."""

import asyncio
from typing import Final
from urllib.parse import urlsplit

import httpx
import pytest

from aksu_local.served import Serve, Served
from aksu_local.waiting import eventually
from aksu_shared.serving.server import serving
from aksu_shared.web.app import ServiceApp
from aksu_shared.web.room import WaitingRoom

POLLS: Final = 440


@pytest.fixture
async def registry(serve: Serve) -> Served:
    return await serve("registry", max_concurrent_requests=None)


async def polls(url: str, after: str) -> list[asyncio.StreamWriter]:
    """As many connections of nobody in particular, each waiting for the next change."""
    address, writers = urlsplit(url), []
    for _ in range(POLLS):
        _, writer = await asyncio.open_connection(address.hostname, address.port)
        writer.write(b"GET /v1/changes?wait=30&after=%b HTTP/1.1\r\nHost: x\r\n\r\n" % after.encode())
        writers.append(writer)
    return writers


async def test_long_polls_of_one_address_stop_neither_the_revocation_feed_nor_others(registry: Served) -> None:
    assert isinstance(registry.app, ServiceApp)
    room: WaitingRoom = registry.app.edge_options["room"]

    async def taken() -> int:
        return room.taken

    service = {"Authorization": f"Bearer {registry.issuer.issue('service:licensing', roles=['integration'])}"}
    officer = registry.headers("licensing_officer", "AKSU")
    async with serving(registry.app) as url, httpx.AsyncClient(base_url=url, timeout=20) as client:
        after = (await client.get("/v1/changes")).json()["next"]
        writers = await polls(url, after)
        await eventually(taken, room.each.__eq__)
        waiting = {"after": after, "wait": 0.5}
        assert (await client.get("/v1/changes", params=waiting)).status_code == 429
        for headers in (service, officer):
            answer = await client.get("/v1/changes", params=waiting, headers=headers)
            assert (answer.status_code, answer.json()["items"]) == (200, [])
        assert (await client.get("/v1/services")).status_code == 200
        for writer in writers:
            writer.close()
        await eventually(taken, (0).__eq__)  # at once, and not after thirty seconds
        assert (await client.get("/v1/changes", params=waiting)).status_code == 200
