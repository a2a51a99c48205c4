"""Records of the bus that were not stored as events: duplicates, and what was refused, with its bytes for repair."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from pydantic_core import to_json

from aksu_shared.bus.contract import Delivered
from aksu_shared.db.pool import Json
from aksu_shared.db.visible import SEEN
from aksu_shared.db.work import Connection
from aksu_shared.kernel.errors import FieldError, NotFound, PreconditionFailed

_ADD: Final = """
INSERT INTO pushed_record (topic, partition, "offset", key, source, event_id, state, result, errors, headers, value,
                           scope)
SELECT r.topic, r.partition, r."offset", r.key, r.source, r.event_id, r.state, r.result, r.errors, r.headers, v.value,
       r.scope
  FROM jsonb_to_recordset($1::jsonb) AS r(n int, topic text, partition int, "offset" bigint, key text, source text,
         event_id text, state text, result text, errors jsonb, headers jsonb, scope text[])
  JOIN unnest($2::bytea[]) WITH ORDINALITY AS v(value, n) ON v.n = r.n
 ORDER BY r.n
ON CONFLICT DO NOTHING"""
_LOCK: Final = f"""
SELECT state, result, value, repaired, version FROM pushed_record WHERE id = $1 AND {SEEN} FOR UPDATE"""
_REPAIR: Final = """
UPDATE pushed_record SET repaired = $2, repaired_by = $3, repair_reason = $4, version = version + 1
 WHERE id = $1 RETURNING version"""
_RESOLVE: Final = """
UPDATE pushed_record
   SET state = $2, resolved_at = now(), resolved_by = $3, repair_reason = coalesce($4, repair_reason),
       version = version + 1
 WHERE id = $1 RETURNING version"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotStored:
    """A record that did not become an event. `result` is of code list ingest_results."""

    record: Delivered
    source: str | None
    event_id: str | None
    result: str
    errors: Sequence[FieldError]
    scope: Sequence[str]

    @property
    def repeated(self) -> bool:
        """Whether it was stored before, which is no fault."""
        return self.result == "duplicate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """One of them, locked, as its repair or replay needs it."""

    state: str
    result: str
    value: bytes | None
    repaired: Mapping[str, Any] | None


class PushedRecordStore:
    """Keeps them on one connection in a transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, records: Sequence[NotStored]) -> None:
        """Keep them; one kept before is left as it is."""
        if records:
            rows = [_row(number, each) for number, each in enumerate(records, 1)]
            values = [None if each.repeated else each.record.value for each in records]
            await self._connection.execute(_ADD, Json(_safe(to_json(rows).decode())), values)

    async def locked(self, key: UUID, *, version: int | None) -> Parked:
        """One, locked. Raises NotFound, PreconditionFailed when it is not at `version`."""
        row = await self._connection.fetchrow(_LOCK, key)
        if row is None:
            raise NotFound
        if version is not None and version != row["version"]:
            raise PreconditionFailed(version=row["version"])
        return Parked(state=row["state"], result=row["result"], value=row["value"], repaired=row["repaired"])

    async def repair(self, key: UUID, event: Mapping[str, Any], *, by: str, reason: str) -> int:
        """Put a corrected event beside the bytes; give the new version."""
        version: int = await self._connection.fetchval(_REPAIR, key, dict(event), by, reason)
        return version

    async def resolve(self, key: UUID, state: str, *, by: str, reason: str | None = None) -> int:
        """It was replayed or discarded; give the new version."""
        version: int = await self._connection.fetchval(_RESOLVE, key, state, by, reason)
        return version


def _row(number: int, each: NotStored) -> dict[str, Any]:
    record = each.record
    return {
        "n": number,
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "key": record.key,
        "source": each.source,
        "event_id": each.event_id,
        "state": "DUPLICATE" if each.repeated else "PARKED",
        "result": each.result,
        "errors": [{"pointer": error.pointer, "code": error.code, "message": error.en} for error in each.errors],
        "headers": dict(record.headers),
        "scope": list(each.scope),
    }


def _safe(document: str) -> str:
    """JSON without the one character that no text in PostgreSQL holds."""
    return document.replace("\\\\", "\ue000").replace("\\u0000", "\\ufffd").replace("\ue000", "\\\\")
