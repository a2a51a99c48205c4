"""pytest plugin: real servers for tests, started when first asked for, stopped at the end of the session.

`postgres`, `kafka`    the servers; the processes of a parallel run share one PostgreSQL, and each has its own Kafka
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
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import psutil
import pytest
import pytest_asyncio
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete
from aiokafka.errors import LeaderNotAvailableError, NotLeaderForPartitionError, UnknownTopicOrPartitionError

from aksu_local.clones import Clones
from aksu_local.databases import ServiceUrls
from aksu_local.kafka import Kafka
from aksu_local.postgres import Postgres
from aksu_local.templates import Databases, Prepare
from aksu_local.waiting import eventually
from aksu_shared.bus.creation import create_topics
from aksu_shared.bus.topics import declared_topics

FreshBus = Callable[[], Awaitable[str]]
"""`await fresh_bus()`: the URL of a new bus."""

_SHARED: Final = "aksu_postgres"
"""Under this name a process of a parallel run is told the folder of the server that the run shares."""
_SERVER: Final = pytest.StashKey[Postgres]()
_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a file system, not a file
_ROOM: Final = 2 << 30
_OURS: Final = "aksu-test-"
_ALL: Final = -1
"""Before the end of a partition: all its records."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put whatever needs the broker among the tests that start processes: then one is started, and once."""
    for item in items:
        if isinstance(item, pytest.Function) and "kafka" in item.fixturenames:
            item.add_marker("processes")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:  # noqa: ANN401 - xdist's, untyped
    """Start the server that the processes of a parallel run share, before the first of them."""
    config: pytest.Config = node.config
    if _SERVER not in config.stash:
        servers = ExitStack()
        config.add_cleanup(servers.close)
        config.stash[_SERVER] = servers.enter_context(_running_postgres())
    node.workerinput[_SHARED] = str(config.stash[_SERVER].folder)


@pytest.fixture(scope="session")
def postgres(request: pytest.FixtureRequest) -> Iterator[Postgres]:
    """The run's PostgreSQL; fast, not crash-safe."""
    shared = getattr(request.config, "workerinput", {}).get(_SHARED)
    if shared:
        yield Postgres(Path(shared), durable=False)
        return
    with _running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def kafka() -> Iterator[Kafka]:
    """The session's Kafka broker."""
    with server_folder("kafka") as folder:
        broker = Kafka(folder)
        _run(broker.start())
        try:
            yield broker
        finally:
            _run(broker.stop())


@pytest.fixture(scope="session")
def databases(request: pytest.FixtureRequest, postgres: Postgres) -> Iterator[Databases]:
    """The maker of databases; the processes of a parallel run share its templates."""
    clones = Clones(postgres)
    try:
        yield Databases(postgres, clones=clones, sharing=getattr(request.config, "workerinput", {}).get("testrunuid"))
    finally:
        clones.close()


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
        await databases.drop(database)


@pytest_asyncio.fixture
async def fresh_bus(databases: Databases) -> AsyncIterator[FreshBus]:
    """Empty embedded buses with the declared topics."""
    made: list[str] = []

    async def make() -> str:
        url = await databases.bus()
        made.append(urlsplit(url).path.removeprefix("/"))
        return url

    yield make
    for database in made:
        await databases.drop(database)


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
def server_folder(name: str) -> Iterator[Path]:
    """A folder of our own, in memory where there is room: databases come and go faster than a disk's journal likes.

    pytest closes its folders to other users, such as the one PostgreSQL runs as when we are root.
    """
    _forget_the_dead()
    memory = _MEMORY if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM else None
    folder = Path(tempfile.mkdtemp(prefix=f"{_OURS}{os.getpid()}-{name}-", dir=memory))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _forget_the_dead() -> None:
    """Give back the memory of test processes that were killed: nobody else would."""
    for folder in _MEMORY.glob(f"{_OURS}*-*"):
        owner = folder.name.removeprefix(_OURS).partition("-")[0]
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running_postgres() -> Iterator[Postgres]:
    with server_folder("pg") as folder:
        server = Postgres(folder, durable=False)
        _run(server.start())
        try:
            yield server
        finally:
            _run(server.stop())


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Run to the end on a loop of its own: session fixtures outlive the loops of the tests."""
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        runner.run(work)
