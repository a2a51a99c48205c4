"""What the Kafka driver promises beyond the common contract."""

import asyncio
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, suppress
from itertools import pairwise

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer

from aksu_local.bus_rig import BusRig, commit, read
from aksu_local.kafka import Kafka
from aksu_local.waiting import eventually
from aksu_shared.bus import BusUnavailable, Consumer, Delivered, Record, connect
from aksu_shared.bus.creation import create_topics
from aksu_shared.bus.topics import Topic, TopicMismatch

pytestmark = pytest.mark.processes

KEYS = 30


def numbered(topic: str, number: int) -> list[Record]:
    """One record for each key, so that every partition gets some."""
    return [Record(topic, f"key-{key}", str(number).encode()) for key in range(KEYS)]


class Group:
    """Several members of one group in this process, all of them always polling."""

    def __init__(self) -> None:
        self.delivered: dict[str, list[Delivered]] = {}
        self._leaving: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._consumers: dict[str, Consumer] = {}

    async def join(self, rig: BusRig, group: str, topic: str, *, name: str, static: bool = False) -> None:
        self._leaving[name] = asyncio.Event()
        self.delivered.setdefault(name, [])
        bus = await rig.connect()
        self._tasks[name] = asyncio.create_task(
            self._consume(name, bus.consumer(group, [topic], member=name if static else None))
        )

    async def leave(self, *names: str) -> None:
        for name in names or list(self._tasks):
            self._leaving[name].set()
            await self._tasks.pop(name)

    async def held(self) -> dict[str, set[int]]:
        """Partitions per member, as each member sees it."""
        return {
            name: {key[1] for key in await self._consumers[name].lag()}
            for name in self._tasks
            if name in self._consumers
        }

    async def _consume(self, name: str, joining: object) -> None:
        async with joining as consumer:  # type: ignore[attr-defined]
            self._consumers[name] = consumer
            while not self._leaving[name].is_set():
                with suppress(BusUnavailable):
                    records = await consumer.fetch(max_records=100, wait=0.1)
                    self.delivered[name] += records
                    await commit(consumer, records)
        del self._consumers[name]


@pytest_asyncio.fixture
async def group() -> AsyncIterator[Group]:
    group = Group()
    yield group
    await group.leave()


def shared_out(held: dict[str, set[int]], *, among: Sequence[str], partitions: int) -> bool:
    """Whether each of `among` holds something, and all partitions are held exactly once."""
    everything = sorted(partition for own in held.values() for partition in own)
    return set(held) == set(among) and all(held.values()) and everything == list(range(partitions))


async def test_three_members_share_the_partitions_and_those_who_stay_take_over_from_one_who_leaves(
    on_kafka: BusRig, group: Group
) -> None:
    topic, name = await on_kafka.topic(partitions=6), on_kafka.group()
    for member in ("a", "b", "c"):
        await group.join(on_kafka, name, topic, name=member)
    await eventually(group.held, lambda held: shared_out(held, among="abc", partitions=6), within=20)
    bus = await on_kafka.connect()
    await bus.publish(numbered(topic, 1))
    await group.leave("b")
    await eventually(group.held, lambda held: shared_out(held, among="ac", partitions=6), within=20)
    await bus.publish(numbered(topic, 2))

    async def seen() -> set[tuple[str, bytes]]:
        return {(record.key, record.value) for records in group.delivered.values() for record in records}

    await eventually(seen, lambda pairs: len(pairs) == 2 * KEYS)
    assert group.delivered["b"]


