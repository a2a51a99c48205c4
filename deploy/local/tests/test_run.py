"""`aksu-local run` as people use it: a table, tokens that work, a clean stop, and the data still there afterwards."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from aksu_local.databases import SERVICES
from aksu_local.folder import Folder

pytestmark = pytest.mark.processes

PROGRAM = Path(sys.executable).with_name("aksu-local")


class Run:
    """A running `aksu-local run` and what it printed."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.printed = ""

    async def until(self, text: str) -> None:
        """Read on until `text` is printed; fails with everything printed when the program ends before."""
        assert self._process.stdout is not None
        while text not in self.printed:
            line = await self._process.stdout.readline()
            assert line, self.printed
            self.printed += line.decode()

    async def signal(self, number: signal.Signals) -> int:
        """Send it, wait for the end, and give the exit code; no child may be left."""
        children = psutil.Process(self._process.pid).children(recursive=True)
        self._process.send_signal(number)
        assert self._process.stdout is not None
        self.printed += (await self._process.stdout.read()).decode()
        code = await self._process.wait()
        assert not [child for child in children if child.is_running()]
        return code


@asynccontextmanager
async def _running(home: Path, *options: str) -> AsyncIterator[Run]:
    process = await asyncio.create_subprocess_exec(
        str(PROGRAM),
        "run",
        *options,
        env=_environment(home),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield Run(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _environment(home: Path) -> Mapping[str, str]:
    return os.environ | {"AKSU_HOME": str(home), "COLUMNS": "200"}


async def _counts(printed: str) -> Mapping[str, int]:
    """What the printed registry answers to the printed inspector's token: providers and services in it."""
    address = re.search(r"registry\W+(http://\S+)", printed)
    token = re.search(r"^inspector=(\S+)", printed, re.MULTILINE)
    assert address
    assert token
    headers = {"Authorization": f"Bearer {token[1]}"}
    counts = {}
    async with httpx.AsyncClient(base_url=address[1], headers=headers) as client:
        for things in ("providers", "services"):
            cursor: str | None = ""
            counts[things] = 0
            while cursor is not None:
                answer = await client.get(
                    f"/v1/{things}", params={"limit": 200} | ({"cursor": cursor} if cursor else {})
                )
                counts[things] += len(answer.raise_for_status().json()["items"])
                cursor = answer.json()["next"]
    return counts


@pytest.mark.timeout(300)
async def test_a_first_run_shows_sample_data_and_a_second_one_finds_it_again(tmp_path: Path) -> None:
    async with _running(tmp_path) as first:
        await first.until("Stop: Ctrl-C")
        assert all(re.search(rf"{service}\W+http://127", first.printed) for service in SERVICES)
        counts = await _counts(first.printed)
        assert counts["providers"] > 300
        assert counts["services"] > 1000
        assert await first.signal(signal.SIGINT) == 0
    assert "sample data: " in first.printed
    assert Folder(tmp_path).running() is None

    async with _running(tmp_path) as second:
        await second.until("Stop: Ctrl-C")
        assert await _counts(second.printed) == counts
        assert await second.signal(signal.SIGTERM) == 0
    assert "sample data: " not in second.printed


async def test_ctrl_c_while_starting_stops_what_has_started(tmp_path: Path) -> None:
    async with _running(tmp_path) as run:
        await run.until("PostgreSQL")
        assert await run.signal(signal.SIGINT) == 0


async def _answer(home: Path, *command: str) -> tuple[int | None, str]:
    """The exit code and all the output of a command that ends by itself."""
    process = await asyncio.create_subprocess_exec(
        str(PROGRAM),
        *command,
        env=_environment(home),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode().strip()


async def test_a_second_run_in_the_same_folder_is_told_so_in_one_line(tmp_path: Path) -> None:
    with Folder(tmp_path).held(fresh=False):
        code, output = await _answer(tmp_path, "run")

    assert code == 1
    assert re.fullmatch(r"a platform already runs in .*", output)


@pytest.mark.parametrize(
    ("command", "code", "answer"),
    [
        (("token", "--role", "inspector"), 0, r"eyJ\S+\.eyJ\S+\.\S+"),
        (("token", "--role", "wizard"), 1, r".*wizard.*"),
        (("token", "--role", "provider"), 1, r"provider acts for a body: .*PROVIDER.*"),
        (("token", "--role", "inspector", "--body", "MUNICIPALITY:BLG03"), 1, r"inspector does not count for .*"),
        (("token", "--role", "municipality_officer", "--body", "MUNICIPALITY:ZZZ99"), 1, r".*no territory ZZZ99"),
        (("token", "--role", "integration"), 0, r"eyJ\S+\.eyJ\S+\.\S+"),
        (("clock",), 0, r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d EE.*"),
        (("clock", "--advance", "soon"), 1, r".*57mo.*"),
    ],
)
async def test_small_commands_answer_in_one_line(
    tmp_path: Path, command: tuple[str, ...], code: int, answer: str
) -> None:
    found, output = await _answer(tmp_path, *command)

    assert found == code
    assert re.fullmatch(answer, output)
