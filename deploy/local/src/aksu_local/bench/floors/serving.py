"""`python -m aksu_local.bench.floors.serving URL PORT` serves the floors; `served` runs that beside the platform."""

import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from aksu_local.bench.floors import raw
from aksu_local.bench.floors.tables import TABLES
from aksu_local.process import accepts, end, free_port, launch, wait_ready


class Floors:
    """The running process: where it answers, and its id."""

    def __init__(self, port: int, pid: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.pid = pid


@asynccontextmanager
async def served(database: str, *, log: Path) -> AsyncIterator[Floors]:
    """Serve the floors from the database at the URL `database`; their tables are made anew."""
    connection = await asyncpg.connect(database)
    try:
        await connection.execute("DROP SCHEMA IF EXISTS bench CASCADE")
        await connection.execute(TABLES)
    finally:
        await connection.close()
    async with process(database, log=log) as floors:
        yield floors


@asynccontextmanager
async def process(database: str, *, log: Path) -> AsyncIterator[Floors]:
    """The process alone, once it accepts connections."""
    port = free_port()
    started = launch([sys.executable, "-m", __name__, database, str(port)], log=log, on_parent_death=signal.SIGKILL)
    try:
        await wait_ready(started, lambda: accepts(port), timeout=60.0, log=log)
        yield Floors(port, started.pid)
    finally:
        await end(started, [(signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)])


def _application(database: str) -> Starlette:
    from aksu_local.bench.floors.textbook import textbook  # noqa: PLC0415 - only where it is served

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with raw.pool(app, database):
            yield

    return Starlette(routes=[*raw.ROUTES, Mount("/textbook", textbook(database))], lifespan=lifespan)


if __name__ == "__main__":
    uvicorn.run(
        _application(sys.argv[1]),
        port=int(sys.argv[2]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )
