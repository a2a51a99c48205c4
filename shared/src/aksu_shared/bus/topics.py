"""The platform's topics: one for each aggregate that events tell of, and those that `topics.toml` adds."""

import tomllib
from dataclasses import dataclass
from datetime import timedelta
from importlib import resources
from typing import Any

from aksu_shared.events.catalogue import CATALOGUE

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
    """All topics: those of the catalogue with the defaults, where `topics.toml` says nothing else.

    Raises ValueError when one would be kept for less than seven days.
    """
    document: dict[str, Any] = tomllib.loads(resources.files("aksu_shared.bus").joinpath("topics.toml").read_text())
    named: dict[str, Any] = document["topics"] | {
        fact.topic: document["topics"].get(fact.topic, {}) for fact in CATALOGUE.values()
    }
    topics = tuple(Topic(name=name, **(document["defaults"] | own)) for name, own in named.items())
    for topic in topics:
        if topic.retention_days < MIN_RETENTION_DAYS:
            msg = f"{topic.name} is kept for less than {MIN_RETENTION_DAYS} days"
            raise ValueError(msg)
    return topics
