"""Two small services for tests of the worker: a registry that only owns places, a monitoring that only copies them.

Their events are real ones of the catalogue, their tables have just what the tests look at. `effect` has one row per
application of an event, so that one applied twice is seen.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, Self
from uuid import UUID

import asyncpg
from sqlalchemy import ARRAY, Column, DateTime, Integer, MetaData, Table, Text, Uuid, func
from uuid_utils.compat import uuid7

from aksu_local.databases import ServiceUrls
from aksu_shared.bus import Bus, Delivered, Record
from aksu_shared.db.fitness import claim
from aksu_shared.db.log_keys import DEVELOPMENT_LOG_KEYS, LogKeys
from aksu_shared.db.notify import Notifier
from aksu_shared.db.pool import create_pool
from aksu_shared.db.projection import project
from aksu_shared.db.store import Store, begins
from aksu_shared.db.work import Actor, UnitOfWork
from aksu_shared.events.monitoring.inspections import FindingRecorded, FindingState
from aksu_shared.events.registry.places import PlaceAmended, PlaceEvent, PlaceRegistered, PlaceState
from aksu_shared.kernel.clock import Clock
from aksu_shared.migrations.v1 import statements
from aksu_shared.serving.health import Health
from aksu_shared.worker.applying import Applier
from aksu_shared.worker.consumer import ConsumerLoop
from aksu_shared.worker.handover import Handover
from aksu_shared.worker.progress import Progress
from aksu_shared.worker.repairing import confirm, proposal
from aksu_shared.worker.routing import Handlers
from aksu_shared.worker.sequencer import Sequencer
from aksu_shared.worker.shipper import Shipper

TOPIC: Final = PlaceEvent.topic
SCOPE: Final = ("public", "BG", "BLG", "BLG01")
_METADATA: Final = MetaData()


def _table(name: str, *columns: str) -> Table:
    kept: list[Column[Any]] = [
        Column("id", Uuid, primary_key=True),
        Column("version", Integer),
        Column("scope", ARRAY(Text)),
        Column("written_at", DateTime(timezone=True), server_default=func.now()),
    ]
    return Table(name, _METADATA, *kept, *(Column(column, Text) for column in columns))


PLACE: Final = _table("place", "key", "municipality", "settlement", "address")
FINDING: Final = _table(
    "finding", "inspection_id", "municipality", "standard", "criterion", "catalogue_version", "result"
)


async def prepare_registry(urls: ServiceUrls) -> None:
    """Tables of the registry."""
    await _prepare(urls, "registry", [PLACE])


async def prepare_monitoring(urls: ServiceUrls) -> None:
    """Tables of monitoring."""
    await _prepare(urls, "monitoring", [PLACE, FINDING])


async def _prepare(urls: ServiceUrls, service: str, tables: Sequence[Table]) -> None:
    owner = await asyncpg.connect(urls.owner)
    try:
        await claim(service, owner)
        await owner.execute("CREATE TABLE alembic_version (version_num text PRIMARY KEY)")
        for script in ("bookkeeping_v1", "access_v1", "access_owned_v1" if service == "registry" else "access_told_v1"):
            for statement in statements(script, service=service):
                await owner.execute(statement)
        for table in tables:
            texts = ", ".join(f"{column.name} text" for column in table.columns if isinstance(column.type, Text))
            await owner.execute(
                f"CREATE TABLE {table.name} (id uuid PRIMARY KEY, version int NOT NULL, scope text[] NOT NULL,"
                f" written_at timestamptz NOT NULL DEFAULT now(), {texts})"
            )
            for statement in statements("scoped_v1", service=service, table=table.name):
                await owner.execute(statement)
        await owner.execute(
            f"CREATE TABLE effect (place text, version int, n bigint GENERATED ALWAYS AS IDENTITY);"
            f"GRANT SELECT, INSERT ON effect TO {service}_worker"
        )
    finally:
        await owner.close()


class Registry:
    """Writes places as the registry's API would, as the worker role, which sees all of them."""

    def __init__(self, pool: asyncpg.Pool, notifier: Notifier | None = None) -> None:
        self.pool = pool
        self._notifier = notifier

    @asynccontextmanager
    async def unit(self, **attributes: Any) -> AsyncIterator[UnitOfWork]:  # noqa: ANN401 - of the unit of work
        """One committed unit of work."""
        async with self.pool.acquire() as connection, connection.transaction():
            work = UnitOfWork(
                connection=connection,
                actor=Actor(subject="tester"),
                clock=Clock(),
                source="registry",
                begun=True,
                sees_all=True,
                **attributes,
            )
            yield work
            await work.flush()
        if self._notifier is not None:
            self._notifier.poke()

    async def register(self, *, address: str = "ул. Първа 1", delay: float = 0, **attributes: Any) -> str:  # noqa: ANN401 - of the unit of work
        """A new place; its id. `delay`: seconds between the writing and the commit."""
        key = uuid7()
        async with self.unit(**attributes) as work:
            self.record(work, key, address)
            await work.flush()
            await asyncio.sleep(delay)
        return str(key)

    def record(self, work: UnitOfWork, key: UUID, address: str) -> None:
        """Record a new place in a unit of work."""
        state = PlaceState(id=key, key=str(key), municipality="BLG01", settlement="Банско", address=address)
        work.record(PLACE, begins(PlaceRegistered, state, id=str(key), scope=SCOPE))

    async def amend(self, key: str, *, address: str, delay: float = 0) -> None:
        """The next version of a place."""
        async with self.unit() as work:
            places = Store(work, PLACE, PlaceState)
            place = await places.get(UUID(key))
            places.save(place.becomes(PlaceAmended, address=address))
            await work.flush()
            await asyncio.sleep(delay)


