"""What the change log's way to a consumer costs on Kafka: shipping, consuming, and the time from commit to delivery."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from statistics import median
from typing import Any, Final
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from uuid_utils.compat import uuid7

from aksu_local.bench.floors import consumer as bare
from aksu_local.bench.line import Bar, Line, ScenarioFailed
from aksu_local.bench.load import percentile
from aksu_local.bench.stream import Stream, opened
from aksu_local.changes import change, insert_changes
from aksu_local.waiting import eventually
from aksu_local.worker_rig import (
    PLACE,
    SCOPE,
    TOPIC,
    Consuming,
    Log,
    Registry,
)
from aksu_shared.bus import Record
from aksu_shared.bus.wire import COLUMNS, record_of
from aksu_shared.db.notify import Notifier
from aksu_shared.db.projection import project
from aksu_shared.db.work import UnitOfWork
from aksu_shared.events.registry.places import PlaceEvent, PlaceRegistered, PlaceState
from aksu_shared.kernel.clock import Clock
from aksu_shared.kernel.logging import configure_logging
from aksu_shared.serving.collector import collect_rarely
from aksu_shared.worker.applying import Applier
from aksu_shared.worker.metrics import RECORDS

EVENTS: Final = 20_000
TIMES: Final = 150
_PAUSE: Final = 0.1
"""Seconds between two commits: nothing else is on its way."""
_EMPTY: Final = "DELETE FROM inbox; DELETE FROM place; DELETE FROM source_state"
_ROWS: Final = f"SELECT position, {COLUMNS} FROM change_log ORDER BY position"


async def streams(*, rounds: int) -> AsyncIterator[Line]:
    """Shipper against a bare producer, consumer against a bare one, commit to delivery against produce to delivery."""
    configure_logging(level="ERROR")
    collect_rarely()  # as each service's process does
    async with opened() as stream:
        ours, floor = await _turns(rounds, lambda: _ship(stream), lambda: _produce(stream))
        yield _rates("ship", ours, floor, Bar(ratio_at_least=0.6))
        ours, floor, textbook, unchecked = await _turns(
            rounds,
            lambda: _consume(stream),
            lambda: _fetch(stream),
            lambda: _consume_bare(stream, bare.textbook),
            lambda: _consume_bare(stream, bare.unchecked),
        )
        yield _rates("consume", ours, floor, Bar(ratio_at_least=0.35))
        yield _rates("consume textbook", ours, textbook)
        yield _rates("consume unchecked", unchecked, floor)
        told, sent = sorted(await _tell(stream)), sorted(await _send(stream))
        for share, most in ((0.5, 15.0), (0.99, 60.0)):
            value, published = percentile(told, share), percentile(sent, share)
            yield Line(
                name=f"commit to consumer p{share * 100:.0f}",
                value=value,
                unit="ms",
                floor=published,
                ratio=value / published,
                bar=Bar(at_most=most),
                details={"events": len(told)},
            )


async def _turns(rounds: int, *runs: Callable[[], Awaitable[float]]) -> list[list[float]]:
    """Rates of each, in turns."""
    found: list[list[float]] = [[] for _ in runs]
    for _ in range(rounds):
        for rates, run in zip(found, runs, strict=True):
            rates.append(await run())
    return found


def _rates(name: str, ours: Sequence[float], floor: Sequence[float], bar: Bar | None = None) -> Line:
    return Line(
        name=name,
        value=median(ours),
        unit="rows/s",
        floor=median(floor),
        ratio=median(a / b for a, b in zip(ours, floor, strict=True)),
        bar=bar,
        details={"rows": EVENTS, "rounds": [round(rate) for rate in ours]},
    )


async def _ship(stream: Stream) -> float:
    """Rows a second from the log to the broker's acknowledgement, after the first: read and sent, sequenced before."""
    await insert_changes(stream.pool, (_registered(_place(number)) for number in range(EVENTS)))
    sequenced = "SELECT count(*) = 0 FROM change_log WHERE position IS NULL"
    async with Log(stream.registry, stream.pool, stream.notifier):
        await eventually(lambda: stream.pool.fetchval(sequenced), within=120, every=0.1)
    waiting = "SELECT position - shipped FROM log_state"
    async with Log(stream.registry, stream.pool, stream.notifier, stream.bus):
        left = await eventually(
            lambda: stream.pool.fetchval(waiting), lambda seen: seen < EVENTS, within=60, every=0.005
        )
        started = time.perf_counter()
        await eventually(lambda: stream.pool.fetchval(waiting), lambda seen: seen == 0, within=120, every=0.01)
        return float(left) / (time.perf_counter() - started)


def _registered(place: PlaceState) -> dict[str, Any]:
    return change(
        "registry",
        type=PlaceRegistered.type,
        topic=TOPIC,
        aggregate_id=str(place.id),
        version=1,
        state=place.model_dump(mode="json"),
        scope=list(SCOPE),
    )


def _place(number: int) -> PlaceState:
    key = uuid7()
    return PlaceState(
        id=key, key=str(key), municipality="BLG01", settlement="гр. Банско", address=f"ул. Примерна {number}"
    )


