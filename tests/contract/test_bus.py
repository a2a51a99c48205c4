"""What every driver of the bus promises."""

import asyncio
import signal
import time
from statistics import median

import pytest

from aksu_local.bus_rig import BusRig, Members, commit, read
from aksu_local.process import free_port
from aksu_shared.bus import MAX_RECORD_BYTES, Bus, BusUnavailable, Record, RecordTooLarge, connect
from aksu_shared.bus.creation import create_topics
from aksu_shared.bus.topics import declared_topics

pytestmark = pytest.mark.processes

TAKE_OVER = 5.0


def numbered(topic: str, key: str, *numbers: int) -> list[Record]:
    return [Record(topic, key, str(number).encode()) for number in numbers]


async def test_each_key_arrives_in_the_order_published(rig: BusRig) -> None:
    topic = await rig.topic(partitions=3)
    bus = await rig.connect()
    for batch in range(10):
        await bus.publish([Record(topic, f"key-{n % 7}", str(batch * 50 + n).encode()) for n in range(50)])
    async with bus.consumer(rig.group(), [topic]) as consumer:
        records = await read(consumer, 500)
    for key in {record.key for record in records}:
        numbers = [int(record.value) for record in records if record.key == key]
        assert numbers == sorted(numbers)
    assert len({record.value for record in records}) == len(records) == 500


async def test_no_record_of_many_concurrent_publishers_is_missed_by_a_reader(rig: BusRig) -> None:
    topic = await rig.topic()
    buses = [await rig.connect() for _ in range(8)]

    async def publish(writer: int) -> None:
        for number in range(40):
            await buses[writer].publish(numbered(topic, f"writer-{writer}", number))

    async with buses[0].consumer(rig.group(), [topic]) as consumer:
        reading = asyncio.create_task(read(consumer, 320))
        await asyncio.gather(*(publish(writer) for writer in range(8)))
        records = await reading
    for writer in range(8):
        assert [int(r.value) for r in records if r.key == f"writer-{writer}"] == list(range(40))


async def test_every_group_receives_every_record_of_all_its_topics(rig: BusRig) -> None:
    topics = [await rig.topic(), await rig.topic()]
    bus = await rig.connect()
    await bus.publish([record for topic in topics for record in numbered(topic, "k", 1, 2)])
    for group in (rig.group(), rig.group()):
        async with bus.consumer(group, topics) as consumer:
            records = await read(consumer, 4)
        assert sorted((r.topic, int(r.value)) for r in records) == sorted((t, n) for t in topics for n in (1, 2))


async def test_headers_and_bytes_arrive_as_sent_whatever_the_script(rig: BusRig) -> None:
    topic = await rig.topic()
    bus = await rig.connect()
    headers = {"ce_id": "1", "бележка": "Дирекция „Социално подпомагане“ 🏛", "empty": "", "quote": '"\\\n\t'}
    sent = Record(topic, "ключ", bytes(range(256)), headers)
    before = time.time() * 1000
    await bus.publish([sent])
    async with bus.consumer(rig.group(), [topic]) as consumer:
        (record,) = await read(consumer, 1)
    assert (record.topic, record.key, record.value, dict(record.headers)) == (topic, "ключ", sent.value, headers)
    assert (record.partition, record.offset) == (0, 0)
    assert before - 5_000 < record.time < time.time() * 1000 + 5_000


async def test_the_largest_allowed_record_passes(rig: BusRig) -> None:
    topic = await rig.topic()
    bus = await rig.connect()
    value = b"x" * (MAX_RECORD_BYTES - len("key"))
    await bus.publish([Record(topic, "key", value)])
    async with bus.consumer(rig.group(), [topic]) as consumer:
        (record,) = await read(consumer, 1)
    assert record.value == value


async def test_an_oversize_record_is_refused_by_name_and_nothing_of_its_batch_is_sent(rig: BusRig) -> None:
    topic = await rig.topic()
    bus = await rig.connect()
    oversize = Record(topic, "big", b"x" * MAX_RECORD_BYTES)
    with pytest.raises(RecordTooLarge, match=topic) as refusal:
        await bus.publish([*numbered(topic, "small", 1), oversize])
    assert refusal.value.record is oversize
    await bus.publish(numbered(topic, "after", 2))
    async with bus.consumer(rig.group(), [topic]) as consumer:
        assert [r.key for r in await read(consumer, 1)] == ["after"]


@pytest.mark.parametrize(
    "record", [Record("t", "nul\0", b""), Record("t", "\ud800", b""), Record("t", "k", b"", {"h": "\ud800"})]
)
async def test_text_that_cannot_be_stored_is_a_value_error(rig: BusRig, record: Record) -> None:
    bus = await rig.connect()
    with pytest.raises(ValueError, match=r"NUL|surrogates"):
        await bus.publish([record])


