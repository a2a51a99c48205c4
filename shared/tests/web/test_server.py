"""How a process leaves: not ready first, then no request dropped."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from aksu_shared.serving.server import serving

pytestmark = pytest.mark.processes

PROGRAM = """
import asyncio
from contextlib import asynccontextmanager
from pathlib import Path
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from aksu_shared.kernel.logging import configure_logging
from aksu_shared.serving.health import Health, health_routes
from aksu_shared.serving.server import build_server
import uvloop

folder = Path("{folder}")
health = Health()

async def slow(request):
    (folder / "entered").touch()
    while not (folder / "release").exists():
        await asyncio.sleep(0.01)
    return PlainTextResponse("finished")

@asynccontextmanager
async def lifespan(app):
    yield
    (folder / "closed").touch()

app = Starlette(routes=[Route("/slow", slow), *health_routes(health)], lifespan=lifespan)
server = build_server(app, health=health, drain_seconds={drain})

async def main():
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    (folder / "port.tmp").write_text(str(server.port))
    (folder / "port.tmp").rename(folder / "port")
    await serving

configure_logging(json=True)
uvloop.run(main())
"""


@asynccontextmanager
async def process(folder: Path, *, drain: float) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    code = PROGRAM.format(folder=folder, drain=drain)
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stderr=asyncio.subprocess.DEVNULL)
    try:
        await exists(folder / "port")
        yield child, f"http://127.0.0.1:{(folder / 'port').read_text()}"
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()


async def exists(path: Path) -> None:
    async with asyncio.timeout(20):
        while not path.exists():  # noqa: ASYNC110 - a file of another process
            await asyncio.sleep(0.02)


async def test_sigterm_finishes_the_request_at_work_closes_the_lifespan_and_exits_0(tmp_path: Path) -> None:
    async with process(tmp_path, drain=0) as (child, url), httpx.AsyncClient(timeout=20) as client:
        request = asyncio.create_task(client.get(f"{url}/slow"))
        await exists(tmp_path / "entered")
        os.kill(child.pid, signal.SIGTERM)
        await refused(url)
        (tmp_path / "release").touch()
        assert (await request).text == "finished"
        assert await asyncio.wait_for(child.wait(), 10) == 0
        assert (tmp_path / "closed").exists()


async def refused(url: str) -> None:
    async with asyncio.timeout(10):
        while True:
            try:
                async with httpx.AsyncClient() as client:
                    await client.get(f"{url}/healthz")
            except httpx.TransportError:
                return
            await asyncio.sleep(0.02)


async def test_readiness_ends_before_the_process_stops_accepting(tmp_path: Path) -> None:
    async with process(tmp_path, drain=2) as (child, url):
        os.kill(child.pid, signal.SIGTERM)
        async with asyncio.timeout(10):
            while True:
                async with httpx.AsyncClient() as client:  # a new connection each time: they are still accepted
                    if (await client.get(f"{url}/readyz")).status_code == 503:
                        break
                await asyncio.sleep(0.02)
        assert child.returncode is None
        os.kill(child.pid, signal.SIGTERM)  # a second signal does not wait for the drain
        assert await asyncio.wait_for(child.wait(), 1.5) == 0


async def test_inside_a_process_a_failed_start_is_an_error_and_not_an_exit() -> None:
    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        raise ValueError("no database")
        yield

    with pytest.raises(RuntimeError, match="could not be opened"):
        async with serving(Starlette(lifespan=lifespan)):
            pass
