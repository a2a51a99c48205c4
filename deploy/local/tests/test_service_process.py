"""A service's process comes back whatever ended it, and stays away when told so."""

import asyncio
import os
import sys
import textwrap
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest
import pytest_asyncio

from aksu_local.ports import any_ports
from aksu_local.process import ProcessDied
from aksu_local.service_process import ServiceProcess, http_status
from aksu_local.waiting import eventually

pytestmark = pytest.mark.processes

Make = Callable[..., ServiceProcess]
StandIn = Callable[[str], Path]


@pytest_asyncio.fixture
async def make(tmp_path: Path, stand_in: StandIn) -> AsyncIterator[Make]:
    """Makes a stand-in of the registry's API; its environment by keywords."""
    made: list[ServiceProcess] = []

    def one(**environment: str) -> ServiceProcess:
        made.append(
            ServiceProcess(
                "registry",
                "api",
                program=stand_in("registry"),
                port=any_ports(("registry",))["registry", "api"],
                log=tmp_path / "registry-api.log",
                env=os.environ | environment,
            )
        )
        return made[-1]

    yield one
    for process in made:
        await process.kill(stay_down=True)


async def _revived(process: ServiceProcess, *, starts: int) -> None:
    async def started() -> int:
        process.revive()
        return process.starts

    await eventually(started, lambda count: count == starts)


async def test_a_killed_process_comes_back_on_the_same_port(make: Make) -> None:
    process = make()
    process.start()
    await process.wait_ready()
    first = process.pid

    await process.kill()
    await _revived(process, starts=2)
    await process.wait_ready()

    assert process.pid != first
    assert await http_status(process.port, "/readyz") == 200


async def test_a_process_told_to_stay_down_is_not_started_again(make: Make) -> None:
    process = make()
    process.start()
    await process.wait_ready()

    await process.kill(stay_down=True)
    assert not process.revive()
    assert not process.running
    with pytest.raises(ProcessDied, match="not running"):
        _ = process.pid


async def test_pauses_between_starts_grow_while_a_process_keeps_ending(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr("aksu_local.service_process.time.monotonic", lambda: now)
    process = make(STAND_IN_FAILS="all")
    process.start()
    pauses: list[float] = []
    while len(pauses) < 6:
        assert process._process is not None
        process._process.wait()
        before = now
        while not process.revive():
            now += 0.05
        pauses.append(round(now - before, 1))

    assert pauses == [0.2, 1.0, 2.0, 5.0, 10.0, 10.0]


async def test_a_process_that_ends_before_it_is_ready_shows_the_end_of_its_log(make: Make) -> None:
    process = make(STAND_IN_FAILS="api")
    process.start()

    with pytest.raises(ProcessDied, match=r"code 3:\n[\s\S]*told to fail"):
        await process.wait_ready()


async def test_a_process_deaf_to_sigterm_is_ended_all_the_same(make: Make) -> None:
    process = make(STAND_IN_DEAF="1")
    process.start()
    await process.wait_ready()

    await process.end(patience=0.3)
    assert not process.running


async def test_a_frozen_process_answers_again_after_it_is_thawed(make: Make) -> None:
    process = make()
    process.start()
    await process.wait_ready()

    process.stop()
    assert await http_status(process.port, "/readyz", timeout=0.3) is None
    process.cont()
    assert await http_status(process.port, "/readyz") == 200


async def test_a_frozen_process_can_be_ended(make: Make) -> None:
    process = make()
    process.start()
    await process.wait_ready()
    process.stop()

    await process.end()
    assert not process.running


async def test_a_restart_gives_a_new_process_with_what_is_added_to_its_environment(make: Make) -> None:
    process = make()
    process.start()
    await process.wait_ready()
    first = process.pid

    await process.restart(env={"AKSU_FAILPOINT": "before_commit"})

    assert process.pid != first
    assert psutil.Process(process.pid).environ()["AKSU_FAILPOINT"] == "before_commit"


async def test_no_process_outlives_a_killed_supervisor(tmp_path: Path, stand_in: StandIn) -> None:
    supervisor = tmp_path / "supervisor.py"
    supervisor.write_text(
        textwrap.dedent(f"""
        import asyncio, os
        from pathlib import Path
        from aksu_local.service_process import ServiceProcess
        process = ServiceProcess("registry", "api", program=Path({str(stand_in("registry"))!r}),
            port={any_ports(("registry",))["registry", "api"]}, log=Path({str(tmp_path / "log")!r}), env=os.environ)
        process.start()
        asyncio.run(process.wait_ready())
        print(process.pid, flush=True)
        input()
        """)
    )
    pipe = asyncio.subprocess.PIPE
    parent = await asyncio.create_subprocess_exec(sys.executable, supervisor, stdin=pipe, stdout=pipe)
    assert parent.stdout is not None
    child = psutil.Process(int(await parent.stdout.readline()))
    parent.kill()
    await parent.wait()

    async def gone() -> bool:
        return not child.is_running() or child.status() == psutil.STATUS_ZOMBIE

    await eventually(gone)