async def test_publishing_to_a_topic_nobody_created_fails_and_creates_nothing(rig: BusRig) -> None:
    topic = await rig.topic()
    bus = await rig.connect()
    with pytest.raises(BusUnavailable):
        await bus.publish([*numbered("test.nobody-created-me", "k", 1)], timeout=1.5)
    await bus.publish(numbered(topic, "k", 2))
    async with bus.consumer(rig.group(), [topic]) as consumer:
        assert [r.value for r in await read(consumer, 1)] == [b"2"]


async def test_an_idle_fetch_returns_nothing_after_its_wait(rig: BusRig) -> None:
    topic = await rig.topic()
    bus = await rig.connect()
    await bus.publish(numbered(topic, "k", 1))
    async with bus.consumer(rig.group(), [topic]) as consumer:
        await read(consumer, 1)
        started = time.monotonic()
        assert not await consumer.fetch(max_records=10, wait=0.5)
        assert 0.4 < time.monotonic() - started < 5


async def test_a_waiting_consumer_is_woken_rather_than_polling(rig: BusRig) -> None:
    topic = await rig.topic()
    bus = await rig.connect()
    await bus.publish(numbered(topic, "k", 0))
    delays = []
    async with bus.consumer(rig.group(), [topic]) as consumer:
        await read(consumer, 1)
        for number in range(1, 12):
            reading = asyncio.create_task(read(consumer, 1))
            await asyncio.sleep(0.05)  # let it begin to wait
            started = time.monotonic()
            await bus.publish(numbered(topic, "k", number))
            await reading
            delays.append(time.monotonic() - started)
    assert median(delays) < 0.2


async def test_a_fetch_takes_no_more_than_asked_and_leaves_the_rest_for_the_next(rig: BusRig) -> None:
    topic = await rig.topic()
    bus = await rig.connect()
    await bus.publish(numbered(topic, "k", *range(25)))
    values: list[int] = []
    async with bus.consumer(rig.group(), [topic]) as consumer:
        while len(values) < 25:
            records = await consumer.fetch(max_records=10, wait=5)
            assert len(records) <= 10
            values += [int(record.value) for record in records]
    assert values == list(range(25))


async def test_a_cancelled_fetch_loses_no_record(rig: BusRig) -> None:
    topic = await rig.topic()
    bus = await rig.connect()
    await bus.publish(numbered(topic, "k", 0))
    async with bus.consumer(rig.group(), [topic]) as consumer:
        await read(consumer, 1)
        for _ in range(5):
            fetching = asyncio.create_task(consumer.fetch(max_records=10, wait=5))
            await asyncio.sleep(0.05)  # let it begin to wait
            fetching.cancel()
            await asyncio.wait([fetching])
        await bus.publish(numbered(topic, "k", *range(1, 4)))
        assert [int(r.value) for r in await read(consumer, 3)] == [1, 2, 3]


async def test_rewound_records_come_again_in_order(rig: BusRig) -> None:
    topic = await rig.topic()
    bus = await rig.connect()
    await bus.publish(numbered(topic, "k", *range(10)))
    async with bus.consumer(rig.group(), [topic]) as consumer:
        records = await read(consumer, 10)
        await consumer.rewind({(topic, records[4].partition): records[4].offset})
        await consumer.rewind({("test.not-mine", 0): 0})
        assert [int(r.value) for r in await read(consumer, 6)] == [4, 5, 6, 7, 8, 9]


async def test_lag_counts_what_was_not_fetched_and_ends_at_zero(rig: BusRig) -> None:
    topic = await rig.topic()
    bus = await rig.connect()
    await bus.publish(numbered(topic, "k", *range(10)))
    async with bus.consumer(rig.group(), [topic]) as consumer:
        records = list(await consumer.fetch(max_records=4, wait=10))
        while len(records) < 4:
            records += await consumer.fetch(max_records=4 - len(records), wait=10)
        assert await consumer.lag() == {(topic, 0): 6}
        await read(consumer, 6)
        assert await consumer.lag() == {(topic, 0): 0}


async def test_a_group_goes_on_where_it_committed(rig: BusRig) -> None:
    topic, group = await rig.topic(), rig.group()
    bus = await rig.connect()
    await bus.publish(numbered(topic, "k", *range(10)))
    async with bus.consumer(group, [topic]) as consumer:
        await commit(consumer, (await read(consumer, 10))[:6])
    async with bus.consumer(group, [topic]) as consumer:
        assert [int(r.value) for r in await read(consumer, 4)] == [6, 7, 8, 9]


