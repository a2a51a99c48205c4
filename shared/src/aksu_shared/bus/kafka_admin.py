"""The job that creates topics on Kafka."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from aksu_shared.bus.contract import BusUnavailable
from aksu_shared.bus.topics import Topic, TopicMismatch

_DAY_MS: Final = 86_400_000


async def create(url: str, topics: Sequence[Topic], *, replication: int) -> None:
    """Make the topics that do not exist; see `topics.create_topics`."""
    client = AIOKafkaAdminClient(bootstrap_servers=urlsplit(url).netloc.split(","), request_timeout_ms=15_000)
    try:
        await client.start()
        answer = await client.create_topics([_new(topic, replication=replication) for topic in topics])
        for name, code, message in answer.topic_errors:  # type: ignore[attr-defined]
            if code not in (0, TopicAlreadyExistsError.errno):
                raise for_code(code)(f"{name}: {message}")
        await _compare(client, topics)
    except (KafkaError, OSError, TimeoutError) as failure:
        msg = f"kafka did not create the topics: {failure!r}"
        raise BusUnavailable(msg) from failure
    finally:
        await client.close()


def _new(topic: Topic, *, replication: int) -> NewTopic:
    return NewTopic(
        topic.name,
        topic.partitions,
        replication,
        topic_configs={
            "cleanup.policy": "delete",
            "retention.ms": str(topic.retention_days * _DAY_MS),
            "min.insync.replicas": str(max(1, replication - 1)),
            # The broker's time, so that retention and `Delivered.time` do not depend on a producer's clock.
            "message.timestamp.type": "LogAppendTime",
        },
    )


async def _compare(client: AIOKafkaAdminClient, topics: Sequence[Topic]) -> None:
    described = await client.describe_topics([topic.name for topic in topics])
    found = {topic["topic"]: len(topic["partitions"]) for topic in described}
    for topic in topics:
        if found.get(topic.name) not in (topic.partitions, 0, None):
            msg = f"{topic.name} has {found[topic.name]} partitions, declared are {topic.partitions}"
            raise TopicMismatch(msg)
