"""A service's database restored from a backup: its consumers drop the lost future, list its effects, and converge."""

import asyncio
import shutil
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from aksu_local.databases import SERVICES, create_service_database, drop_database
from aksu_local.platform import BusKind, Platform
from aksu_local.ports import Kind
from aksu_local.sample import write_register
from aksu_local.waiting import eventually

pytestmark = pytest.mark.processes

CONSUMERS = ("licensing", "monitoring", "reporting")
ROWS_WITH_LICENCES = "SELECT count(DISTINCT register_row_id) FROM licence"
KINDS: tuple[Kind, ...] = ("api", "worker")


class Site:
    """The platform as its operator sees it."""

    def __init__(self, platform: Platform, client: httpx.AsyncClient, folder: Path) -> None:
        self.platform = platform
        self.client = client
        self.folder = folder

    async def ask(self, service: str, path: str, *, role: str = "operator", body: str | None = None) -> Any:
        headers = {"Authorization": f"Bearer {self.platform.token(role, body)}"}
        answer = await self.client.get(f"{self.platform.url(service)}{path}", headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.platform.token('licensing_officer', 'AKSU')}"}
        headers |= {"Idempotency-Key": str(uuid4())} | options.pop("headers", {})
        answer = await self.client.request(method, f"{self.platform.url('registry')}{path}", headers=headers, **options)
        assert answer.status_code < 300, answer.text
        return answer

    async def import_rows(self, *, first: int) -> int:
        """New rows of the public register, whose licences licensing makes; how many."""
        file = self.folder / f"register-{first}.xlsx"
        made = write_register(
            file, today=datetime.now(UTC).date(), seed=first, providers=10, services=10, first_licence=first
        )
        await self.send("POST", "/v1/imports", files={"file": ("register.xlsx", file.read_bytes())})
        return made.services

    async def licensed(self, rows: int) -> None:
        """Wait until that many rows of the register have had their effect."""
        await eventually(
            lambda: self.count("licensing", ROWS_WITH_LICENCES), lambda seen: seen == rows, within=60, every=0.3
        )

    async def rename(self, provider: dict[str, Any], name: str) -> None:
        known = (await self.client.get(f"{self.platform.url('registry')}/v1/providers/{provider['id']}")).json()
        match = {"If-Match": f'"{known["version"]}"'}
        await self.send(
            "PATCH", f"/v1/providers/{provider['id']}", json={"name": name, "reason": "проба"}, headers=match
        )

    async def converged(self) -> None:
        async def equal() -> list[Any]:
            found = [await self.ask(service, "/v1/reconcile") for service in CONSUMERS]
            return [item for each in found for item in each["items"] if not item["equal"]]

        await eventually(equal, lambda differing: not differing, within=90, every=0.5)

    async def count(self, service: str, sql: str) -> int:
        connection = await asyncpg.connect(self.platform.databases[service].worker)
        try:
            return int(await connection.fetchval(sql))
        finally:
            await connection.close()

    async def down(self, service: str) -> None:
        for kind in KINDS:
            await self.platform.process(service, kind).end()

    async def up(self, service: str) -> None:
        for kind in KINDS:
            self.platform.process(service, kind).start()
        for kind in KINDS:
            await self.platform.process(service, kind).wait_ready()

    async def back_up(self, service: str) -> None:
        """A copy of the database as of now."""
        await self.down(service)
        await create_service_database(self.platform.postgres, service, database=f"{service}_backup", template=service)
        await self.up(service)

    async def restore(self, service: str) -> str:
        """The copy in the database's place, and a new epoch, as the operator would."""
        await self.down(service)
        await drop_database(self.platform.postgres, service)
        await create_service_database(self.platform.postgres, service, template=f"{service}_backup")
        said = await self.command(service, "log", "new-epoch", "--reason", "проба на възстановяване")
        await self.up(service)
        return said

    async def command(self, service: str, *arguments: str) -> str:
        program = shutil.which(f"aksu-{service}", path=str(Path(sys.executable).parent))
        assert program is not None
        environment = self.platform.service_environment(service)
        process = await asyncio.create_subprocess_exec(program, *arguments, env=environment, stdout=PIPE, stderr=PIPE)
        said, complaints = await process.communicate()
        assert process.returncode == 0, complaints.decode()
        return said.decode()


@pytest.fixture(params=["embedded", "kafka"])
async def site(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Site]:
    bus: BusKind = request.param
    async with Platform(bus=bus) as platform, httpx.AsyncClient(timeout=60) as client:
        yield Site(platform, client, tmp_path)


@pytest.mark.timeout(600)
async def test_after_a_restore_copies_equal_their_owner_again_and_effects_without_cause_are_listed(site: Site) -> None:
    kept = await site.import_rows(first=10_000)
    providers = (await site.ask("registry", "/v1/providers?limit=5"))["items"]
    await site.licensed(kept)
    await site.converged()
    await site.back_up("registry")

    # What the restore will lose: new rows with their licences, new versions of what is there.
    await site.rename(providers[0], "Загубено име")
    await site.rename(providers[0], "Загубено име отново")
    lost = await site.import_rows(first=20_000)
    await site.licensed(kept + lost)
    await site.converged()

    assert "began" in await site.restore("registry")
    await site.rename(providers[0], "Име след възстановяването")
    new = await site.import_rows(first=30_000)
    # What the registry tells now has its effects, though versions and numbers repeat those of the lost future.
    await site.licensed(kept + lost + new)
    await site.converged()

    causes = (await site.ask("licensing", "/v1/vanished-causes?limit=200"))["items"]
    effects = [effect for cause in causes for effect in cause["effects"]]
    assert {effect["type"] for effect in effects} == {"bg.aksu.licensing.licence.imported.v1"}
    assert sum(bool(cause["effects"]) for cause in causes) == lost
    assert (await site.ask("reporting", "/v1/vanished-causes"))["items"]
    found = await site.ask("reporting", "/v1/reconcile")
    told = [item for item in found["items"] if item["source"] == "registry"]
    assert all(item["here"]["epoch"] == item["at_owner"]["epoch"] for item in told)
    for service in SERVICES:
        assert await site.count(service, "SELECT count(*) FROM dead_letter") == 0
        assert ": 0 wrong" in await site.command(service, "log", "verify")


@pytest.mark.timeout(600)
async def test_a_restored_consumer_catches_up_with_what_it_had_heard_and_lost(site: Site) -> None:
    known = await site.import_rows(first=10_000)
    await site.licensed(known)
    await site.back_up("licensing")
    forgotten = await site.import_rows(first=20_000)
    await site.licensed(known + forgotten)
    await site.converged()

    await site.restore("licensing")
    await site.licensed(known + forgotten)
    assert await site.count("licensing", "SELECT count(*) - count(DISTINCT number) FROM licence") == 0
    new = await site.import_rows(first=30_000)
    await site.licensed(known + forgotten + new)
    await site.converged()
    assert await site.count("licensing", "SELECT count(*) FROM dead_letter") == 0
