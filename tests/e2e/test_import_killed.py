"""An import from the command line that is killed in the middle, and run again."""

import asyncio
import shutil
import signal
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import httpx
import pytest

from aksu_local.platform import Platform
from aksu_local.sample import write_register
from aksu_local.waiting import eventually

pytestmark = pytest.mark.processes

ROWS = 1_000


@pytest.fixture
async def registry() -> AsyncIterator[Platform]:
    async with Platform(services=("registry",)) as platform:
        yield platform


async def importing(platform: Platform, file: Path, *options: str) -> Process:
    command = shutil.which("aksu-registry", path=str(Path(sys.executable).parent))
    assert command is not None
    environment = platform.service_environment("registry")
    return await asyncio.create_subprocess_exec(
        command, "import", str(file), *options, env=environment, stdout=DEVNULL, stderr=DEVNULL
    )


@pytest.mark.timeout(300)
async def test_an_import_killed_in_the_middle_is_run_again_and_doubles_nothing(
    registry: Platform, tmp_path: Path
) -> None:
    file = tmp_path / "register.xlsx"
    rows = write_register(file, today=datetime.now(UTC).date(), services=ROWS).services
    connection = await asyncpg.connect(registry.databases["registry"].worker)

    async def stored() -> int:
        return int(await connection.fetchval("SELECT count(*) FROM register_row"))

    first = await importing(registry, file)
    await eventually(stored, within=60)
    first.send_signal(signal.SIGKILL)
    await first.wait()
    assert 0 < await stored() <= rows
    assert await (await importing(registry, file)).wait() == 0
    assert await stored() == rows
    assert await connection.fetchval("SELECT count(*) FROM service") == rows
    changes = await connection.fetchval("SELECT count(*) FROM change_log WHERE topic LIKE '%register_row%'")
    assert changes == rows
    await connection.close()


async def test_a_dry_run_from_the_command_line_stores_nothing(registry: Platform, tmp_path: Path) -> None:
    file = tmp_path / "register.xlsx"
    write_register(file, today=datetime.now(UTC).date(), providers=20, services=50)
    assert await (await importing(registry, file, "--dry-run")).wait() == 0
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{registry.url('registry')}/v1/services")).json()["items"] == []


async def test_what_is_no_workbook_ends_with_a_code_and_stores_nothing(registry: Platform, tmp_path: Path) -> None:
    file = tmp_path / "register.xlsx"
    file.write_text("not a workbook", encoding="utf-8")
    assert await (await importing(registry, file)).wait() == 2
    assert await (await importing(registry, tmp_path / "absent.xlsx")).wait() == 2
