"""pytest plugin: real servers for tests, started when first asked for, stopped at the end of the session.

`postgres`, `kafka`    the servers, one each per session
`fresh_database`       `await fresh_database("registry", prepare=migrate)`: a new database, dropped after the test
`fresh_bus`            `await fresh_bus()`: the URL of a new, empty embedded bus with the declared topics
`emptied`              `await emptied(kafka.url)`: the declared topics on the session's broker, without records

Should the session itself be killed, the kernel ends the servers (see `tether`).
"""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import asyncpg
import pytest
import pytest_asyncio
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete
from aiokafka.errors import LeaderNotAvailableError, NotLeaderForPartitionError, UnknownTopicOrPartitionError

from aksu_local.databases import ServiceUrls, create_bus_database, create_service_database, drop_database
from aksu_local.kafka import Kafka
from aksu_local.postgres import Postgres
from aksu_local.waiting import eventually
from aksu_shared.bus.creation import create_topics
from aksu_shared.bus.topics import declared_topics

Prepare = Callable[[ServiceUrls], Awaitable[None]]
"""Brings a new database to the state a test starts from: migrations, seed data. Must close its connections."""

_BUS: Final = "bus"
_ALL: Final = -1
"""Before the end of a partition: all its records."""


class Databases:
    """Makes databases on the session's server; what `prepare` does is done once and then copied.

    Their names hold the process's id: processes that share a server do not meet.
    """

    def __init__(self, server: Postgres) -> None:
        self.server = server
        self._templates: dict[str, str] = {}
        self._numbers = count(1)

    async def service(self, service: str, *, prepare: Prepare | None) -> ServiceUrls:
        """A new database of `service`."""
        template = None if prepare is None else await self._prepared(service, prepare)
        return await create_service_database(
            self.server, service, database=f"{service}_{self._number()}", template=template
        )

    async def bus(self) -> str:
        """A new bus database with the declared topics."""
        if _BUS not in self._templates:
            name = f"template_bus_{self._number()}"
            await create_topics(await create_bus_database(self.server, database=name))
            self._templates[_BUS] = await self._freeze(name)
        return await create_bus_database(self.server, database=f"bus_{self._number()}", template=self._templates[_BUS])

    async def _prepared(self, service: str, prepare: Prepare) -> str:
        key = f"{service}:{prepare.__module__}.{prepare.__qualname__}"
        if key not in self._templates:
            name = f"template_{service}_{self._number()}"
            await prepare(await create_service_database(self.server, service, database=name))
            self._templates[key] = await self._freeze(name)
        return self._templates[key]

    def _number(self) -> str:
        return f"{os.getpid()}_{next(self._numbers)}"

    async def _freeze(self, name: str) -> str:
        """Let nobody connect: a template somebody is connected to cannot be copied."""
        connection = await asyncpg.connect(self.server.url())
        try:
            await connection.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS false')
        finally:
            await connection.close()
        return name


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The session's PostgreSQL; fast, not crash-safe."""
    with _folder("pg") as folder:
        server = Postgres(folder, durable=False)
        _run(server.start())
        try:
            yield server
        finally:
            _run(server.stop())


@pytest.fixture(scope="session")
def kafka() -> Iterator[Kafka]:
    """The session's Kafka broker."""
    with _folder("kafka") as folder:
        broker = Kafka(folder)
        _run(broker.start())
        try:
            yield broker
        finally:
            _run(broker.stop())


@pytest.fixture(scope="session")
def databases(postgres: Postgres) -> Databases:
    """The maker of databases, with its templates."""
    return Databases(postgres)


@pytest_asyncio.fixture
async def fresh_database(databases: Databases) -> AsyncIterator[Callable[..., Awaitable[ServiceUrls]]]:
    """Databases of services with their four roles: call with the service and, if need be, `prepare=`."""
    made: list[str] = []

    async def make(service: str, *, prepare: Prepare | None = None) -> ServiceUrls:
        urls = await databases.service(service, prepare=prepare)
        made.append(urls.database)
        return urls

    yield make
    for database in made:
        await drop_database(databases.server, database)


@pytest_asyncio.fixture
async def fresh_bus(databases: Databases) -> AsyncIterator[Callable[[], Awaitable[str]]]:
    """Empty embedded buses: each call returns the URL of a new one."""
    made: list[str] = []

    async def make() -> str:
        url = await databases.bus()
        made.append(urlsplit(url).path.removeprefix("/"))
        return url

    yield make
    for database in made:
        await drop_database(databases.server, database)


async def emptied(url: str) -> str:
    """Make the declared topics on a broker, or take the records of other tests out of them; give the URL back.

    A consumer from the beginning would meet the epochs of their databases, and wait for a rebuild.
    """
    await create_topics(url)
    admin = AIOKafkaAdminClient(bootstrap_servers=urlsplit(url).netloc)
    await admin.start()
    try:
        partitions = [TopicPartition(topic.name, n) for topic in declared_topics() for n in range(topic.partitions)]
        await eventually(lambda: _emptied(admin, partitions), within=30)
    finally:
        await admin.close()
    return url


async def _emptied(admin: AIOKafkaAdminClient, partitions: Sequence[TopicPartition]) -> bool:
    try:
        await admin.delete_records({partition: RecordsToDelete(_ALL) for partition in partitions})
    except (NotLeaderForPartitionError, LeaderNotAvailableError, UnknownTopicOrPartitionError):
        return False  # a topic just made
    return True


@contextmanager
def _folder(name: str) -> Iterator[Path]:
    """A folder of our own under the system's temporary one.

    pytest closes its folders to other users, such as the one PostgreSQL runs as when we are root.
    """
    folder = Path(tempfile.mkdtemp(prefix=f"aksu-{name}-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Run to the end on a loop of its own: session fixtures outlive the loops of the tests."""
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        runner.run(work)
