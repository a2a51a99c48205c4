"""The wire of pushed events as they stand."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from aksu_shared.kernel.schemas.base import Command, Resource
from aksu_shared.kernel.schemas.codes import Note


class StagedEventRead(Resource):
    """A pushed event as it stands: `awaiting` are the sequences it is held for, `reason` why it is in quarantine."""

    id: UUID
    source: str
    event_id: str
    subject: str
    sequence: int
    type: str
    time: datetime | None
    state: str
    reason: str | None
    detail: str | None
    awaiting: list[int]
    inspection_id: UUID | None
    received_at: datetime
    applied_at: datetime | None
    version: int


class StagedEventDetail(StagedEventRead):
    """The same with its data: as sent, and as repaired."""

    data: dict[str, Any]
    repaired_data: dict[str, Any] | None
    repaired_by: str | None
    repair_reason: str | None
    actions: list[str] | None = None


class EventRepair(Command):
    """Corrected data of a quarantined event, whole."""

    data: dict[str, Any]
    reason: Note


class Replay(Command):
    """Try again."""


class Replayed(Resource):
    """A repaired or replayed event: its version from now on."""

    id: UUID
    state: str
    version: int


class AwaitingRead(Resource):
    """A pushed inspection that stands still: `missing` sequences (the first hundred) and `quarantined` ones.

    `held` events wait for them, the oldest since `since`; everything up to `applied` has taken effect.
    """

    id: UUID
    source: str
    subject: str
    inspection_id: UUID | None
    applied: int
    held: int
    missing: list[int]
    missing_count: Annotated[int, Field(ge=0)]
    quarantined: list[int]
    since: datetime
