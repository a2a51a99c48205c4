"""Effects of events: exactly once, in order per key, and nothing invalid disappears."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from aksu_local.databases import ServiceUrls
from aksu_local.kafka import Kafka
from aksu_local.testing import emptied
from aksu_local.waiting import eventually
from aksu_local.worker_rig import Consuming, Topic, copy_places, monitoring, publish
from aksu_shared.bus import Bus, connect
from aksu_shared.db.notify import CHANGE_LOG, Notifier
from aksu_shared.db.work import UnitOfWork
from aksu_shared.events.registry.places import PlaceEvent
from aksu_shared.worker import consumer
from aksu_shared.worker.applying import Applied, read
from aksu_shared.worker.dead_letters import discard
from aksu_shared.worker.failure import HandlerTimeout, SourceRestored

Rows = list[tuple[Any, ...]]


@pytest_asyncio.fixture
async def bus(fresh_bus: Callable[[], Awaitable[str]], monitoring_pool: asyncpg.Pool) -> AsyncIterator[Bus]:
    async with connect(await fresh_bus(), cursors=monitoring_pool) as bus:
        yield bus


@pytest_asyncio.fixture
async def kafka_bus(kafka: Kafka) -> AsyncIterator[Bus]:
    async with connect(await emptied(kafka.url)) as bus:
        yield bus


@pytest_asyncio.fixture
async def wakes(monitoring_urls: ServiceUrls) -> AsyncIterator[Notifier]:
    async with Notifier(monitoring_urls.worker) as notifier:
        yield notifier


async def rows(pool: asyncpg.Pool, sql: str, *args: object) -> Rows:
    return [tuple(row) for row in await pool.fetch(sql, *args)]


async def effects(pool: asyncpg.Pool) -> Rows:
    return await rows(pool, "SELECT place, version FROM effect ORDER BY n")


async def parked(pool: asyncpg.Pool) -> Rows:
    return await rows(pool, "SELECT key, reason FROM dead_letter WHERE state = 'PARKED' ORDER BY id")


async def settled(pool: asyncpg.Pool, *, effect: int, dead: int = 0) -> None:
    sql = "SELECT (SELECT count(*) FROM effect), (SELECT count(*) FROM dead_letter)"
    await eventually(lambda: pool.fetchrow(sql), lambda seen: tuple(seen) == (effect, dead), within=20)


async def test_a_batch_takes_effect_with_its_own_changes_and_the_position_of_its_source(
    monitoring_pool: asyncpg.Pool,
) -> None:
    topic = Topic()
    first, second = topic.record(), topic.record()
    amended = topic.record(first.key, version=2, address="ул. Втора 2")
    applied = await monitoring(monitoring_pool).apply([read(record) for record in (first, second, amended)])

    assert applied == Applied(events=3, changes=2)
    assert await effects(monitoring_pool) == [(first.key, 1), (second.key, 1), (first.key, 2)]
    places = await rows(monitoring_pool, "SELECT id::text, version, address FROM place ORDER BY version DESC")
    assert places == [(first.key, 2, "ул. Втора 2"), (second.key, 1, "ул. Първа 1")]
    source = await rows(monitoring_pool, "SELECT source, epoch, position FROM source_state")
    assert source == [("registry", "e1", 3)]
    changes = await rows(monitoring_pool, "SELECT type, actor, correlation_id FROM change_log ORDER BY seq")
    recorded = "bg.aksu.monitoring.finding.recorded.v1"
    assert changes == [(recorded, "service:monitoring", "c1"), (recorded, "service:monitoring", "c2")]


async def test_a_repeated_delivery_has_no_second_effect(monitoring_pool: asyncpg.Pool) -> None:
    topic = Topic()
    records = [topic.record() for _ in range(3)]
    applier = monitoring(monitoring_pool)
    await applier.apply([read(record) for record in records])
    again = [replace(record, offset=record.offset + 100) for record in records]
    assert await applier.apply([read(record) for record in (*records, *again)]) == Applied(repeated=6)
    assert await applier.apply([read(topic.record()), read(records[0])]) == Applied(events=1, repeated=1, changes=1)
    assert len(await effects(monitoring_pool)) == 4
    assert await monitoring_pool.fetchval("SELECT count(*) FROM change_log") == 4


async def test_a_record_twice_in_one_batch_has_one_effect(monitoring_pool: asyncpg.Pool) -> None:
    record = Topic().record()
    assert await monitoring(monitoring_pool).apply([read(record), read(record)]) == Applied(
        events=1, repeated=1, changes=1
    )


async def test_concurrent_deliveries_have_one_effect(monitoring_pool: asyncpg.Pool) -> None:
    topic = Topic()
    items = [read(topic.record()) for _ in range(20)]
    appliers = [monitoring(monitoring_pool) for _ in range(10)]
    done = await asyncio.gather(*(applier.apply(items) for applier in appliers))
    assert sum(each.events for each in done) == 20
    assert len(await effects(monitoring_pool)) == 20


async def test_an_effect_that_fails_leaves_nothing_behind(monitoring_pool: asyncpg.Pool) -> None:
    topic = Topic()
    with pytest.raises(ValueError, match="poison"):
        await monitoring(monitoring_pool).apply([read(topic.record()), read(topic.record(address="poison"))])
    for table in ("effect", "inbox", "change_log", "source_state", "finding", "place"):
        assert await monitoring_pool.fetchval(f"SELECT count(*) FROM {table}") == 0, table


async def test_bad_records_are_parked_with_their_key_and_all_others_take_effect(
    monitoring_pool: asyncpg.Pool, bus: Bus, wakes: Notifier
) -> None:
    topic, chance = Topic(), random.Random(3)  # noqa: S311 - no secret
    poisoned = [topic.record(address="poison") for _ in range(3)]
    undecodable = [replace(topic.record(), value=b"{") for _ in range(3)]
    good = [topic.record() for _ in range(60)]
    batch = [*poisoned, *undecodable, *good]
    chance.shuffle(batch)
    behind = [topic.record(bad.key, version=2) for bad in (*poisoned, *undecodable)]
    on = [topic.record(fine.key, version=2) for fine in good]
    await publish(bus, [*batch, *behind, *on])
    async with Consuming(monitoring_pool, bus, monitoring(monitoring_pool), wakes):
        await settled(monitoring_pool, effect=120, dead=12)
        # What comes later under a parked key is parked too, in a later batch as well.
        await publish(bus, [topic.record(poisoned[0].key, version=3), topic.record(good[0].key, version=3)])
        await settled(monitoring_pool, effect=121, dead=13)

    dead = await parked(monitoring_pool)
    for bad, reason in [(poisoned, "HANDLER_FAILED"), (undecodable, "BAD_JSON")]:
        for record in bad:
            mine = [why for key, why in dead if key == record.key]
            assert mine == [reason, "BEHIND", "BEHIND"][: len(mine)]
            assert len(mine) == (3 if record is poisoned[0] else 2)
    for record in good:
        mine = [version for key, version in await effects(monitoring_pool) if key == record.key]
        assert mine == ([1, 2, 3] if record is good[0] else [1, 2])


async def test_a_dead_letter_keeps_the_original_bytes_and_quotes_no_value(monitoring_pool: asyncpg.Pool) -> None:
    applier = monitoring(monitoring_pool)
    record = replace(Topic().record(strange="\u0000\ufffd"), value=b'\x00{"secret": "\xff')
    assert await applier.apply([read(record)]) == Applied(parked=1)
    row = await monitoring_pool.fetchrow("SELECT * FROM dead_letter")
    assert row["value"] == record.value
    assert row["headers"]["ce_id"] == record.headers["ce_id"]
    assert (row["topic"], row["partition"], row["offset"], row["key"]) == (
        record.topic,
        record.partition,
        record.offset,
        record.key,
    )
    assert "secret" not in row["reason"] + row["detail"]
    await applier.park(read(Topic().record(address="poison")), read(record).fault)  # type: ignore[arg-type]
    assert "poison" not in str(await monitoring_pool.fetchval("SELECT string_agg(detail, ' ') FROM dead_letter"))


async def test_a_parked_record_delivered_again_is_parked_once(monitoring_pool: asyncpg.Pool) -> None:
    topic = Topic()
    bad = replace(topic.record(), value=b"{")
    follower = topic.record(bad.key, version=2)
    applier = monitoring(monitoring_pool)
    for offset in (0, 0, 100):
        items = [read(replace(record, offset=record.offset + offset)) for record in (bad, follower)]
        await applier.apply(items)
    assert await parked(monitoring_pool) == [(bad.key, "BAD_JSON"), (bad.key, "BEHIND")]


async def test_an_event_type_of_a_newer_producer_is_parked_as_unknown(monitoring_pool: asyncpg.Pool) -> None:
    record = Topic().record(ce_type="bg.aksu.registry.place.demolished.v1")
    await monitoring(monitoring_pool).apply([read(record)])
    assert await parked(monitoring_pool) == [(record.key, "UNKNOWN_TYPE")]


@pytest.mark.parametrize("how", ["hang", "hang in the database"])
async def test_a_handler_that_hangs_is_ended_and_its_record_parked(
    monitoring_pool: asyncpg.Pool, bus: Bus, wakes: Notifier, how: str
) -> None:
    topic = Topic()
    hanging = topic.record(address=how)
    await publish(bus, [topic.record(), hanging, topic.record()])
    applier = monitoring(monitoring_pool, timeout=0.3)
    with pytest.raises(HandlerTimeout):
        await applier.apply([read(hanging)])
    async with Consuming(monitoring_pool, bus, applier, wakes):
        await settled(monitoring_pool, effect=2, dead=1)
    assert await parked(monitoring_pool) == [(hanging.key, "HANDLER_TIMEOUT")]


async def test_a_handler_that_took_too_long_once_is_tried_again_before_its_record_is_parked(
    monitoring_pool: asyncpg.Pool, bus: Bus, wakes: Notifier
) -> None:
    calls = 0

    async def stands_still_once(work: UnitOfWork, events: Sequence[PlaceEvent]) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            await work.connection.execute("SELECT pg_sleep(60)")
        await copy_places(work, events)

    await publish(bus, [Topic().record()])
    applier = monitoring(monitoring_pool, timeout=0.5, handlers={PlaceEvent: stands_still_once})
    async with Consuming(monitoring_pool, bus, applier, wakes):
        await settled(monitoring_pool, effect=1)


async def test_a_handler_whose_process_stood_still_has_not_taken_too_long(
    monitoring_pool: asyncpg.Pool, bus: Bus, wakes: Notifier
) -> None:
    calls = 0

    async def is_paused(work: UnitOfWork, events: Sequence[PlaceEvent]) -> None:
        nonlocal calls
        calls += 1
        time.sleep(1)  # noqa: ASYNC251 - nothing of the process runs meanwhile
        await copy_places(work, events)

    await publish(bus, [Topic().record()])
    applier = monitoring(monitoring_pool, timeout=0.5, handlers={PlaceEvent: is_paused})
    async with Consuming(monitoring_pool, bus, applier, wakes):
        await settled(monitoring_pool, effect=1)
    assert calls == 1


async def test_a_record_another_member_has_applied_meanwhile_is_not_parked(
    monitoring_pool: asyncpg.Pool, bus: Bus, wakes: Notifier
) -> None:
    record, tried = Topic().record(), asyncio.Queue[None]()

    async def hangs(_work: UnitOfWork, _events: Sequence[PlaceEvent]) -> None:
        tried.put_nowait(None)
        await asyncio.Event().wait()

    await publish(bus, [record])
    applier = monitoring(monitoring_pool, timeout=0.5, handlers={PlaceEvent: hangs})
    async with Consuming(monitoring_pool, bus, applier, wakes):
        await tried.get()
        await tried.get()  # the last attempt; the other member waits for its end
        assert await monitoring(monitoring_pool).apply([read(record)]) == Applied(events=1, changes=1)
        await eventually(lambda: monitoring_pool.fetchval('SELECT max("offset") FROM bus_cursor'))
    assert await parked(monitoring_pool) == []


async def test_a_handler_that_waits_for_a_lock_of_another_is_not_taken_for_one_that_hangs(
    monitoring_pool: asyncpg.Pool, bus: Bus, wakes: Notifier
) -> None:
    async def takes_its_turn(work: UnitOfWork, events: Sequence[PlaceEvent]) -> None:
        await work.connection.execute("SELECT pg_advisory_xact_lock(4711)")
        await copy_places(work, events)

    await publish(bus, [Topic().record()])
    applier = monitoring(monitoring_pool, timeout=0.5, handlers={PlaceEvent: takes_its_turn})
    async with monitoring_pool.acquire() as other, Consuming(monitoring_pool, bus, applier, wakes):
        async with other.transaction():  # as a worker that stands still in the middle of one holds it
            await other.execute("SELECT pg_advisory_xact_lock(4711)")
            await asyncio.sleep(3)  # the handler's time and that of the second try, three times over
        await settled(monitoring_pool, effect=1)
    assert await parked(monitoring_pool) == []


async def test_a_batch_with_a_record_that_hangs_is_no_stuck_loop_to_the_watchdog(
    monitoring_pool: asyncpg.Pool, bus: Bus, wakes: Notifier
) -> None:
    topic = Topic()
    await publish(bus, [topic.record(address="hang"), *(topic.record() for _ in range(31))])
    applier, ages = monitoring(monitoring_pool, timeout=0.5), []
    async with Consuming(monitoring_pool, bus, applier, wakes) as consuming:
        async with asyncio.timeout(20):
            while not await parked(monitoring_pool):
                ages.append(consuming.age)
                await asyncio.sleep(0.02)
        await settled(monitoring_pool, effect=31, dead=1)
    assert max(ages) < 2.0  # without a mark per cut: seven times the handler's 0.5 s


@pytest.mark.parametrize(
    "away",
    [
        asyncpg.exceptions.SerializationError("stand-in"),
        asyncpg.exceptions.DeadlockDetectedError("stand-in"),
        asyncpg.exceptions.AdminShutdownError("stand-in"),
        asyncpg.exceptions.DiskFullError("stand-in"),
        asyncpg.exceptions.UndefinedTableError("stand-in"),
        ConnectionResetError("stand-in"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_what_the_record_is_not_to_blame_for_is_waited_out_and_never_parks(
    monitoring_pool: asyncpg.Pool, bus: Bus, wakes: Notifier, away: Exception
) -> None:
    trouble = [away] * 3

    async def handler(work: UnitOfWork, events: Sequence[PlaceEvent]) -> None:
        await copy_places(work, events)
        if trouble:
            raise trouble.pop()

    await publish(bus, [Topic().record()])
    async with Consuming(monitoring_pool, bus, monitoring(monitoring_pool, handlers={PlaceEvent: handler}), wakes):
        await settled(monitoring_pool, effect=1)
    assert not trouble


@pytest.mark.parametrize("noticed", [True, False])
async def test_a_connection_cut_in_the_middle_of_a_batch_costs_nothing_but_time(
    monitoring_pool: asyncpg.Pool, bus: Bus, wakes: Notifier, *, noticed: bool
) -> None:
    cut = 3

    async def handler(work: UnitOfWork, events: Sequence[PlaceEvent]) -> None:
        nonlocal cut
        await copy_places(work, events)
        if cut:
            cut -= 1
            with nullcontext() if noticed else suppress(asyncpg.PostgresError):
                await work.connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
            await work.connection.execute("SELECT 1")

    await publish(bus, [Topic().record()])
    async with Consuming(monitoring_pool, bus, monitoring(monitoring_pool, handlers={PlaceEvent: handler}), wakes):
        await settled(monitoring_pool, effect=1)
    assert cut == 0


async def test_offsets_are_committed_last(monitoring_pool: asyncpg.Pool, bus: Bus, wakes: Notifier) -> None:
    committed: list[int | None] = []
    cursor = 'SELECT max("offset") FROM bus_cursor'

    async def handler(work: UnitOfWork, events: Sequence[PlaceEvent]) -> None:
        committed.append(await monitoring_pool.fetchval(cursor))
        await copy_places(work, events)

    topic = Topic()
    await publish(bus, [topic.record() for _ in range(5)])
    applier = monitoring(monitoring_pool, handlers={PlaceEvent: handler})
    async with Consuming(monitoring_pool, bus, applier, wakes):
        await settled(monitoring_pool, effect=5)
        await eventually(lambda: monitoring_pool.fetchval(cursor), lambda offset: offset == 5)
    # As if the process had died between the effect and the commit of the offset.
    await monitoring_pool.execute("DELETE FROM bus_cursor")
    async with Consuming(monitoring_pool, bus, applier, wakes):
        await publish(bus, [topic.record()])
        await settled(monitoring_pool, effect=6)
    assert committed[0] is None


@pytest.mark.parametrize("driver", ["embedded", "kafka"])
async def test_what_was_read_ahead_of_a_batch_that_fails_is_read_again_behind_it(
    monitoring_pool: asyncpg.Pool,
    bus: Bus,
    kafka_bus: Bus,
    wakes: Notifier,
    monkeypatch: pytest.MonkeyPatch,
    *,
    driver: str,
) -> None:
    monkeypatch.setattr(consumer, "BATCH", 4)
    monkeypatch.setattr(consumer, "_PORTION", 2)
    chosen = {"embedded": bus, "kafka": kafka_bus}[driver]
    batches: list[int] = []

    async def handler(work: UnitOfWork, events: Sequence[PlaceEvent]) -> None:
        batches.append(len(events))
        await copy_places(work, events)
        if len(batches) in {2, 4}:
            raise ConnectionResetError

    topic, keys = Topic(), [str(uuid4()) for _ in range(3)]
    records = [topic.record(key, version=version) for version in range(1, 11) for key in keys]
    await publish(chosen, records)
    async with Consuming(monitoring_pool, chosen, monitoring(monitoring_pool, handlers={PlaceEvent: handler}), wakes):
        await settled(monitoring_pool, effect=30)
    assert max(batches) == 4
    for key in keys:
        assert [version for place, version in await effects(monitoring_pool) if place == key] == list(range(1, 11))


async def test_what_is_read_ahead_does_not_make_a_copy_fresh(
    monitoring_pool: asyncpg.Pool, bus: Bus, wakes: Notifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "BATCH", 4)
    monkeypatch.setattr(consumer, "_PORTION", 2)
    monkeypatch.setattr(consumer, "_FRESHEN_EVERY", 0)
    seen: list[datetime | None] = []

    async def handler(work: UnitOfWork, events: Sequence[PlaceEvent]) -> None:
        seen.append(await work.connection.fetchval("SELECT fresh_at FROM source_state WHERE source = 'registry'"))
        await copy_places(work, events)

    topic = Topic()
    await publish(bus, [topic.record() for _ in range(8)])
    await asyncio.sleep(0.05)  # a record's time is in whole milliseconds
    began = datetime.now(UTC)
    async with Consuming(monitoring_pool, bus, monitoring(monitoring_pool, handlers={PlaceEvent: handler}), wakes):
        await settled(monitoring_pool, effect=8)
    assert seen[0] is None
    assert seen[1] is not None
    assert seen[1] < began


async def test_changes_a_handler_recorded_wake_the_sequencer(
    monitoring_pool: asyncpg.Pool, bus: Bus, wakes: Notifier
) -> None:
    heard = asyncio.Event()
    async with (
        monitoring_pool.acquire() as listener,
        Consuming(monitoring_pool, bus, monitoring(monitoring_pool), wakes),
    ):
        await listener.add_listener(CHANGE_LOG, lambda *_: heard.set())
        await publish(bus, [Topic().record()])
        async with asyncio.timeout(10):
            await heard.wait()
        await listener.reset()


async def test_a_copy_is_fresh_as_of_now_when_everything_is_read_even_with_no_news(
    monitoring_pool: asyncpg.Pool, bus: Bus, wakes: Notifier
) -> None:
    async def fresh_at() -> datetime | None:
        value: datetime | None = await monitoring_pool.fetchval(
            "SELECT fresh_at FROM source_state WHERE source = 'registry'"
        )
        return value

    began = datetime.now(UTC)
    async with Consuming(monitoring_pool, bus, monitoring(monitoring_pool), wakes):
        first = await eventually(fresh_at, lambda seen: seen is not None and seen >= began - timedelta(seconds=1))
        assert first is not None
        await eventually(fresh_at, lambda seen: seen is not None and seen > first)


async def test_a_copy_is_as_fresh_as_its_oldest_partition(monitoring_pool: asyncpg.Pool) -> None:
    topic = Topic()
    old, new = topic.record(), replace(topic.record(), partition=1, time=1_770_000_000_000)
    applier = monitoring(monitoring_pool)
    await applier.apply([read(old)])
    await applier.apply([read(new)])
    fresh_at = await monitoring_pool.fetchval("SELECT extract(epoch FROM fresh_at)::bigint FROM source_state")
    assert fresh_at * 1000 == old.time


async def test_what_a_restored_source_tells_waits_for_the_rebuild_and_its_lost_future_is_passed_over(
    monitoring_pool: asyncpg.Pool,
) -> None:
    applier = monitoring(monitoring_pool)
    before, after = Topic(epoch="e1"), Topic(epoch="e2")
    late = before.record()
    await applier.apply([read(before.record()) for _ in range(3)])
    again = read(after.record())
    for _ in range(2):
        with pytest.raises(SourceRestored):
            await applier.apply([again, read(late)])
    state = "SELECT epoch, position, wanted_epoch FROM source_state"
    assert await rows(monitoring_pool, state) == [("e1", 4, "e2")]
    with pytest.raises(SourceRestored):  # also what it told before waits: the rebuild takes it over
        await applier.apply([read(late)])
    assert len(await effects(monitoring_pool)) == 3

    await monitoring_pool.execute("UPDATE source_state SET epoch = 'e2', position = 1, wanted_epoch = NULL")
    assert await applier.apply([again, read(late)]) == Applied(events=1, repeated=1, changes=1)
    assert await rows(monitoring_pool, state) == [("e2", 1, None)]


async def test_an_unreadable_record_that_was_repaired_or_given_up_is_not_parked_again(
    monitoring_pool: asyncpg.Pool,
) -> None:
    applier = monitoring(monitoring_pool)
    topic = Topic()
    broken = replace(topic.record(), value=b"{")
    assert await applier.apply([read(broken)]) == Applied(parked=1)
    assert await discard(monitoring_pool, [1], by="operator", why="a test") == 1
    following = topic.record(broken.key)
    assert await applier.apply([read(broken), read(following)]) == Applied(events=1, repeated=1, changes=1)


async def test_members_of_a_group_that_come_and_go_apply_each_event_once_and_in_order(
    monitoring_pool: asyncpg.Pool, kafka_bus: Bus, wakes: Notifier
) -> None:
    topic = Topic()
    applier = monitoring(monitoring_pool, name=f"monitoring-{uuid4()}")
    keys = [topic.record() for _ in range(40)]
    mine = [record.key for record in keys]
    count = "SELECT count(*) FROM effect WHERE place = ANY ($1)"

    async def applied(expected: int) -> None:
        await eventually(lambda: monitoring_pool.fetchval(count, mine), lambda seen: seen >= expected, within=60)

    async def amended(version: int) -> None:
        await publish(kafka_bus, [topic.record(key, version=version) for key in mine])

    async with Consuming(monitoring_pool, kafka_bus, applier, wakes):
        await publish(kafka_bus, keys)
        await applied(40)
        async with Consuming(monitoring_pool, kafka_bus, applier, wakes):
            for version in range(2, 8):
                await amended(version)
            await applied(40 * 4)
        await amended(8)
        await applied(40 * 8)
    for key in mine:
        assert [version for place, version in await effects(monitoring_pool) if place == key] == list(range(1, 9))
    assert await monitoring_pool.fetchval("SELECT count(*) FROM dead_letter") == 0
