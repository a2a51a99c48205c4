"""Revocation over the whole platform: within a second in every service, on both buses; and who hears nothing, waits."""

import time
from functools import partial
from uuid import uuid4

import asyncpg
import httpx
import pytest

from aksu_local.platform import BusKind, Platform
from aksu_local.ports import KINDS
from aksu_local.waiting import eventually

READS = {
    "registry": "/v1/services",
    "licensing": "/v1/applications",
    "monitoring": "/v1/inspections",
    "reporting": "/v1/services",
}
WITHIN = 1.0
"""Seconds from the answer of the revocation to the refusal in every service."""


@pytest.mark.parametrize("bus", ["embedded", "kafka"])
async def test_a_revoked_subject_is_refused_everywhere_within_a_second(bus: BusKind) -> None:
    async with Platform(bus=bus) as platform, httpx.AsyncClient(timeout=30) as client:
        slowest = 0.0
        for number in range(5):
            subject = f"gone-{number}"
            gone = {"Authorization": f"Bearer {platform.token('inspector', 'AKSU', subject=subject)}"}
            for service, path in READS.items():
                assert (await client.get(platform.url(service) + path, headers=gone)).status_code == 200
            await revoke(client, platform, subject)
            started = time.monotonic()
            for service, path in READS.items():
                url = platform.url(service) + path
                await eventually(partial(status, client, url, gone), lambda code: code == 401, within=10)
            slowest = max(slowest, time.monotonic() - started)
        assert slowest < WITHIN


async def test_a_service_that_hears_no_beat_reads_and_does_not_write() -> None:
    """The registry is away whole: what it would tell of nobody can know, neither by the bus nor by its feed."""
    async with Platform() as platform, httpx.AsyncClient(timeout=30) as client:
        officer = {"Authorization": f"Bearer {platform.token('licensing_officer', 'AKSU')}"}
        url = platform.url("licensing")
        step = f"{url}/v1/applications/{uuid4()}/start-review"
        registry = [platform.process("registry", kind) for kind in KINDS]
        for process in registry:
            process.stop()
        worker = await asyncpg.connect(platform.databases["licensing"].worker)
        await worker.execute("UPDATE source_state SET heard_at = now() - interval '59 s' WHERE source = 'registry'")
        await eventually(lambda: _known(platform), lambda known: not known, within=10)
        await worker.close()
        assert (await client.get(f"{url}/v1/applications", headers=officer)).status_code == 200
        refused = await client.post(step, json={}, headers=officer | {"Idempotency-Key": "1"})
        assert refused.status_code == 503
        for process in registry:
            process.cont()
        await eventually(lambda: _known(platform), within=30)


async def _known(platform: Platform) -> bool:
    connection = await asyncpg.connect(platform.databases["licensing"].runtime)
    try:
        return bool(await connection.fetchval("SELECT access_is_known()"))
    finally:
        await connection.close()


async def status(client: httpx.AsyncClient, url: str, headers: dict[str, str]) -> int:
    return (await client.get(url, headers=headers)).status_code


async def revoke(client: httpx.AsyncClient, platform: Platform, subject: str) -> None:
    first = {"Authorization": f"Bearer {platform.token('operator')}"}
    second = {"Authorization": f"Bearer {platform.token('executive_director', 'AKSU')}"}
    url, body = f"{platform.url('registry')}/v1/access-requests", {"subject": subject, "reason": "напуснал"}
    asked = await client.post(url, json=body, headers=first | {"Idempotency-Key": str(uuid4())})
    assert asked.status_code == 201, asked.text
    confirm = f"{url}/{asked.json()['id']}/confirm"
    answer = await client.post(confirm, json={}, headers=second | {"Idempotency-Key": str(uuid4())})
    assert answer.status_code == 200, answer.text
