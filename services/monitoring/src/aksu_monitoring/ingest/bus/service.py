"""Pushed events that come over the bus: each record is one signed CloudEvent in structured mode.

What HTTP would answer with 4xx is parked with its reason and bytes; people repair, replay or discard it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from uuid import UUID

from aksu_monitoring.ingest.bus.errors import NotVouchedFor, StillRefused
from aksu_monitoring.ingest.bus.store import NotStored, Parked, PushedRecordStore
from aksu_monitoring.ingest.push.service import Item, PushService, examine
from aksu_monitoring.ingest.sources.errors import SourceDisabled, SourceUnknown
from aksu_monitoring.ingest.sources.rules import ALL_STAGING, name_of, staging_scope
from aksu_monitoring.ingest.sources.service import Senders
from aksu_monitoring.ingest.staging.rules import SET_ASIDE
from aksu_shared.auth.principal import Principal
from aksu_shared.bus.contract import Delivered
from aksu_shared.db.work import Connection
from aksu_shared.events.ingest import MAX_BYTES
from aksu_shared.kernel.errors import FieldError, NotAuthenticated, NotParked, Problem
from aksu_shared.kernel.strict_json import InvalidJson, loads
from aksu_shared.procedures.context import Context, legal_terms
from aksu_shared.worker.failure import Fault

STRUCTURED: Final = "application/cloudevents+json"


@dataclass(slots=True)
class Received:
    """One record and what becomes of it. `vouched`: its source was made sure of."""

    record: Delivered
    item: Item
    vouched: bool = False

    @property
    def source(self) -> str | None:
        """The source it names."""
        return self.item.attribute("source")

    def not_stored(self) -> NotStored:
        """What is kept of it when it did not become an event."""
        source = self.source
        return NotStored(
            record=self.record,
            source=source if self.vouched else None,
            event_id=(self.item.attribute("id") or "")[:200] or None,
            result=self.item.result,
            errors=self.item.errors,
            scope=staging_scope(source) if self.vouched and source else (ALL_STAGING,),
        )


@dataclass(slots=True, kw_only=True)
class Tally:
    """How many records became what."""

    accepted: int = 0
    duplicate: int = 0
    refused: int = 0
    by_source: dict[str, list[Received]] = field(default_factory=dict)


class ReceivingService:
    """Stores records in one transaction; those refused are parked in it."""

    def __init__(self, connection: Connection, senders: Senders) -> None:
        self._connection = connection
        self._senders = senders
        self._records = PushedRecordStore(connection)

    async def receive(self, records: Iterable[Delivered], *, today: date) -> Tally:
        """Store what is good, park what is not. A record that comes again has no second effect."""
        received = [await self._judge(record, today) for record in records]
        tally = Tally()
        for each in received:
            if not each.item.refused and each.source:
                tally.by_source.setdefault(each.source, []).append(each)
        for source in sorted(tally.by_source):
            pushing = PushService(self._connection, source=source, keys=staging_scope(source))
            await pushing.store([each.item for each in tally.by_source[source]])
        await self._records.add([each.not_stored() for each in received if each.item.result != "accepted"])
        for each in received:
            tally.accepted += each.item.result == "accepted"
            tally.duplicate += each.item.result == "duplicate"
            tally.refused += each.item.refused
        return tally

    async def park(self, record: Delivered, fault: Fault, *, today: date) -> None:
        """Park a record whose storing failed by itself; one parked already is left as it is."""
        each = await self._judge(record, today)
        detail = f"{fault.reason}: {fault.detail}"
        each.item.refuse("invalid", FieldError(pointer="", code="failed", bg=detail, en=detail))
        await self._records.add([each.not_stored()])

    async def _judge(self, record: Delivered, today: date) -> Received:
        received = Received(record, read(record))
        if received.item.refused:
            return received
        try:
            source = received.source or ""
            await self._admit(source, record)
            received.vouched = True
        except Problem as problem:
            kind = "unsigned" if isinstance(problem, NotAuthenticated) else "invalid"
            received.item.refuse(kind, _of_problem(problem))
            return received
        examine([received.item], source=source, today=today, terms=legal_terms())
        return received

    async def _admit(self, source: str, record: Delivered) -> None:
        name = name_of(source)
        if name is None:
            raise SourceUnknown
        sent = record.time / 1000
        await self._senders.admit(self._connection, name, record.headers, record.value, whole=True, now=sent)


class ParkedRecordService:
    """What people do with parked records: repair, replay, discard."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def repair(
        self, key: UUID, event: Mapping[str, Any], *, reason: str, version: int | None, by: Principal
    ) -> int:
        """Put a corrected event beside the bytes, for which the caller vouches. Raises NotFound, NotParked."""
        records, _ = await self._parked(key, version)
        return await records.repair(key, event, by=by.subject, reason=reason)

    async def replay(self, key: UUID, *, version: int | None, by: Principal) -> int:
        """Store it as an event now; give the new version. Raises NotFound, NotParked, NotVouchedFor, StillRefused."""
        records, parked = await self._parked(key, version)
        if parked.repaired is None and parked.result == "unsigned":
            raise NotVouchedFor
        item = _item_of(parked)
        source = item.attribute("source") or ""
        if not item.refused:
            if name_of(source) is None:
                item.refuse("invalid", _of_problem(SourceUnknown()))
            examine([item], source=source, today=self._context.today, terms=self._context.terms)
        if not item.refused:
            pushing = PushService(self._context.work.connection, source=source, keys=by.scope_keys)
            await pushing.store([item])
        if item.refused:
            raise StillRefused(errors=item.errors)
        return await records.resolve(key, "REPLAYED", by=by.subject)

    async def discard(self, key: UUID, *, reason: str, version: int | None, by: Principal) -> int:
        """Give it up and say why; give the new version. Raises NotFound, NotParked."""
        records, _ = await self._parked(key, version)
        return await records.resolve(key, "DISCARDED", by=by.subject, reason=reason)

    async def _parked(self, key: UUID, version: int | None) -> tuple[PushedRecordStore, Parked]:
        records = PushedRecordStore(await self._context.work.begin())
        parked = await records.locked(key, version=version)
        if parked.state not in SET_ASIDE:
            raise NotParked(state=parked.state)
        return records, parked


