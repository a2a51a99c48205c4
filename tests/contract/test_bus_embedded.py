"""What the embedded driver promises beyond the common contract."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import asyncpg
import pytest

from aksu_local.bus_rig import BusRig, commit, read
from aksu_shared.bus import BusUnavailable, Record, connect
from aksu_shared.bus.embedded_schema import trim

pytestmark = pytest.mark.processes


def numbered(topic: str, *numbers: int) -> list[Record]:
    return [Record(topic, "k", str(number).encode()) for number in numbers]


@asynccontextmanager
async def database(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def grow_old(embedded: BusRig, topic: str, *, up_to: int) -> None:
    async with database(embedded.url) as connection:
        await connection.execute(
            "UPDATE record SET at = now() - interval '8 days' WHERE topic = $1 AND \"offset\" <= $2", topic, up_to
        )


async def test_trimming_deletes_what_is_older_than_its_topic_keeps_and_nothing_else(embedded: BusRig) -> None:
    topic, other = await embedded.topic(), await embedded.topic()
    bus = await embedded.connect()
    await bus.publish(numbered(topic, *range(10)) + numbered(other, *range(3)))
    assert await trim(embedded.url) == 0
    await grow_old(embedded, topic, up_to=5)
    assert await trim(embedded.url) == 6
    async with bus.consumer(embedded.group(), [topic, other]) as consumer:
        records = await read(consumer, 7)
    assert [int(r.value) for r in records if r.topic == topic] == [6, 7, 8, 9]
    assert [int(r.value) for r in records if r.topic == other] == [0, 1, 2]


async def test_a_consumer_left_behind_by_trimming_has_no_lag_and_reads_on(embedded: BusRig) -> None:
    topic = await embedded.topic()
    bus = await embedded.connect()
    await bus.publish(numbered(topic, *range(5)))
    await grow_old(embedded, topic, up_to=4)
    await trim(embedded.url)
    async with bus.consumer(embedded.group(), [topic]) as consumer:
        assert not await consumer.fetch(max_records=10, wait=0)
        assert await consumer.lag() == {(topic, 0): 0}
        await bus.publish(numbered(topic, 5))
        assert [int(r.value) for r in await read(consumer, 1)] == [5]


async def test_a_position_beyond_the_log_means_another_log_and_reads_it_all(embedded: BusRig) -> None:
    topic, group = await embedded.topic(), embedded.group()
    bus = await embedded.connect()
    async with bus.consumer(group, [topic]) as consumer:
        await consumer.fetch(max_records=1, wait=0)
        await consumer.commit({(topic, 0): 100})
    await bus.publish(numbered(topic, 0, 1))
    async with bus.consumer(group, [topic]) as consumer:
        assert [int(r.value) for r in await read(consumer, 2)] == [0, 1]


async def test_a_long_topic_does_not_starve_a_short_one(embedded: BusRig) -> None:
    long, short = await embedded.topic(), await embedded.topic()
    bus = await embedded.connect()
    await bus.publish(numbered(long, *range(200)))
    await bus.publish(numbered(short, 1))
    async with bus.consumer(embedded.group(), [long, short]) as consumer:
        first = await consumer.fetch(max_records=50, wait=5)
        second = await consumer.fetch(max_records=50, wait=5)
    assert {record.topic for record in first} == {long}
    assert second[0].topic == short


async def test_a_fetch_is_bounded_in_bytes_however_many_records_are_asked_for(embedded: BusRig) -> None:
    topic = await embedded.topic()
    bus = await embedded.connect()
    for _ in range(3):
        await bus.publish([Record(topic, "k", b"x" * 900_000) for _ in range(10)])
    async with bus.consumer(embedded.group(), [topic]) as consumer:
        first = await consumer.fetch(max_records=1000, wait=5)
        assert 16_000_000 <= sum(len(record.value) for record in first) < 17_000_000
        assert len(await read(consumer, 30 - len(first))) == 30 - len(first)


async def test_a_paused_holder_that_wakes_reads_nothing_until_it_holds_the_group_again(embedded: BusRig) -> None:
    topic, group = await embedded.topic(), embedded.group()
    bus = await embedded.connect()
    members = await embedded.members(2, group=group, topic=topic, commit=True)
    await bus.publish(numbered(topic, 0))
    first, _ = await members.next()
    members.signal(first, signal.SIGSTOP)
    await bus.publish(numbered(topic, 1))
    while (said := await members.next())[1] != "k 1":
        assert said[1] == "k 0", "only the last record may have been left uncommitted"
    second = said[0]
    assert second != first
    members.signal(first, signal.SIGCONT)
    for number in range(2, 12):
        await bus.publish(numbered(topic, number))
        assert await members.next() == (second, f"k {number}")
    members.signal(second, signal.SIGKILL)
    await bus.publish(numbered(topic, 12))
    while (said := await members.next()) != (first, "k 12"):
        assert said == (first, "k 11")


async def test_while_the_consumers_database_is_away_nothing_is_delivered(embedded: BusRig) -> None:
    topic = await embedded.topic()
    away = await asyncpg.create_pool("postgresql://nobody@127.0.0.1:1/away", min_size=0)
    async with connect(embedded.url, cursors=away) as bus, bus.consumer(embedded.group(), [topic]) as consumer:
        await bus.publish(numbered(topic, 1))
        with pytest.raises(BusUnavailable):
            await consumer.fetch(max_records=1, wait=0)
        assert await consumer.lag() == {}
    await away.close()


async def test_a_failed_commit_is_no_error_and_means_redelivery(embedded: BusRig) -> None:
    topic, group = await embedded.topic(), embedded.group()
    pool = await embedded.pool()
    bus = await embedded.connect()
    await bus.publish(numbered(topic, 1))
    async with connect(embedded.url, cursors=pool) as other, other.consumer(group, [topic]) as consumer:
        records = await read(consumer, 1)
        await pool.close()
        await commit(consumer, records)
    async with bus.consumer(group, [topic]) as consumer:
        assert [r.value for r in await read(consumer, 1)] == [b"1"]


async def test_a_failed_commit_is_made_up_for_when_the_database_answers_again(embedded: BusRig) -> None:
    topic, group = await embedded.topic(), embedded.group()
    pool = await embedded.pool()
    bus = await embedded.connect()
    await bus.publish(numbered(topic, *range(10)))
    async with connect(embedded.url, cursors=pool) as other, other.consumer(group, [topic]) as consumer:
        records = await read(consumer, 10)
        async with pool.acquire() as busy, busy.transaction():
            await busy.execute("LOCK TABLE bus_cursor")
            await commit(consumer, records[:7])
        for _ in range(10):
            assert list(await consumer.fetch(max_records=10, wait=0.2)) == []
    async with bus.consumer(group, [topic]) as consumer:
        assert [r.offset for r in await read(consumer, 1)] == [r.offset for r in records[7:]]


async def test_a_commit_that_comes_late_does_not_set_back_what_the_next_holder_has_committed(
    embedded: BusRig,
) -> None:
    topic, group = await embedded.topic(), embedded.group()
    slow = await embedded.pool()
    bus = await embedded.connect()
    await bus.publish(numbered(topic, *range(10)))
    async with connect(embedded.url, cursors=slow) as late, late.consumer(group, [topic]) as first:
        records = await read(first, 10)
        async with AsyncExitStack() as busy:
            # Until its statement is on its way: all of the pool's connections are in use.
            for _ in range(slow.get_max_size()):
                await busy.enter_async_context(slow.acquire())
            committing = asyncio.create_task(commit(first, records[:3]))
            await asyncio.sleep(0.1)
            async with database(embedded.url) as other:
                await other.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1", f"bus:{group}"
                )
            async with bus.consumer(group, [topic]) as second:
                await commit(second, await read(second, 10))
                await busy.aclose()
                await committing
    async with bus.consumer(group, [topic]) as third:
        assert await third.lag() == {}
        assert not await third.fetch(max_records=1, wait=1)
        assert await third.lag() == {(topic, 0): 0}


async def test_a_holder_whose_positions_were_moved_reads_from_where_they_are_now(embedded: BusRig) -> None:
    topic, group = await embedded.topic(), embedded.group()
    pool = await embedded.pool()
    bus = await embedded.connect()
    await bus.publish(numbered(topic, *range(10)))
    async with connect(embedded.url, cursors=pool) as other, other.consumer(group, [topic]) as consumer:
        records = await read(consumer, 10)
        await commit(consumer, records[:7])
        await pool.execute('UPDATE bus_cursor SET "offset" = 2 WHERE consumer_group = $1', group)
        await commit(consumer, records)
        again = await read(consumer, 8)
        await commit(consumer, again)
    assert [r.offset for r in again] == [r.offset for r in records[2:]]
    assert await pool.fetchval('SELECT "offset" FROM bus_cursor WHERE consumer_group = $1', group) == 10


async def test_a_process_that_only_publishes_needs_no_cursors_and_cannot_consume(embedded: BusRig) -> None:
    topic = await embedded.topic()
    async with connect(embedded.url) as bus:
        await bus.publish(numbered(topic, 1))
        with pytest.raises(ValueError, match="cursors"):
            bus.consumer("g", [topic])
