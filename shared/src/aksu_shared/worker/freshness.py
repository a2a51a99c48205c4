"""How far and how fresh a service's copy of each source is, kept in `source_state`.

The partitions of a source's topics are held by different processes. Each reports those it holds, and the copy is as
fresh as the oldest of them: `fresh_at` is never later than the truth.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from aksu_shared.db.pool import Json
from aksu_shared.db.work import Connection
from aksu_shared.events.base import Meta

# Topics no longer consumed drop out, or they would hold the time back for ever.
_SAVE: Final = """
INSERT INTO source_state AS s (source, epoch, position, partitions, fresh_at)
SELECT r.source, r.epoch, r.position, r.partitions,
       (SELECT to_timestamp(min(value::bigint) / 1000.0) FROM jsonb_each(r.partitions))
  FROM unnest($1::text[], $2::text[], $3::bigint[], $4::jsonb[]) AS r(source, epoch, position, partitions)
 ORDER BY r.source
ON CONFLICT (source) DO UPDATE SET
  epoch = coalesce(s.epoch, EXCLUDED.epoch), -- a new one is the rebuild's to note
  position = CASE WHEN s.epoch IS NULL THEN EXCLUDED.position
                  WHEN EXCLUDED.epoch = s.epoch THEN greatest(s.position, EXCLUDED.position)
                  ELSE s.position END,
  (partitions, fresh_at) = (
    SELECT coalesce(jsonb_object_agg(key, value), '{}'), to_timestamp(min(value::bigint) / 1000.0)
      FROM jsonb_each(s.partitions || EXCLUDED.partitions) WHERE split_part(key, '/', 1) = ANY ($5::text[]))"""

Partition = tuple[str, int]
"""Topic and number."""


@dataclass(slots=True)
class _Source:
    epoch: str | None = None
    position: int = 0
    partitions: dict[str, int] = field(default_factory=dict)


def source_of(topic: str) -> str:
    """The service whose aggregates a topic carries."""
    return topic.split(".")[1]


async def save_sources(
    connection: Connection,
    *,
    topics: Sequence[str],
    fresh: Mapping[Partition, int],
    events: Iterable[Meta] = (),
) -> None:
    """Note the events met and until when (ms since the epoch) each partition's records are known.

    `topics` are all this service consumes.
    """
    sources: dict[str, _Source] = {}
    for (topic, partition), until in fresh.items():
        sources.setdefault(source_of(topic), _Source()).partitions[f"{topic}/{partition}"] = until
    newest: dict[tuple[str, str], int] = {}
    for meta in events:
        life = meta.source, meta.epoch
        if newest.get(life, -1) < meta.position:
            newest[life] = meta.position
    for (name, epoch), position in sorted(newest.items()):
        source = sources.setdefault(name, _Source())
        source.epoch, source.position = epoch, position
    if not sources:
        return
    await connection.execute(
        _SAVE,
        list(sources),
        [source.epoch for source in sources.values()],
        [source.position for source in sources.values()],
        [Json(json.dumps(source.partitions)) for source in sources.values()],
        list(topics),
    )