async def test_a_rebalance_in_the_middle_of_a_stream_loses_nothing_and_keeps_each_key_in_order(
    on_kafka: BusRig, group: Group
) -> None:
    topic, name = await on_kafka.topic(partitions=6), on_kafka.group()
    bus = await on_kafka.connect()
    await group.join(on_kafka, name, topic, name="a")
    for number in range(60):
        if number == 15:
            await group.join(on_kafka, name, topic, name="b")
        if number == 40:
            await group.leave("a")
        await bus.publish(numbered(topic, number))

    async def complete() -> bool:
        seen = {(r.key, r.value) for records in group.delivered.values() for r in records}
        return len(seen) == 60 * KEYS

    await eventually(complete, within=30)
    for records in group.delivered.values():
        offsets: dict[int, list[int]] = {}
        for record in records:
            offsets.setdefault(record.partition, []).append(record.offset)
        # Within one assignment offsets ascend; only a partition given back starts again, from its commit.
        for partition in offsets.values():
            assert sum(later <= earlier for earlier, later in pairwise(partition)) <= 2


async def test_a_member_with_a_stable_name_keeps_its_partitions_over_a_quick_restart(
    on_kafka: BusRig, group: Group
) -> None:
    topic, name = await on_kafka.topic(partitions=4), on_kafka.group()
    await group.join(on_kafka, name, topic, name="a", static=True)
    await group.join(on_kafka, name, topic, name="b", static=True)
    before = await eventually(group.held, lambda held: shared_out(held, among="ab", partitions=4), within=20)
    await group.leave("a")
    await group.join(on_kafka, name, topic, name="a", static=True)
    assert (await group.held())["b"] == before["b"]
    after = await eventually(group.held, lambda held: shared_out(held, among="ab", partitions=4), within=20)
    assert after == before


async def test_a_failed_commit_is_made_up_for_when_the_broker_answers_again(on_kafka: BusRig, kafka: Kafka) -> None:
    """Without another record nothing else would commit, and the group would look as if it lagged for ever."""
    topic, name = await on_kafka.topic(), on_kafka.group()
    async with connect(f"{on_kafka.url}?session_timeout_ms=20000", cursors=await on_kafka.pool()) as bus:
        await bus.publish(numbered(topic, 1))
        async with bus.consumer(name, [topic]) as consumer:
            records = await read(consumer, KEYS)
            await kafka.kill()
            await commit(consumer, records[:-3])
            await kafka.start()
            for _ in range(25):
                assert await consumer.fetch(max_records=KEYS, wait=0.2) == []
        async with bus.consumer(name, [topic]) as consumer:
            assert [each.offset for each in await read(consumer, 1)] == [each.offset for each in records[-3:]]


async def test_a_late_commit_does_not_set_back_what_another_member_has_committed_meanwhile(
    on_kafka: BusRig, group: Group
) -> None:
    topic, name = await on_kafka.topic(partitions=2), on_kafka.group()
    bus = await on_kafka.connect()
    await bus.publish(numbered(topic, 1))
    async with bus.consumer(name, [topic]) as consumer:
        records = await read(consumer, KEYS)
        await group.join(on_kafka, name, topic, name="b")
        async with asyncio.timeout(30):
            while not group.delivered["b"]:
                await consumer.fetch(max_records=KEYS, wait=0.2)
        leaving = asyncio.create_task(group.leave("b"))
        async with asyncio.timeout(30):
            while not leaving.done() or len(await consumer.lag()) < 2:
                await consumer.fetch(max_records=KEYS, wait=0.2)
        await commit(consumer, [record for record in records if record.offset == 0])
    (theirs,) = {record.partition for record in group.delivered["b"]}
    ours = [record.offset for record in records if record.partition != theirs]
    async with bus.consumer(name, [topic]) as consumer:
        left = await read(consumer, len(ours) - 1)
        left += await consumer.fetch(max_records=KEYS, wait=0.5)
    assert sorted(record.offset for record in left if record.partition != theirs) == ours[1:]
    assert [record for record in left if record.partition == theirs] == []


