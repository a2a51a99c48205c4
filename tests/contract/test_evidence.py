"""`log verify` names what was edited in a table behind the log's back, and what nobody of the service signed."""

import asyncio
import shutil
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from pydantic import SecretStr

from aksu_local.served import Serve, Served
from aksu_local.templates import Databases
from aksu_local.waiting import eventually
from aksu_local.worker_rig import Log
from aksu_registry.worker import PARTS
from aksu_shared.db.notify import Notifier
from aksu_shared.worker.evidence import contradictions
from aksu_shared.worker.heads import append_head, head_of

OFFICER: dict[str, Any] = {"role": "licensing_officer", "body": "AKSU"}
PROVIDER = {"eik": "130007884", "name": "Фондация", "legal_form": "NGO", "seat_municipality": "BLG03"}
SEQUENCED = "SELECT count(*) = 0 FROM change_log WHERE position IS NULL"


@pytest_asyncio.fixture
async def registry(serve: Serve) -> Served:
    """A registry with one provider, amended once, and its log chained."""
    served = await serve("registry")
    made = await served.post("/v1/providers", PROVIDER, **OFFICER)
    assert made.status_code == 201, made.text
    path, change = f"/v1/providers/{made.json()['id']}", {"name": "Друго име", "reason": "проба"}
    assert (await served.patch(path, change, version=1, **OFFICER)).status_code == 200
    async with Notifier(served.urls.worker) as notifier, Log(served.urls, served.worker, notifier):
        await eventually(lambda: served.worker.fetchval(SEQUENCED))
    return served


@pytest_asyncio.fixture
async def owner(registry: Served, databases: Databases) -> AsyncIterator[asyncpg.Connection]:
    """Somebody who may do anything to the database."""
    connection = await asyncpg.connect(databases.server.url(registry.urls.database))
    yield connection
    await connection.close()


async def named(registry: Served) -> list[tuple[str, tuple[str, ...]]]:
    return [(each.table, each.fields) for each in await contradictions(registry.worker, PARTS.aggregates)]


async def verified(registry: Served, *arguments: str) -> tuple[int, str]:
    """The exit code of `log verify` and what it says."""
    program = shutil.which("aksu-registry", path=str(Path(sys.executable).parent))
    assert program is not None
    environment = {
        "AKSU_ENVIRONMENT": "test",
        "AKSU_DATABASE_URL": registry.urls.runtime,
        "AKSU_WORKER_DATABASE_URL": registry.urls.worker,
        "AKSU_BUS_URL": registry.config.bus_url.get_secret_value(),
        "AKSU_OIDC_ISSUER": registry.config.oidc_issuer,
        "AKSU_OIDC_JWKS_FILE": str(registry.config.oidc_jwks_file),
    }
    process = await asyncio.create_subprocess_exec(
        program, "log", "verify", *arguments, env=environment, stdout=PIPE, stderr=PIPE
    )
    said, complaints = await process.communicate()
    return process.returncode or 0, said.decode() + complaints.decode()


async def test_what_nobody_edited_agrees_with_its_log(registry: Served, tmp_path: Path) -> None:
    assert await named(registry) == []
    code, said = await verified(registry)
    assert (code, "0 wrong" in said, "is NOT found" in said) == (0, True, True)
    append_head(tmp_path / "heads", await head_of(registry.worker, "registry"))
    code, said = await verified(registry, "--heads", str(tmp_path / "heads"))
    assert (code, "is NOT found" in said) == (0, False)


async def test_a_value_edited_in_a_table_only_is_named_with_its_field(
    registry: Served, owner: asyncpg.Connection
) -> None:
    key = await owner.fetchval("UPDATE provider SET legal_form = 'STATE', scope = '{public}' RETURNING id::text")
    assert await named(registry) == [("provider", ("legal_form", "scope"))]
    code, said = await verified(registry)
    assert (code, f"registry.provider {key}: legal_form, scope" in said) == (1, True)


@pytest.mark.parametrize(
    ("edit", "fields"),
    [
        ("DELETE FROM provider", ("(no row)",)),
        ("UPDATE provider SET version = 1", ("version",)),
        ("DELETE FROM change_log WHERE topic = 'aksu.registry.provider.v1'", ("(no change)",)),
        ("DELETE FROM change_log WHERE topic = 'aksu.registry.provider.v1' AND version = 1", ("(versions)",)),
    ],
)
async def test_a_row_or_a_change_without_the_other_is_named(
    registry: Served, owner: asyncpg.Connection, edit: str, fields: tuple[str, ...]
) -> None:
    await owner.execute(edit)
    assert await named(registry) == [("provider", fields)]


async def test_a_signed_change_that_is_written_again_is_named(registry: Served, owner: asyncpg.Connection) -> None:
    columns = "event_id, type, topic, aggregate_id, version, state, changed, scope, legal_time, mac"
    await owner.execute(
        f"INSERT INTO change_log ({columns}) SELECT {columns} FROM change_log"
        " WHERE topic = 'aksu.registry.provider.v1' AND version = 1"
    )
    assert ("provider", ("(versions)",)) in await named(registry)


async def test_a_log_chained_anew_after_an_edit_is_named_by_its_macs(
    registry: Served, owner: asyncpg.Connection
) -> None:
    seq = await owner.fetchval("UPDATE change_log SET reason = 'x' WHERE position = 1 RETURNING seq")
    code, said = await verified(registry)
    assert (code, f"WRONG_MAC: position 1, seq {seq}" in said) == (1, True)


async def test_an_api_signs_with_its_own_keys(serve: Serve) -> None:
    served = await serve("registry", log_key=SecretStr("new:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="))
    assert (await served.post("/v1/providers", PROVIDER, **OFFICER)).status_code == 201
    assert await served.worker.fetchval("SELECT bool_and(mac LIKE 'new:%') FROM change_log")