async def _produce(stream: Stream) -> float:
    """The same records sent by a bare idempotent producer, all at once, then awaited."""
    rows = await stream.pool.fetch(f"{_ROWS} DESC LIMIT $1", EVENTS)
    records = [record_of(row, position=row["position"], source="registry", epoch="e") for row in rows]
    producer = AIOKafkaProducer(
        bootstrap_servers=stream.servers, acks="all", enable_idempotence=True, max_batch_size=262_144
    )
    await producer.start()
    try:
        started = time.perf_counter()
        await asyncio.gather(*[await _sent(producer, record) for record in records])
        return EVENTS / (time.perf_counter() - started)
    finally:
        await producer.stop()


async def _sent(producer: AIOKafkaProducer, record: Record) -> "asyncio.Future[Any]":
    headers = [(name, value.encode()) for name, value in record.headers.items()]
    future: asyncio.Future[Any] = await producer.send(
        "aksu.registry.body.v1", record.value, key=record.key.encode(), headers=headers
    )
    return future


async def _keep(work: UnitOfWork, events: Sequence[PlaceEvent]) -> None:
    await project(work.connection, PLACE, events)


async def _consume(stream: Stream) -> float:
    """Records a second with inbox and copy, from the topic's beginning."""
    await stream.copies.execute(_EMPTY)
    ends = await stream.pool.fetchval("SELECT shipped FROM log_state")
    applier = Applier(
        stream.copies, service="monitoring", name=f"bench-{uuid4()}", handlers={PlaceEvent: _keep}, clock=Clock()
    )
    before = _events()
    async with (
        Notifier(stream.monitoring.worker) as notifier,
        Consuming(stream.copies, stream.bus, applier, notifier),
    ):
        already = await eventually(lambda: _applied(before), within=60, every=0.005)
        started = time.perf_counter()
        await eventually(lambda: _applied(before), lambda seen: seen >= ends, within=180, every=0.005)
        return float(ends - already) / (time.perf_counter() - started)


def _events() -> float:
    """Events this process has applied: to ask the database would slow what is measured."""
    samples = (sample for metric in RECORDS.collect() for sample in metric.samples)
    wanted = (sample for sample in samples if sample.name.endswith("_total") and sample.labels["outcome"] == "events")
    return sum(sample.value for sample in wanted)


async def _applied(before: float) -> float:
    return _events() - before


async def _consume_bare(stream: Stream, consume: Callable[..., Awaitable[float]]) -> float:
    """The same copy by a consumer that promises less."""
    await stream.copies.execute(_EMPTY)
    ends = await stream.pool.fetchval("SELECT shipped FROM log_state")
    async with stream.copies.acquire() as connection:
        rate = await consume(connection, stream.servers, ends=ends)
        if await connection.fetchval("SELECT count(*) FROM place") != ends:
            raise ScenarioFailed(f"the {consume.__name__} consumer has not copied everything")
    return rate


async def _fetch(stream: Stream) -> float:
    """The same records fetched by a bare consumer, and counted."""
    ends = await stream.pool.fetchval("SELECT shipped FROM log_state")
    consumer = AIOKafkaConsumer(
        TOPIC, bootstrap_servers=stream.servers, group_id=f"bench-{uuid4()}", auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        await consumer.getone()
        already = seen = 1
        started = time.perf_counter()
        while seen < ends:
            batches = await consumer.getmany(timeout_ms=500, max_records=1_000)
            seen += sum(len(records) for records in batches.values())
        return float(ends - already) / (time.perf_counter() - started)
    finally:
        await consumer.stop()


async def _tell(stream: Stream) -> list[float]:
    """Milliseconds from a commit to its record at a consumer that has nothing else to do."""
    registry = Registry(stream.pool, stream.notifier)

    async def commit() -> str:
        return await registry.register()

    async with Log(stream.registry, stream.pool, stream.notifier, stream.bus):
        return await _delays(stream, commit)


async def _send(stream: Stream) -> list[float]:
    """The same for a record published at once, without a database."""

    async def publish() -> str:
        key = str(uuid4())
        await stream.bus.publish([Record(TOPIC, key, b"{}")])
        return key

    return await _delays(stream, publish)


async def _delays(stream: Stream, tell: Callable[[], Awaitable[str]]) -> list[float]:
    arrived: dict[str, float] = {}
    stop, news = asyncio.Event(), asyncio.Event()

    async def receive() -> None:
        async with stream.bus.consumer(f"bench-{uuid4()}", [TOPIC]) as consumer:
            while not stop.is_set():
                for record in await consumer.fetch(max_records=1_000, wait=0.5):
                    arrived[record.key] = time.perf_counter()
                    news.set()

    receiving = asyncio.create_task(receive())
    delays = []
    warm = TIMES // 10
    for number in range(warm + TIMES):
        key = await tell()
        committed = time.perf_counter()
        while key not in arrived:
            news.clear()
            await news.wait()
        if number >= warm:
            delays.append(max(0.0, arrived[key] - committed) * 1000)
        await asyncio.sleep(_PAUSE)
    stop.set()
    await receiving
    return delays
