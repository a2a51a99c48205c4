"""The registry's beat: by it the other services know that no revocation of access is on its way to them unseen.

A topic that is read to its end says nothing while its owner sends nothing. So the registry, as long as all its changes
are on the bus, says so every few seconds, on a topic of its own; who has not heard it for a minute must not write.
"""

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import asyncpg

from aksu_shared.bus.contract import Delivered, Record
from aksu_shared.events.registry.access import AccessEvent
from aksu_shared.worker.failure import database
from aksu_shared.worker.loop import turns
from aksu_shared.worker.parts import Worker
from aksu_shared.worker.progress import pause

TOPIC: Final = "aksu.registry.beat.v1"
EVERY: Final = 10.0
# A held change is no news that is on its way, unless it is about access: then a revocation may be among what is held.
_ALL_SENT: Final = f"""
SELECT shipped = position AND NOT EXISTS (
  SELECT FROM change_log AS c WHERE position IS NULL AND recorded_at < now() - make_interval(secs => 5)
     AND NOT EXISTS (SELECT FROM held_change AS h WHERE h.seq = c.seq
       AND (h.topic <> '{AccessEvent.topic}' OR h.set_aside_at IS NOT NULL))) FROM log_state"""
_HEARD: Final = """
INSERT INTO source_state (source, heard_at) VALUES ('registry', to_timestamp($1))
ON CONFLICT (source) DO UPDATE SET heard_at = greatest(source_state.heard_at, EXCLUDED.heard_at)
RETURNING old.heard_at, new.heard_at"""


async def all_sent(pool: asyncpg.Pool) -> bool:
    """Whether every change is on the bus, but for what is held and tells nothing of access."""
    with database():
        return bool(await pool.fetchval(_ALL_SENT))


async def beat(worker: Worker) -> None:
    """Beat until stop, in the process that holds the log, while all of the log is sent."""

    async def turn() -> None:
        sent = worker.leads and await all_sent(worker.pool)
        if sent:
            await worker.bus.publish([Record(TOPIC, "beat", b"")])
        worker.progress.turned("beat")
        await pause(worker.stop, EVERY if sent else 1.0)

    await turns("beat", turn, stop=worker.stop, progress=worker.progress)


def with_beats(topics: Sequence[str]) -> list[str]:
    """What to subscribe to: who keeps revocations hears the beat too."""
    return [*topics, TOPIC] if AccessEvent.topic in topics else [*topics]


def without_beats(records: Sequence[Delivered]) -> list[Delivered]:
    """What of a fetched batch tells facts."""
    return [record for record in records if record.topic != TOPIC]


async def hear(pool: asyncpg.Pool, records: Sequence[Delivered]) -> None:
    """Note the latest beat of a fetched batch; called when what came before it is applied."""
    times = [record.time for record in records if record.topic == TOPIC]
    if times:
        await heard(pool, max(times) / 1000)


async def heard(pool: asyncpg.Pool, until: float) -> tuple[datetime | None, datetime]:
    """Note that every revocation of before `until` (seconds since the epoch) is known.

    Gives the newest such time as it was before and as it is now.
    """
    with database():
        before, now = await pool.fetchrow(_HEARD, min(until, time.time()))
    return before, now
