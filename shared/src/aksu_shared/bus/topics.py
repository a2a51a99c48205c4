"""The platform's topics, declared in `topics.toml`, and the job that creates them; auto-creation is off everywhere."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from importlib import resources
from typing import Any
from urllib.parse import urlsplit

MIN_RETENTION_DAYS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One topic; the embedded driver knows no partitions."""

    name: str
    partitions: int
    retention_days: int
    restricted: bool = True
    """Whether its records may tell what not everybody may see, so that those nobody can read are shown to nobody."""
    note: str = ""

    @property
    def retention(self) -> timedelta:
        """How long a record is kept at least."""
        return timedelta(days=self.retention_days)


class TopicMismatch(Exception):
    """A topic exists with fewer or more partitions than declared; changing that would break the order of its keys."""


def declared_topics() -> tuple[Topic, ...]:
    """All topics of `topics.toml`. Raises ValueError when one would be kept for less than seven days."""
    document: dict[str, Any] = tomllib.loads(resources.files("aksu_shared.bus").joinpath("topics.toml").read_text())
    topics = tuple(Topic(name=name, **(document["defaults"] | own)) for name, own in document["topics"].items())
    for topic in topics:
        if topic.retention_days < MIN_RETENTION_DAYS:
            msg = f"{topic.name} is kept for less than {MIN_RETENTION_DAYS} days"
            raise ValueError(msg)
    return topics


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
