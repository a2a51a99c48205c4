"""Staged events and the progress of pushed inspections: few statements, whatever the number of events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pydantic_core import to_json

from aksu_monitoring.ingest.staging.rules import SET_ASIDE, SeriesKey, Waiting
from aksu_shared.db.pool import Json
from aksu_shared.db.visible import SEEN
from aksu_shared.db.work import UnitOfWork
from aksu_shared.kernel.errors import NotFound, PreconditionFailed

_DUE: Final = """
SELECT DISTINCT source, subject FROM (
  SELECT source, subject FROM ingest_event WHERE state = 'PENDING' ORDER BY id LIMIT $1) AS oldest"""
_OPEN: Final = """
SELECT e.id, e.source, e.subject, e.sequence, e.type, e.state, coalesce(e.repaired, e.payload)::text AS data, e.time,
       e.received_at, e.confirmed_by, e.correlation_id, e.traceparent, i.inspection_id,
       coalesce(i.applied, 0) AS applied
  FROM unnest($1::text[], $2::text[]) AS due(source, subject)
  LEFT JOIN ingest_inspection i ON i.source = due.source AND i.subject = due.subject
  JOIN ingest_event e ON e.source = due.source AND e.subject = due.subject AND e.sequence > coalesce(i.applied, 0)
 ORDER BY e.source, e.subject, e.sequence"""
_MARK: Final = """
UPDATE ingest_event e
   SET state = u.state, reason = u.reason, detail = u.detail, version = e.version + 1,
       applied_at = CASE WHEN u.state = 'APPLIED' THEN now() END
  FROM jsonb_to_recordset($1::jsonb) AS u(id uuid, state text, reason text, detail text)
 WHERE e.id = u.id"""
_PROGRESS: Final = """
INSERT INTO ingest_inspection AS i
  (source, subject, inspection_id, applied, held, missing, missing_count, parked, since, scope)
SELECT source, subject, inspection_id, applied, held, missing, missing_count, parked, since, scope
  FROM jsonb_to_recordset($1::jsonb) AS r(source text, subject text, inspection_id uuid, applied int, held int,
       missing int[], missing_count int, parked int[], since timestamptz, scope text[])
ON CONFLICT (source, subject) DO UPDATE SET
  inspection_id = EXCLUDED.inspection_id, applied = EXCLUDED.applied, held = EXCLUDED.held, missing = EXCLUDED.missing,
  missing_count = EXCLUDED.missing_count, parked = EXCLUDED.parked, since = EXCLUDED.since"""
_LOCK: Final = f"""
SELECT id, type, state, reason, repaired_by, version FROM ingest_event WHERE id = $1 AND {SEEN} FOR UPDATE"""
_REPAIR: Final = """
UPDATE ingest_event
   SET state = 'REPAIRED', repaired = $2, repaired_by = $3, repaired_at = now(), repair_reason = $4,
       confirmed_by = NULL, confirmed_at = NULL, confirmation = NULL, version = version + 1
 WHERE id = $1 RETURNING version"""
_REPLAY: Final = """
UPDATE ingest_event SET state = 'PENDING', reason = NULL, detail = NULL, version = version + 1
 WHERE id = $1 RETURNING version"""

_CONFIRM: Final = """
UPDATE ingest_event
   SET state = 'PENDING', reason = NULL, detail = NULL, confirmed_by = $2, confirmed_at = now(), confirmation = $3,
       version = version + 1
 WHERE id = $1 RETURNING version"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged(Waiting):
    """A stored event that has not taken effect. `data` is JSON; `at` its own time or, without one, when it came.

    `confirmed_by` is the person of the Agency who stands for it, as a pseudonym.
    """

    id: UUID
    type: str
    state: str
    data: str
    at: datetime
    received_at: datetime
    confirmed_by: str | None
    correlation_id: str | None
    traceparent: str | None


@dataclass(frozen=True, slots=True)
class Mark:
    """The new state of a staged event."""

    id: UUID
    state: str
    reason: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class SetAside:
    """How a staged event stands, for who repairs, replays or confirms it."""

    type: str
    state: str
    reason: str | None
    repaired_by: str | None


@dataclass(slots=True)
class PushedInspection:
    """One pushed inspection: how far it was applied, and its open events by sequence."""

    source: str
    subject: str
    inspection_id: UUID | None
    applied: int
    events: list[Staged]


class StagingStore:
    """Hands out what is to be applied and takes down what became of it."""

    def __init__(self, work: UnitOfWork) -> None:
        self._begin = work.begin

    async def due(self, *, limit: int) -> list[SeriesKey]:
        """Inspections with the `limit` oldest events not looked at yet."""
        return [(row["source"], row["subject"]) for row in await (await self._begin()).fetch(_DUE, limit)]

    async def inspections(self, keys: Sequence[SeriesKey]) -> list[PushedInspection]:
        """These inspections with their open events, in order."""
        sources, subjects = [source for source, _ in keys], [subject for _, subject in keys]
        found: dict[SeriesKey, PushedInspection] = {}
        for row in await (await self._begin()).fetch(_OPEN, sources, subjects):
            inspection = found.setdefault(
                (row["source"], row["subject"]),
                PushedInspection(row["source"], row["subject"], row["inspection_id"], row["applied"], []),
            )
            inspection.events.append(_staged(row))
        return list(found.values())

    async def mark(self, marks: Sequence[Mark]) -> None:
        """Write the new states."""
        if marks:
            await (await self._begin()).execute(_MARK, _json(marks))

    async def progress(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write how far inspections are; a row per inspection with the columns of `ingest_inspection`."""
        if rows:
            await (await self._begin()).execute(_PROGRESS, _json(rows))

    async def locked(self, key: UUID, *, version: int | None) -> SetAside:
        """How one event stands, locked. Raises NotFound, PreconditionFailed when it is not at `version`."""
        row = await (await self._begin()).fetchrow(_LOCK, key)
        if row is None:
            raise NotFound
        if version is not None and version != row["version"]:
            raise PreconditionFailed(version=row["version"])
        return SetAside(row["type"], row["state"], row["reason"], row["repaired_by"])

    async def repair(self, key: UUID, data: Mapping[str, Any], *, by: str, reason: str) -> int:
        """Put corrected data in the place of what was sent, which stays; give the new version."""
        version: int = await (await self._begin()).fetchval(_REPAIR, key, data, by, reason)
        return version

    async def replay(self, key: UUID) -> int:
        """Let it be applied again; give the new version."""
        version: int = await (await self._begin()).fetchval(_REPLAY, key)
        return version

    async def confirm(self, key: UUID, *, by: str, reason: str) -> int:
        """Let it be applied by the word of a person; give the new version."""
        version: int = await (await self._begin()).fetchval(_CONFIRM, key, by, reason)
        return version


def _json(rows: Sequence[object]) -> Json:
    """Rows as JSON: one text is cheaper to send than an array per column."""
    return Json(to_json(rows).decode())


def _staged(row: Any) -> Staged:  # noqa: ANN401 - asyncpg's record
    return Staged(
        sequence=row["sequence"],
        parked=row["state"] in SET_ASIDE,
        id=row["id"],
        type=row["type"],
        state=row["state"],
        data=row["data"],
        at=row["time"] or row["received_at"],
        received_at=row["received_at"],
        confirmed_by=row["confirmed_by"],
        correlation_id=row["correlation_id"],
        traceparent=row["traceparent"],
    )
