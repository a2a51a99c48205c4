"""Monitoring's wire: what callers send and what they get."""

from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field

from aksu_shared.db.store import Kept
from aksu_shared.events.monitoring import FindingState, InspectionState, PrescriptionState
from aksu_shared.schemas.base import Command, Resource
from aksu_shared.schemas.codes import Note


class Versioned(Resource):
    """What every aggregate shows besides its state; `actions` are those this caller may take now."""

    version: int
    actions: list[str] | None = None


class InspectionRead(Versioned, InspectionState):
    """An inspection. The address of a place nobody registered is shown to those in whose territory it lies."""


class InspectionListed(InspectionRead):
    """An inspection in a list; with its `actions` come those facts that they rest on."""

    open_prescriptions: int | None = None
    inspectors: list[str] | None = None


class InspectionDetail(InspectionRead):
    """An inspection by itself. `inspectors` are pseudonymous subjects; null for who is not of the Agency."""

    open_prescriptions: int
    subject: str | None
    inspectors: list[str] | None


class FindingRead(Versioned, FindingState):
    """A finding with its note."""

    note: str | None


class PrescriptionRead(Versioned, PrescriptionState):
    """A prescription; `overdue` as of today in Europe/Sofia. `text` and `proof` are null for who may not read them."""

    overdue: bool | None = None
    text: str | None = None
    proof: str | None = None

    @classmethod
    def of(cls, kept: Kept[PrescriptionState]) -> Self:
        """The answer to a command."""
        return cls.model_validate(kept.state.model_dump() | {"version": kept.version})


class Acknowledgement(Command):
    """The provider takes note."""


class FulfilmentReport(Command):
    """What was done, and what shows it."""

    proof: Note


class Verification(Command):
    """An inspector saw it done."""


class NonFulfilment(Command):
    """What an inspector found instead."""

    reason: Note


class Extension(Command):
    """A later last day, and why."""

    due_on: date
    reason: Note


class ItemError(Resource):
    """One bad field of a pushed event; `pointer` as in problems, into the request's body."""

    pointer: str
    code: str
    message: str


class ItemResult(Resource):
    """What became of one pushed event. `result` is of code list ingest_results."""

    index: int
    id: str | None
    source: str | None
    result: str
    errors: tuple[ItemError, ...] = ()


class PushReport(Resource):
    """Results of all events of a request, in their order."""

    dry_run: bool
    accepted: int
    duplicate: int
    refused: int
    items: list[ItemResult]


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


class Repair(Command):
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


class Discard(Command):
    """Why it is given up."""

    reason: Note


class PushedRecordResolved(Resource):
    """A repaired, replayed or discarded record: its version from now on."""

    id: UUID
    state: str
    version: int
