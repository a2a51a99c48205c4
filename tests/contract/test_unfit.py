"""Each process says in one line why it must not run on what it was given, and does not; `readyz` says so later."""

import asyncio
import shutil
import sys
from asyncio.subprocess import PIPE
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import asyncpg
import pytest

from aksu_local.databases import SERVICES, ServiceUrls
from aksu_local.process import free_port
from aksu_local.served import SCHEMAS, Serve
from aksu_local.templates import Databases
from aksu_local.waiting import eventually
from aksu_shared.auth.issuer import DevelopmentIssuer

Fresh = Callable[..., Awaitable[ServiceUrls]]
Told = tuple[int, str]
"""Exit code, and what was written."""


async def run(service: str, *arguments: str, env: Mapping[str, str]) -> Told:
    program = shutil.which(f"aksu-{service}", path=str(Path(sys.executable).parent))
    assert program is not None
    process = await asyncio.create_subprocess_exec(program, *arguments, env=env, stdout=PIPE, stderr=PIPE)
    async with asyncio.timeout(60):
        out, err = await process.communicate()
    return process.returncode or 0, (out + err).decode()


def environment(urls: ServiceUrls, issuer: DevelopmentIssuer, bus: str, **told: str) -> dict[str, str]:
    known = {
        "AKSU_ENVIRONMENT": "test",
        "AKSU_DATABASE_URL": urls.runtime,
        "AKSU_WORKER_DATABASE_URL": urls.worker,
        "AKSU_OWNER_DATABASE_URL": urls.owner,
        "AKSU_BUS_URL": bus,
        "AKSU_OIDC_ISSUER": issuer.issuer,
        "AKSU_OIDC_JWKS_FILE": str(issuer.jwks_file),
    }
    return known | told


@pytest.fixture
async def bus(fresh_bus: Callable[[], Awaitable[str]]) -> str:
    return await fresh_bus()


async def test_a_process_in_the_wrong_role_does_not_start(
    fresh_database: Fresh, issuer: DevelopmentIssuer, bus: str
) -> None:
    urls = await fresh_database("registry", prepare=SCHEMAS["registry"])
    as_worker = environment(urls, issuer, bus, AKSU_DATABASE_URL=urls.worker)
    code, said = await run("registry", "api", "--port", str(free_port()), env=as_worker)
    assert code == 3
    assert "Serving" not in said
    assert "database role registry_worker must not be used here: it is not registry_runtime" in said
    port = ("--health-port", str(free_port()))
    as_runtime = environment(urls, issuer, bus, AKSU_WORKER_DATABASE_URL=urls.runtime)
    why = "it is not registry_worker; it is registry_runtime too"
    for command in (("worker", *port), ("log", "head")):
        code, said = await run("registry", *command, env=as_runtime)
        assert code == 2
        assert said.splitlines()[-1] == f"database role registry_runtime must not be used here: {why}"
        assert "Traceback" not in said


@pytest.mark.parametrize("command", ["migrate", "worker", "log head", "api"])
async def test_no_process_takes_another_services_database_for_its_own(
    fresh_database: Fresh, issuer: DevelopmentIssuer, bus: str, command: str
) -> None:
    theirs = await fresh_database("registry", prepare=SCHEMAS["registry"])
    before = await _tables(theirs)
    code, said = await run("licensing", *command.split(), env=environment(theirs, issuer, bus))
    assert code == (3 if command == "api" else 2)
    assert "this database is that of aksu-registry, not of aksu-licensing" in said
    assert command == "api" or "Traceback" not in said
    assert await _tables(theirs) == before


async def _tables(urls: ServiceUrls) -> list[str]:
    connection = await asyncpg.connect(urls.owner)
    try:
        rows = await connection.fetch(
            "SELECT relname, relkind FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        )
        return sorted(row["relname"] for row in rows)
    finally:
        await connection.close()


@pytest.mark.parametrize("service", SERVICES)
async def test_an_api_is_not_ready_while_row_level_security_does_not_hide_anything(
    serve: Serve, databases: Databases, service: str
) -> None:
    served = await serve(service)
    checks = (await served.get("/readyz")).json()["checks"]
    assert (checks["database"], checks["role"]) == ("ok", "ok")
    superuser = await asyncpg.connect(databases.server.url(served.urls.database))
    await superuser.execute("ALTER TABLE change_log DISABLE ROW LEVEL SECURITY")

    async def reported() -> bool:
        answer = await served.get("/readyz")
        return answer.status_code == 503 and answer.json()["checks"]["role"] == "failed"

    await eventually(reported)
    await superuser.close()
