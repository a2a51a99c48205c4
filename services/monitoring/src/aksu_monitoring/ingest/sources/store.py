"""Systems that may push and their keys."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias, Union
from uuid import UUID

import asyncpg
import structlog
from uuid_utils.compat import uuid7

from aksu_monitoring.ingest.sources.signatures import Key
from aksu_shared.db.work import Connection
from aksu_shared.privacy.keys import KeyRing, Unreadable

Database: TypeAlias = Union[Connection, "asyncpg.Pool[Any]"]
"""A connection in a transaction, or a pool."""

_SENDERS: Final = """
SELECT s.name, s.disabled_at IS NOT NULL AS disabled, k.id, k.version, k.material, k.kek
  FROM push_source s
  LEFT JOIN push_key k ON k.source = s.name AND (k.retires_at IS NULL OR k.retires_at > now())
 ORDER BY s.name, k.id"""
_LIST: Final = """
SELECT s.name, s.added_at, s.disabled_at, coalesce(array_agg(k.version ORDER BY k.id) FILTER (WHERE k.id IS NOT NULL),
       '{}') AS versions
  FROM push_source s
  LEFT JOIN push_key k ON k.source = s.name AND (k.retires_at IS NULL OR k.retires_at > now())
 GROUP BY s.name ORDER BY s.name"""
_ADD: Final = "INSERT INTO push_source (name) VALUES ($1)"
_ADD_KEY: Final = "INSERT INTO push_key (id, source, version, kek, material) VALUES ($1, $2, $3, $4, $5)"
_RETIRE: Final = """
UPDATE push_key SET retires_at = now() + $2 WHERE source = $1 AND (retires_at IS NULL OR retires_at > now() + $2)"""
_KNOWN: Final = "SELECT FROM push_source WHERE name = $1 AND disabled_at IS NULL FOR UPDATE"
_DISABLE: Final = "UPDATE push_source SET disabled_at = now() WHERE name = $1 AND disabled_at IS NULL RETURNING true"
_FORGET: Final = "DELETE FROM push_key WHERE source = $1"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """A system that was added: whether it was disabled since, and the keys in force."""

    disabled: bool
    keys: Sequence[Key]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """The same for people, with the versions of its keys."""

    name: str
    added_at: datetime
    disabled_at: datetime | None
    versions: Sequence[str]


async def senders(database: Database, ring: KeyRing) -> Mapping[str, Sender]:
    """All of them by name. A key that cannot be unwrapped verifies nothing."""
    found: dict[str, tuple[bool, list[Key]]] = {}
    for row in await database.fetch(_SENDERS):
        _, keys = found.setdefault(row["name"], (row["disabled"], []))
        if row["version"] is not None:
            keys.extend(_key(row, ring))
    return {name: Sender(disabled=disabled, keys=keys) for name, (disabled, keys) in found.items()}


def _key(row: Mapping[str, Any], ring: KeyRing) -> Iterator[Key]:
    """The key of a row; one of before keys were wrapped lies there in clear until `keys rewrap`."""
    try:
        material = (
            row["material"] if row["kek"] is None else ring.unwrap(row["kek"], row["material"], about=_about(row["id"]))
        )
    except Unreadable as failure:
        log.error("push_key_unreadable", source=row["name"], why=str(failure))  # noqa: TRY400 - a sentence says it all
        return
    yield Key(row["version"], material)


def _about(key: UUID) -> str:
    return f"push_key|{key}"


class SourceStore:
    """Adds systems and changes their keys, in transactions of its own on a pool of the worker role.

    Keys are wrapped with `ring`, public ones too: all alike, each bound to its row.
    """

    def __init__(self, pool: "asyncpg.Pool[Any]", ring: KeyRing) -> None:
        self._pool = pool
        self._ring = ring

    async def listed(self) -> list[Listed]:
        """All, by name."""
        return [Listed(**dict(row)) for row in await self._pool.fetch(_LIST)]

    async def add(self, name: str, key: Key) -> bool:
        """Add a system with its first key; False when there is one of that name."""
        async with self._pool.acquire() as connection, connection.transaction():
            try:
                await connection.execute(_ADD, name)
            except asyncpg.UniqueViolationError:
                return False
            await self._add_key(connection, name, key)
            return True

    async def rotate(self, name: str, key: Key, *, overlap: timedelta) -> bool:
        """Add a key; those before hold `overlap` longer. False when there is no such system in use."""
        async with self._pool.acquire() as connection, connection.transaction():
            if await connection.fetchrow(_KNOWN, name) is None:
                return False
            await connection.execute(_RETIRE, name, overlap)
            await self._add_key(connection, name, key)
            return True

    async def disable(self, name: str) -> bool:
        """Take no more from it and forget its keys; False when there is no such system in use."""
        async with self._pool.acquire() as connection, connection.transaction():
            if not await connection.fetchval(_DISABLE, name):
                return False
            await connection.execute(_FORGET, name)
            return True

    async def _add_key(self, connection: Connection, name: str, key: Key) -> None:
        made = uuid7()
        await connection.execute(_ADD_KEY, made, name, key.version, *self._ring.wrap(key.material, about=_about(made)))
