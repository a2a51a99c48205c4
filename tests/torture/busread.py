"""The bus read raw: every record of every topic, and how far each consumer group has committed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from aksu_shared.bus import Record
from aksu_shared.bus.topics import declared_topics
from torture.rig import Rig

_RECORDS: Final = """
SELECT topic, "offset", key, headers->>'ce_id' AS id, headers->>'ce_seq' AS seq, headers->>'ce_epoch' AS epoch
  FROM record ORDER BY topic, "offset" """
_ENDS: Final = "SELECT name, next_offset FROM topic"
_SAMPLED: Final = ("aksu.registry.service.v1", "aksu.registry.place.v1")
_SAMPLE: Final = "SELECT * FROM record WHERE topic = ANY ($1) ORDER BY random() LIMIT $2"
_CURSORS: Final = 'SELECT topic, "offset" FROM bus_cursor'


@dataclass(frozen=True, slots=True)
class Seen:
    """One record, by its envelope; `id` is the event's."""

    topic: str
    partition: int
    offset: int
    key: str
    id: str
    seq: int


async def read_bus(rig: Rig) -> list[Seen]:
    """All records, in order per partition."""
    return await (_read_kafka(rig) if rig.broker else _read_embedded(rig))


async def _read_embedded(rig: Rig) -> list[Seen]:
    connection = await asyncpg.connect(rig.platform.postgres.url("bus"), command_timeout=300)
    try:
        rows = await connection.fetch(_RECORDS)
    finally:
        await connection.close()
    return [Seen(row["topic"], 0, row["offset"], row["key"], row["id"] or "", int(row["seq"] or 0)) for row in rows]


async def _read_kafka(rig: Rig) -> list[Seen]:
    consumer = AIOKafkaConsumer(bootstrap_servers=_servers(rig), enable_auto_commit=False)
    await consumer.start()
    try:
        partitions = [
            TopicPartition(topic.name, number) for topic in declared_topics() for number in range(topic.partitions)
        ]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        for partition in partitions:
            consumer.seek(partition, 0)
        return await _until(consumer, {partition: end for partition, end in ends.items() if end})
    finally:
        await consumer.stop()


async def _until(consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int]) -> list[Seen]:
    found: list[Seen] = []
    open_ = set(ends)
    while open_:
        batches = await consumer.getmany(timeout_ms=500, max_records=5_000)
        for partition, records in batches.items():
            for record in records:
                headers = {name: value.decode(errors="replace") for name, value in record.headers}
                seq = headers.get("ce_seq", "0")
                found.append(
                    Seen(
                        partition.topic,
                        partition.partition,
                        record.offset,
                        (record.key or b"").decode(errors="replace"),
                        headers.get("ce_id", ""),
                        int(seq) if seq.isdecimal() else 0,
                    )
                )
        for partition in list(open_):
            if await consumer.position(partition) >= ends[partition]:
                open_.discard(partition)
    return found


async def lags(rig: Rig, consumer: str) -> dict[str, int]:
    """Topic/partition → records behind what group `aksu-<consumer>` has committed, where there are any."""
    return await (_kafka_lags(rig, consumer) if rig.broker else _embedded_lags(rig, consumer))


async def _embedded_lags(rig: Rig, consumer: str) -> dict[str, int]:
    bus = await asyncpg.connect(rig.platform.postgres.url("bus"), timeout=5)
    here = await asyncpg.connect(rig.platform.postgres.url(consumer), timeout=5)
    try:
        ends = dict(await bus.fetch(_ENDS))
        cursors = dict(await here.fetch(_CURSORS))
    finally:
        await bus.close()
        await here.close()
    return {topic: ends[topic] - offset for topic, offset in cursors.items() if ends.get(topic, 0) > offset}


async def _kafka_lags(rig: Rig, consumer: str) -> dict[str, int]:
    admin = AIOKafkaAdminClient(bootstrap_servers=_servers(rig))
    reader = AIOKafkaConsumer(bootstrap_servers=_servers(rig), enable_auto_commit=False)
    await admin.start()
    await reader.start()
    try:
        offsets = await admin.list_consumer_group_offsets(f"aksu-{consumer}")
        ends = await reader.end_offsets(list(offsets))
    finally:
        await reader.stop()
        await admin.close()
    return {
        f"{partition.topic}/{partition.partition}": ends[partition] - max(0, kept.offset)
        for partition, kept in offsets.items()
        if ends[partition] > max(0, kept.offset)
    }


async def sample(rig: Rig, *, limit: int) -> list[Record]:
    """Records of the registry's topics as they were sent, at most so many."""
    return await (_sample_kafka(rig, limit) if rig.broker else _sample_embedded(rig, limit))


async def _sample_embedded(rig: Rig, limit: int) -> list[Record]:
    connection = await asyncpg.connect(rig.platform.postgres.url("bus"), command_timeout=60)
    try:
        rows = await connection.fetch(_SAMPLE, list(_SAMPLED), limit)
    finally:
        await connection.close()
    return [Record(row["topic"], row["key"], row["value"], json.loads(row["headers"])) for row in rows]


async def _sample_kafka(rig: Rig, limit: int) -> list[Record]:
    consumer = AIOKafkaConsumer(bootstrap_servers=_servers(rig), enable_auto_commit=False)
    await consumer.start()
    try:
        partitions = [TopicPartition(topic, 0) for topic in _SAMPLED]
        consumer.assign(partitions)
        for partition in partitions:
            consumer.seek(partition, 0)
        batches = [await consumer.getmany(partition, timeout_ms=2_000, max_records=limit) for partition in partitions]
    finally:
        await consumer.stop()
    return [
        Record(
            each.topic,
            (each.key or b"").decode(),
            each.value or b"",
            {name: value.decode() for name, value in each.headers},
        )
        for batch in batches
        for records in batch.values()
        for each in records
    ][:limit]


def _servers(rig: Rig) -> str:
    return f"127.0.0.1:{rig.broker_port}"
