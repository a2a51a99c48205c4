"""The job that creates the platform's topics; auto-creation is off everywhere."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from aksu_shared.bus.topics import Topic, declared_topics


async def create_topics(url: str, topics: Sequence[Topic] | None = None, *, replication: int = 1) -> None:
    """Make every declared (or given) topic on the bus behind `url`; safe to repeat.

    `replication` is Kafka's factor (3 in production). On the embedded bus the tables are made too. Raises
    BusUnavailable, TopicMismatch.
    """
    wanted = declared_topics() if topics is None else topics
    if urlsplit(url).scheme == "kafka":
        from aksu_shared.bus.kafka_admin import create  # noqa: PLC0415 - each driver is loaded by whoever uses it

        await create(url, wanted, replication=replication)
    else:
        from aksu_shared.bus import embedded_schema  # noqa: PLC0415

        await embedded_schema.install(url)
        await embedded_schema.declare(url, [(topic.name, topic.retention) for topic in wanted])
