"""The server of our own: it keeps what was committed, and never outlives us."""

import asyncio
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest
import pytest_asyncio

from aksu_local.postgres import Postgres
from aksu_local.process import ProcessDied
from aksu_local.waiting import eventually

pytestmark = pytest.mark.processes

_ORPHAN_MAKER = """
import asyncio, pathlib, sys
from aksu_local.{module} import {name}
from aksu_shared.kernel.logging import configure_logging
configure_logging()
async def main():
    server = {name}(pathlib.Path(sys.argv[1]))
    await server.start()
    print(server.pid, flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    # Not pytest's folder: that one is closed to the user the server runs as when we are root.
    with tempfile.TemporaryDirectory(prefix="aksu-test-") as name:
        yield Path(name)


@pytest_asyncio.fixture
async def server(folder: Path) -> AsyncIterator[Postgres]:
    async with Postgres(folder, durable=False, listen=True) as server:
        yield server


async def ask(url: str, query: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


@pytest.mark.parametrize("end", ["stop", "kill"])
async def test_committed_rows_survive_on_the_same_address(server: Postgres, end: str) -> None:
    url = server.url()
    await ask(url, "CREATE TABLE kept AS SELECT 7 AS number")
    await getattr(server, end)()
    with pytest.raises(OSError, match=r"No such file|Connect"):
        await ask(url, "SELECT 1")
    await server.start()
    assert await ask(url, "SELECT number FROM kept") == 7


async def test_another_server_object_takes_up_the_folder_later(folder: Path) -> None:
    async with Postgres(folder, durable=False) as first:
        await ask(first.url(), "CREATE TABLE kept AS SELECT 7 AS number")
    async with Postgres(folder, durable=False) as second:
        assert await ask(second.url(), "SELECT number FROM kept") == 7


async def test_tcp_asks_for_the_password_and_the_socket_does_not(server: Postgres) -> None:
    assert await ask(server.url(tcp=True), "SELECT 1") == 1
    with pytest.raises(asyncpg.InvalidPasswordError):
        await ask(server.url(tcp=True).replace(server.password, "guess"), "SELECT 1")


async def test_cyrillic_is_folded_and_sorted_in_code_point_order(server: Postgres) -> None:
    assert (
        await ask(
            server.url(), "SELECT lower('ЖИВКОВА') || string_agg(x, '' ORDER BY x) FROM unnest('{я,а,ж}'::text[]) x"
        )
        == "живковаажя"
    )


async def test_a_folder_with_a_very_long_path_still_gets_a_socket(folder: Path) -> None:
    async with Postgres(folder / ("d" * 60) / ("e" * 60), durable=False) as server:
        assert await ask(server.url(), "SELECT 1") == 1


async def test_a_pid_file_left_by_a_crash_of_the_machine_does_not_keep_it_from_starting(folder: Path) -> None:
    server = Postgres(folder, durable=False)
    await server.start()
    left_behind = (folder / "data" / "postmaster.pid").read_text().splitlines()
    await server.stop()
    (folder / "data" / "postmaster.pid").write_text("\n".join([str(psutil.Process().pid), *left_behind[1:]]) + "\n")
    async with server:
        assert await ask(server.url(), "SELECT 1") == 1


async def test_a_server_that_cannot_start_says_why(folder: Path) -> None:
    with pytest.raises(ProcessDied, match="no_such_setting"):
        await Postgres(folder, durable=False, settings={"no_such_setting": "1"}).start()


@pytest.mark.parametrize(("module", "name"), [("postgres", "Postgres"), ("kafka", "Kafka")])
async def test_no_server_outlives_a_killed_parent(folder: Path, module: str, name: str) -> None:
    source = _ORPHAN_MAKER.format(module=module, name=name)
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", source, str(folder), stdout=subprocess.PIPE)
    assert parent.stdout is not None
    child = psutil.Process(int(await parent.stdout.readline()))
    parent.send_signal(signal.SIGKILL)
    await parent.communicate()

    async def gone() -> bool:
        return not child.is_running() or child.status() == psutil.STATUS_ZOMBIE

    await eventually(gone, within=10)
