"""The wire of records of the bus that did not become events."""

from datetime import datetime
from typing import Any
from uuid import UUID

from aksu_monitoring.ingest.push.schemas import ItemError
from aksu_shared.kernel.schemas.base import Command, Resource
from aksu_shared.kernel.schemas.codes import Note


class PushedRecordRead(Resource):
    """A record of the bus that did not become an event; `result` is of code list ingest_results."""

    id: UUID
    topic: str
    partition: int
    offset: int
    source: str | None
    event_id: str | None
    state: str
    result: str
    errors: list[ItemError]
    received_at: datetime
    resolved_at: datetime | None
    resolved_by: str | None
    version: int


class PushedRecordDetail(PushedRecordRead):
    """The same with its headers, its bytes in base64, and the event a person put in their place."""

    headers: dict[str, str]
    value: str | None
    repaired: dict[str, Any] | None
    repaired_by: str | None
    repair_reason: str | None
    actions: list[str] | None = None


class RecordRepair(Command):
    """The whole corrected CloudEvent in structured form."""

    event: dict[str, Any]
    reason: Note


class RecordDiscard(Command):
    """Why it is given up."""

    reason: Note


class PushedRecordResolved(Resource):
    """A repaired, replayed or discarded record: its version from now on."""

    id: UUID
    state: str
    version: int