async def test_keys_and_headers_of_foreign_producers_never_stop_a_partition(on_kafka: BusRig, kafka: Kafka) -> None:
    topic = await on_kafka.topic()
    producer = AIOKafkaProducer(bootstrap_servers=kafka.url.removeprefix("kafka://"))
    await producer.start()
    await producer.send_and_wait(topic, b"no key", headers=[("bytes", b"\xff\xfe"), ("none", None)])
    await producer.send_and_wait(topic, None, b"\xffno value\0")
    await producer.stop()
    bus = await on_kafka.connect()
    async with bus.consumer(on_kafka.group(), [topic]) as consumer:
        first, second = await read(consumer, 2)
    assert (first.key, first.value, dict(first.headers)) == ("", b"no key", {"bytes": "��", "none": ""})
    assert (second.key, second.value) == ("�no value�", b"")


@pytest.mark.timeout(120)
async def test_republishing_a_batch_cut_short_by_a_crash_leaves_no_gap_and_no_inversion_per_key(
    on_kafka: BusRig, kafka: Kafka
) -> None:
    topic = await on_kafka.topic(partitions=3)
    bus = await on_kafka.connect()
    records = [Record(topic, f"key-{n % 5}", str(n // 5).encode(), {"pad": "x" * 500}) for n in range(2_000)]

    async def publish_over_and_over() -> None:
        while True:
            await bus.publish(records, timeout=10)

    publishing = asyncio.create_task(publish_over_and_over())
    async with bus.consumer(on_kafka.group(), [topic]) as consumer:
        await read(consumer, 3_000)  # so much has arrived, the rest of a batch is on its way: now the broker dies
        await kafka.kill()
    with pytest.raises(BusUnavailable):
        await publishing
    await kafka.start()
    await bus.publish(records, timeout=30)
    async with bus.consumer(on_kafka.group(), [topic]) as consumer:
        delivered = await read(consumer, 2_000)
        while any((await consumer.lag()).values()):
            delivered += await consumer.fetch(max_records=1000, wait=1)
    for key in {record.key for record in delivered}:
        applied = -1
        for number in (int(record.value) for record in delivered if record.key == key):
            assert number <= applied + 1, "a version arrived before the one it follows"
            applied = max(applied, number)
        assert applied == 399


async def test_a_paused_member_that_wakes_joins_again_and_works(on_kafka: BusRig) -> None:
    topic, name = await on_kafka.topic(), on_kafka.group()
    bus = await on_kafka.connect()
    members = await on_kafka.members(1, group=name, topic=topic, commit=True)
    await bus.publish([Record(topic, "k", b"1")])
    paused, said = await members.next()
    assert said == "k 1"
    members.signal(paused, signal.SIGSTOP)
    async with bus.consumer(name, [topic]) as other:
        await bus.publish([Record(topic, "k", b"2")])
        await commit(other, await read(other, 1))
    members.signal(paused, signal.SIGCONT)
    await bus.publish([Record(topic, "k", b"3")])
    while said != "k 3":
        _, said = await members.next()


async def test_a_topic_declared_with_other_partitions_than_it_has_is_reported_not_changed(on_kafka: BusRig) -> None:
    topic = await on_kafka.topic(partitions=2)
    with pytest.raises(TopicMismatch, match="2 partitions"):
        await create_topics(on_kafka.url, [Topic(name=topic, partitions=3, retention_days=7)])


async def test_an_unknown_option_in_the_url_is_refused() -> None:
    async with AsyncExitStack() as stack:
        with pytest.raises(ValueError, match="colour"):
            await stack.enter_async_context(connect("kafka://127.0.0.1:1?colour=red"))


async def test_a_session_too_short_for_the_broker_is_told_not_swallowed(on_kafka: BusRig) -> None:
    topic = await on_kafka.topic()
    async with connect(f"{on_kafka.url}?session_timeout_ms=10") as bus, bus.consumer("g", [topic]) as consumer:
        with pytest.raises(BusUnavailable, match="InvalidSessionTimeout"):
            await consumer.fetch(max_records=1, wait=10)
