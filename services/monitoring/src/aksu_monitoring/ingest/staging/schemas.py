"""The wire of pushed events as they stand."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from aksu_shared.kernel.schemas.base import Body, Resource
from aksu_shared.kernel.schemas.codes import Note


class StagedEventRead(Resource):
    """A pushed event as it stands: `awaiting` are the sequences it is held for, `reason` why it is parked."""

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
    """The same with its data: as sent, and as repaired; and who of the Agency stands for what it says, and why."""

    data: dict[str, Any]
    repaired_data: dict[str, Any] | None
    repaired_by: str | None
    repaired_at: datetime | None
    repair_reason: str | None
    confirmed_by: str | None
    confirmed_at: datetime | None
    confirmation: str | None
    actions: list[str] | None = None


class EventRepair(Body):
    """Corrected data of a parked event, whole."""

    data: dict[str, Any]
    reason: Note


class Replay(Body):
    """Try again."""


class EventConfirmation(Body):
    """What shows that it is so."""

    reason: Note


class Replayed(Resource):
    """A repaired, replayed or confirmed event: its version from now on."""

    id: UUID
    state: str
    version: int


class AwaitingRead(Resource):
    """A pushed inspection that stands still: `missing` sequences (the first hundred) and `parked` ones.

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
    parked: list[int]
    since: datetime