async def test_committing_what_one_does_not_hold_is_no_error(rig: BusRig) -> None:
    topic = await rig.topic()
    bus = await rig.connect()
    async with bus.consumer(rig.group(), [topic]) as consumer:
        await consumer.commit({("test.not-mine", 0): 5})
        await consumer.commit({})


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL, signal.SIGSTOP], ids=["leaves", "dies", "is-paused"])
async def test_a_stand_by_takes_over_within_five_seconds_when_the_holder(rig: BusRig, end: signal.Signals) -> None:
    topic, group = await rig.topic(), rig.group()
    bus = await rig.connect()
    members = await rig.members(2, group=group, topic=topic, commit=True)
    holder = await settled_holder(bus, topic, members)
    started = time.monotonic()
    members.signal(holder, end)
    if end != signal.SIGSTOP:
        await members.ended(holder)
    await bus.publish(numbered(topic, "after", 1))
    while (said := await members.next())[1] != "after 1":
        pass  # a member may be given again what it had not committed
    assert said[0] != holder
    assert time.monotonic() - started < TAKE_OVER
    members.signal(holder, signal.SIGCONT)


async def settled_holder(bus: Bus, topic: str, members: Members) -> int:
    """The process id of the member that has been given three records in a row, the others none."""
    givens: list[int] = []
    while len(givens) < 3 or len(set(givens[-3:])) > 1:
        await bus.publish(numbered(topic, "probe", len(givens)))
        while (said := await members.next())[1] != f"probe {len(givens)}":
            pass
        givens.append(said[0])
    return givens[-1]


async def test_what_a_killed_process_did_not_commit_is_delivered_again(rig: BusRig) -> None:
    topic, group = await rig.topic(), rig.group()
    bus = await rig.connect()
    members = await rig.members(1, group=group, topic=topic, commit=False)
    await bus.publish(numbered(topic, "k", 1, 2))
    killed, first = await members.next()
    assert [first, (await members.next())[1]] == ["k 1", "k 2"]
    members.signal(killed, signal.SIGKILL)
    started = time.monotonic()
    async with bus.consumer(group, [topic]) as successor:
        assert [r.value for r in await read(successor, 2)] == [b"1", b"2"]
    assert time.monotonic() - started < TAKE_OVER


@pytest.mark.timeout(120)
async def test_publishing_fails_while_the_bus_is_away_and_works_again_once_it_is_back(rig: BusRig) -> None:
    topic, group = await rig.topic(), rig.group()
    bus = await rig.connect()
    await bus.publish(numbered(topic, "k", 1))
    async with bus.consumer(group, [topic]) as consumer:
        await commit(consumer, await read(consumer, 1))
        await rig.server.stop()
        for _ in range(2):
            started = time.monotonic()
            with pytest.raises(BusUnavailable):
                await bus.publish(numbered(topic, "k", 2), timeout=1)
            assert time.monotonic() - started < 7
        with pytest.raises(BusUnavailable):
            await bus.ping()
        await rig.server.start()
        await bus.ping()
        await bus.publish(numbered(topic, "k", 3), timeout=20)
        values = [int(r.value) for r in await read(consumer, 1)]
        while 3 not in values:
            values += [int(r.value) for r in await read(consumer, 1)]
    # What was published unacknowledged may have arrived or not; the acknowledged record arrives, after it.
    assert values in ([3], [2, 3], [2, 2, 3])


@pytest.mark.timeout(120)
async def test_a_commit_survives_a_crash_of_the_bus(rig: BusRig) -> None:
    topic, group = await rig.topic(), rig.group()
    bus = await rig.connect()
    await bus.publish(numbered(topic, "k", *range(10)))
    async with bus.consumer(group, [topic]) as consumer:
        await commit(consumer, (await read(consumer, 10))[:7])
    await rig.server.kill()
    await rig.server.start()
    async with bus.consumer(group, [topic]) as consumer:
        assert [int(r.value) for r in await read(consumer, 3)] == [7, 8, 9]


async def test_a_bus_that_is_away_from_the_start_does_not_keep_a_process_from_starting(rig: BusRig) -> None:
    away = (
        f"kafka://127.0.0.1:{free_port()}"
        if rig.url.startswith("kafka")
        else f"postgresql://bus@127.0.0.1:{free_port()}/bus"
    )
    async with connect(away, cursors=await rig.pool()) as bus, bus.consumer(rig.group(), ["t"]) as consumer:
        with pytest.raises(BusUnavailable):
            await bus.ping()
        with pytest.raises(BusUnavailable):
            await bus.publish(numbered("t", "k", 1), timeout=2)
        with pytest.raises(BusUnavailable):
            await consumer.fetch(max_records=1, wait=5)


async def test_creating_the_declared_topics_again_changes_nothing(rig: BusRig) -> None:
    await create_topics(rig.url)
    bus = await rig.connect()
    topics = [topic.name for topic in declared_topics()]
    await bus.publish([record for topic in topics for record in numbered(topic, "k", 1)], timeout=30)
    await create_topics(rig.url)
    async with bus.consumer(rig.group(), topics) as consumer:
        heard = set[str]()
        async with asyncio.timeout(30):
            while heard != set(topics):  # there may be older records: the topics of a real broker outlive a test
                heard |= {record.topic for record in await consumer.fetch(max_records=1000, wait=0.5)}


async def test_an_unknown_scheme_is_refused() -> None:
    with pytest.raises(ValueError, match="amqp"):
        async with connect("amqp://host/"):
            pass
