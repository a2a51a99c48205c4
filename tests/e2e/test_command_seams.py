"""A command whose process dies at any seam: the answer is lost, the same key gives it, and nothing is done twice."""

from collections.abc import AsyncIterator
from typing import Any, get_args
from uuid import uuid4

import asyncpg
import httpx
import pytest

from aksu_local.platform import Platform
from aksu_shared.kernel.eik import complete_eik
from aksu_shared.kernel.failpoint import Seam

pytestmark = pytest.mark.processes

SEAMS = ("after_insert", "before_commit", "after_commit_before_ack")


@pytest.fixture
async def registry() -> AsyncIterator[Platform]:
    async with Platform(services=("registry",)) as platform:
        yield platform


def provider(number: int) -> dict[str, Any]:
    seat = {"seat_municipality": "BLG03", "seat_address": "ул. Първа 1"}
    return {"eik": complete_eik(f"130{number:05}"), "name": "Фондация Надежда", "legal_form": "NGO", **seat}


async def send(platform: Platform, body: dict[str, Any], key: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {platform.token('licensing_officer', 'AKSU')}", "Idempotency-Key": key}
    async with httpx.AsyncClient(base_url=platform.url("registry"), timeout=30) as client:
        return await client.post("/v1/providers", json=body, headers=headers)


@pytest.mark.timeout(300)
async def test_a_command_killed_at_a_seam_is_done_once_and_answered_the_same_however_often_it_is_sent(
    registry: Platform,
) -> None:
    assert set(SEAMS) <= set(get_args(Seam))
    api = registry.process("registry", "api")
    connection = await asyncpg.connect(registry.databases["registry"].worker)
    for number, seam in enumerate(SEAMS, start=1):
        body, key = provider(number), str(uuid4())
        await api.restart(env={"AKSU_FAILPOINT": seam})
        with pytest.raises(httpx.TransportError):
            await send(registry, body, key)
        stored = await connection.fetchval("SELECT count(*) FROM provider WHERE eik = $1", body["eik"])
        assert stored == (seam == "after_commit_before_ack"), seam
        await api.restart(env={"AKSU_FAILPOINT": ""})
        first, again = await send(registry, body, key), await send(registry, body, key)
        assert first.status_code == 201, first.text
        assert (again.content, again.headers["Aksu-Position"]) == (first.content, first.headers["Aksu-Position"])
        counts = await connection.fetchrow(
            """SELECT (SELECT count(*) FROM provider WHERE eik = $1),
                      (SELECT count(*) FROM change_log WHERE state ->> 'eik' = $1),
                      (SELECT count(*) FROM idempotency WHERE key = $2)""",
            body["eik"],
            key,
        )
        assert tuple(counts) == (1, 1, 1), seam
    await connection.close()