def read(record: Delivered) -> Item:
    """The event of a record, not yet judged; refused where the record carries none."""
    media = record.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != STRUCTURED:
        return _refused(
            "unsupported_media_type",
            f"content-type трябва да е {STRUCTURED}.",
            f"`content-type` must be {STRUCTURED}.",
        )
    if len(record.value) > MAX_BYTES:
        return _refused(
            "event_too_large",
            f"Събитието е по-голямо от позволените {MAX_BYTES} байта.",
            f"The event is larger than the {MAX_BYTES} bytes allowed.",
        )
    return _parsed(record.value)


def _parsed(value: bytes) -> Item:
    try:
        return Item(0, loads(value), _in_body)
    except InvalidJson as error:
        item = Item(0, None, _in_body)
        item.refuse("invalid", *error.errors)
        return item


def _item_of(parked: Parked) -> Item:
    if parked.repaired is not None:
        return Item(0, dict(parked.repaired), _in_body)
    return _parsed(parked.value or b"")


def _in_body(place: Sequence[str | int]) -> Sequence[str | int]:
    return ("body", *place)


def _refused(code: str, bg: str, en: str) -> Item:
    item = Item(0, None, _in_body)
    item.refuse("invalid", FieldError(pointer="", code=code, bg=bg, en=en))
    return item


def _of_problem(problem: Problem) -> FieldError:
    pointer = "/source" if isinstance(problem, SourceUnknown | SourceDisabled) else ""
    return FieldError(pointer=pointer, code=problem.code, bg=problem.message("bg"), en=problem.message("en"))
