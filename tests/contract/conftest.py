"""The bus under test, behind either driver."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from aksu_local.bus_rig import BusRig
from aksu_local.databases import ServiceUrls, create_bus_database, drop_database
from aksu_local.kafka import Kafka
from aksu_local.postgres import Postgres
from aksu_local.testing import server_folder
from aksu_shared.bus.embedded_schema import CURSOR_DDL


@pytest.fixture(scope="session")
def bus_server() -> Iterator[Postgres]:
    """A server for the embedded bus alone, so that it can go away while the consumer's database stays."""
    with server_folder("bus") as folder, asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        server = Postgres(folder, durable=False)
        runner.run(server.start())
        try:
            yield server
        finally:
            runner.run(server.stop())


@pytest_asyncio.fixture
async def cursors_url(fresh_database: Callable[..., Awaitable[ServiceUrls]]) -> str:
    return (await fresh_database("registry", prepare=_with_cursors)).worker


async def _with_cursors(urls: ServiceUrls) -> None:
    connection = await asyncpg.connect(urls.owner)
    await connection.execute(CURSOR_DDL)
    await connection.execute("GRANT SELECT, INSERT, UPDATE ON bus_cursor TO registry_worker")
    await connection.close()


@pytest_asyncio.fixture
async def embedded(bus_server: Postgres, cursors_url: str) -> AsyncIterator[BusRig]:
    database = f"bus_{uuid4().hex}"
    url = await create_bus_database(bus_server, database=database)
    async with BusRig(url, server=bus_server, cursors_url=cursors_url) as rig:
        yield rig
    await drop_database(bus_server, database)


@pytest_asyncio.fixture
async def on_kafka(kafka: Kafka, cursors_url: str) -> AsyncIterator[BusRig]:
    async with BusRig(kafka.url, server=kafka, cursors_url=cursors_url) as rig:
        yield rig


@pytest.fixture(params=["embedded", "on_kafka"], ids=["embedded", "kafka"])
def rig(request: pytest.FixtureRequest) -> BusRig:
    """The bus behind each driver in turn; a server is started only when its turn comes."""
    rig: BusRig = request.getfixturevalue(request.param)
    return rig
