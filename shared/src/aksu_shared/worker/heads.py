"""Published heads of a change log: what its owner said, day by day, the log was; against which it is verified later.

Whoever may write the database can forge a chain that is whole in itself. A head kept elsewhere shows it.
"""

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal

import asyncpg

from aksu_shared.bus.contract import Bus, Record

TOPIC: Final = "aksu.platform.log_head.v1"

_HEAD: Final = "SELECT epoch, position, encode(hash, 'hex') AS hash, now()::text AS at FROM log_state"
_HASH: Final = "SELECT encode(hash, 'hex') FROM change_log WHERE position = $1 ORDER BY seq LIMIT 1"
_EPOCHS: Final = "SELECT epoch, position FROM log_epoch ORDER BY epoch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Where a service's log stood: `hash` in hexadecimal digits, `at` the instant of saying so."""

    service: str
    epoch: str
    position: int
    hash: str
    at: str

    def __str__(self) -> str:
        return json.dumps(asdict(self))


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A published head the log no longer agrees with: `cut` off before it, or `rewritten`.

    `restored`: it was lost with the restore of a backup that began a later epoch, as the log itself states.
    """

    kind: Literal["cut", "rewritten", "restored"]
    head: Head


async def head_of(pool: asyncpg.Pool, service: str) -> Head:
    """The log's head now."""
    return Head(service=service, **dict(await pool.fetchrow(_HEAD)))


def append_head(file: Path, head: Head) -> None:
    """Add a line to the file of heads, and make sure that it is on the disk."""
    with file.open("a", encoding="ascii") as lines:
        lines.write(f"{head}\n")
        lines.flush()
        os.fsync(lines.fileno())


async def publish_head(bus: Bus, head: Head) -> None:
    """Tell the head on the bus. Raises BusUnavailable."""
    await bus.publish([Record(TOPIC, head.service, str(head).encode(), {"content-type": "application/json"})])


def read_heads(file: Path, service: str) -> list[Head]:
    """The heads of `service` among the lines of a file. Raises ValueError for a line that is none."""
    lines = file.read_text(encoding="ascii").splitlines()
    heads = [Head(**json.loads(line)) for line in lines if line.strip()]
    return [head for head in heads if head.service == service]


async def contradictions(pool: asyncpg.Pool, heads: Iterable[Head]) -> Sequence[Contradiction]:
    """What published heads and the log do not agree about, in the heads' order."""
    epochs = [(row["epoch"], row["position"]) for row in await pool.fetch(_EPOCHS)]
    found = [await _judged(pool, head, epochs) for head in heads]
    return [each for each in found if each is not None]


async def _judged(pool: asyncpg.Pool, head: Head, epochs: Sequence[tuple[str, int]]) -> Contradiction | None:
    if head.position == 0:
        return None
    if head.epoch not in {epoch for epoch, _ in epochs}:
        return Contradiction("rewritten", head)
    if any(epoch > head.epoch and position < head.position for epoch, position in epochs):
        return Contradiction("restored", head)
    found = await pool.fetchval(_HASH, head.position)
    if found is None:
        return Contradiction("cut", head)
    return None if found == head.hash else Contradiction("rewritten", head)