class Log:
    """The sequencer and the shipper of one process, running."""

    def __init__(
        self,
        urls: ServiceUrls,
        pool: asyncpg.Pool,
        notifier: Notifier,
        bus: Any = None,  # noqa: ANN401 - a Bus
        *,
        keys: LogKeys = DEVELOPMENT_LOG_KEYS,
    ) -> None:
        self.handover = Handover()
        self.health = Health()
        self.progress = Progress(self.health)
        self._stop = asyncio.Event()
        parts: dict[str, Any] = {"handover": self.handover, "notifier": notifier, "progress": self.progress}
        sequencer = Sequencer(urls.worker, service="registry", keys=keys, **parts)
        self._loops = [sequencer.run]
        if bus is not None:
            shipper = Shipper(pool, bus, source="registry", handover=self.handover, progress=self.progress)
            self._loops.append(shipper.run)

    async def __aenter__(self) -> Self:
        """Start."""
        self._tasks = [asyncio.create_task(loop(self._stop)) for loop in self._loops]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop in good order."""
        self._stop.set()
        self.handover.news.set()
        await asyncio.gather(*self._tasks)


def worker_pool(urls: ServiceUrls, *, size: int = 20) -> Any:  # noqa: ANN401 - an awaitable context
    """A pool of the service's worker role."""
    return create_pool(urls.worker, application="worker-rig", size=size)


async def copy_places(work: UnitOfWork, events: Sequence[PlaceEvent]) -> None:
    """Monitoring's handler: copies places, counts each application, records a finding about each new place.

    An address tells it to go wrong: `poison` raises, `hang` and `hang in the database` do not end.
    """
    for event in events:
        if event.state.address == "poison":
            raise ValueError(event.state.address)
        if event.state.address == "hang":
            await asyncio.Event().wait()
        if event.state.address == "hang in the database":
            await work.connection.execute("SELECT pg_sleep(60)")
        if isinstance(event, PlaceRegistered):
            with work.cause(event):
                work.record(FINDING, begins(FindingRecorded, _finding(work, event), id=str(uuid7()), scope=event.scope))
    await project(work.connection, PLACE, events)
    await work.connection.executemany(
        "INSERT INTO effect (place, version) VALUES ($1, $2)", [(event.id, event.version) for event in events]
    )


def _finding(work: UnitOfWork, event: PlaceEvent) -> FindingState:
    return FindingState(
        id=uuid7(),
        inspection_id=uuid7(),
        municipality=event.state.municipality,
        standard="S1",
        criterion=None,
        catalogue_version="1",
        result="MET",
        recorded_at=work.now,
    )


HANDLERS: Final[Handlers] = {PlaceEvent: copy_places}


def monitoring(pool: asyncpg.Pool, **options: Any) -> Applier:  # noqa: ANN401 - those of an Applier
    """Monitoring's applier."""
    given: dict[str, Any] = {"service": "monitoring", "handlers": HANDLERS, "clock": Clock(), **options}
    return Applier(pool, **given)


async def confirm_repair(pool: asyncpg.Pool, applier: Applier, letter: int) -> None:
    """Answer for the proposed repair of a dead letter, as another than who proposed it."""
    async with pool.acquire() as connection, connection.transaction():
        work = applier.work(connection)
        known = (await proposal(connection, letter)).digest
        await confirm(work, letter, known=known, why="a test")
        await work.flush()


class Topic:
    """Makes records of the place topic by hand, offsets ascending."""

    def __init__(self, *, epoch: str = "e1") -> None:
        self.epoch = epoch
        self.offset = 0

    def record(
        self, key: str | None = None, *, version: int = 1, address: str = "ул. Първа 1", **headers: str | None
    ) -> Delivered:
        """A place's event; `ce_…` given as None are left out."""
        key = key or str(uuid7())
        self.offset += 1
        state = {"id": key, "key": key, "municipality": "BLG01", "settlement": "Банско", "address": address}
        data = {"version": version, "state": state, "changed": {"address": [None, address]}, "scope": SCOPE}
        fact = PlaceRegistered if version == 1 else PlaceAmended
        given: dict[str, str | None] = {
            "ce_specversion": "1.0",
            "ce_id": str(uuid7()),
            "ce_source": "/aksu/registry",
            "ce_type": fact.type,
            "ce_subject": key,
            "ce_time": "2026-01-01T10:00:00+00:00",
            "ce_seq": str(self.offset),
            "ce_position": str(self.offset),
            "ce_epoch": self.epoch,
            "ce_correlationid": f"c{self.offset}",
            **headers,
        }
        kept = {name: value for name, value in given.items() if value is not None}
        return Delivered(TOPIC, 0, self.offset, key, json.dumps(data).encode(), kept, 1_760_000_000_000)


class Consuming:
    """Monitoring's consumer loop, running."""

    def __init__(self, pool: asyncpg.Pool, bus: Bus, applier: Applier, notifier: Notifier) -> None:
        self._health = Health()
        self.progress = Progress(self._health)
        self._stop = asyncio.Event()
        self._loop = ConsumerLoop(pool, bus, applier, notifier=notifier, progress=self.progress)

    async def __aenter__(self) -> Self:
        """Start."""
        self._task = asyncio.create_task(self._loop.run(self._stop))
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop in good order."""
        self._stop.set()
        await self._task

    @property
    def age(self) -> float:
        """Seconds since the loop last made progress, as the watchdog sees it."""
        return max(self._health.alive()[1].values(), default=0.0)


async def publish(bus: Bus, records: Sequence[Delivered]) -> None:
    """Put records made by hand on the bus."""
    await bus.publish([Record(record.topic, record.key, record.value, record.headers) for record in records])
