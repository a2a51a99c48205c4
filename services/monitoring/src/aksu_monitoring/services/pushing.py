"""Taking pushed events in: each item is judged by itself, then all good ones are stored by one statement."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, TypeAlias

from pydantic import ValidationError

from aksu_monitoring.services.sources import staging_scope
from aksu_monitoring.storage.staging import NewEvent, StagingStore
from aksu_shared.errors import FieldError
from aksu_shared.events.ingest import (
    PUSHED,
    Closed,
    ClosedEvent,
    FindingEvent,
    Prescription,
    PrescriptionEvent,
    Started,
    StartedEvent,
)
from aksu_shared.web.messages import malformed

Place: TypeAlias = Callable[[Sequence[str | int]], Sequence[str | int]]
"""Where in the request an attribute or a member of the data stands, as a place of `messages.pointer`."""
Pushed: TypeAlias = StartedEvent | FindingEvent | PrescriptionEvent | ClosedEvent

_TYPED: Final = "bg.aksu.ingest."


@dataclass(slots=True)
class Item:
    """One event of a request and what became of it: a code of list ingest_results, and why."""

    index: int
    value: Any
    place: Place
    event: Pushed | None = None
    result: str = "accepted"
    errors: list[FieldError] = field(default_factory=list)

    @property
    def refused(self) -> bool:
        """Whether it cannot be stored."""
        return self.result in {"invalid", "conflict"}

    def attribute(self, name: str) -> str | None:
        """An attribute as it was sent, of an item that may be anything."""
        value = self.value.get(name) if isinstance(self.value, dict) else None
        return value if isinstance(value, str) else None

    def refuse(self, result: str, errors: Iterable[FieldError]) -> None:
        """Give the item up."""
        self.result = result
        self.errors.extend(errors)


def examine(items: Iterable[Item], *, source: str, today: date) -> None:
    """Judge each item by itself: its shape, its source, and that it tells of nothing still to come."""
    for item in items:
        try:
            item.event = PUSHED.validate_python(item.value)
        except ValidationError as error:
            item.refuse("invalid", _errors(item, error))
            continue
        if item.event.source != source:
            item.refuse("invalid", [_error(item, "source", "foreign_source", source=source)])
        item_days = _days(item.event.data)
        late = [name for name, day in item_days if day > today]
        if late:
            item.refuse("invalid", [_error(item, f"data/{name}", "in_future", today=today) for name in late])


def _days(data: object) -> list[tuple[str, date]]:
    """The days on which something has happened."""
    if isinstance(data, Started):
        return [("started_on", data.started_on)]
    if isinstance(data, Prescription):
        return [("issued_on", data.issued_on)]
    return [("closed_on", data.closed_on)] if isinstance(data, Closed) else []


class PushService:
    """Stores examined events of one source."""

    def __init__(self, *, staging: StagingStore) -> None:
        self._staging = staging

    async def store(self, items: Sequence[Item], *, source: str) -> None:
        """Store what is new among the items that are not refused, and tell duplicates from contradictions.

        The caller rolls back where one contradiction is to keep all of them out.
        """
        new: dict[str, tuple[Item, NewEvent]] = {}
        for item in items:
            if item.event is None or item.refused:
                continue
            event = _new_event(item.event)
            if event.event_id in new:
                _settle(item, event, new[event.event_id][1].digest)
            else:
                new[event.event_id] = (item, event)
        if not new:
            return
        fresh = await self._staging.add(source, [event for _, event in new.values()], scope=staging_scope(source))
        if len(fresh) == len(new):
            return
        digests = await self._staging.digests(source, new.keys() - fresh)
        for key, digest in digests.items():
            _settle(*new[key], digest)


def _settle(item: Item, event: NewEvent, known: bytes | None) -> None:
    """Tell what an event is that was not stored: `known` is the digest of the one under its id, if there is one."""
    if known == event.digest:
        item.result = "duplicate"
    elif known is None:
        item.refuse("conflict", [_error(item, "sequence", "sequence_taken", sequence=event.sequence)])
    else:
        item.refuse("conflict", [_error(item, "id", "content_differs")])


def _new_event(event: Pushed) -> NewEvent:
    payload = event.data.model_dump_json(exclude_none=True)
    time = event.time.isoformat() if event.time else ""
    content = f"{event.type}\n{event.subject}\n{event.sequence}\n{time}\n{payload}"
    return NewEvent(
        event_id=event.id,
        subject=event.subject,
        sequence=event.sequence,
        type=event.type,
        time=event.time,
        digest=hashlib.sha256(content.encode()).digest(),
        payload=payload,
        traceparent=event.traceparent,
    )


_SENTENCES: Final = {
    "foreign_source": (
        "Източникът (source) на тази система е {source}; под друг тя не може да изпраща.",
        "The source of this system is {source}; it may not push under another.",
    ),
    "in_future": (
        "Датата е след днешния ден ({today}).",
        "The date lies after today ({today}).",
    ),
    "content_differs": (
        "Събитие със същите source и id вече е прието с друго съдържание.",
        "An event with the same source and id was accepted with other content.",
    ),
    "sequence_taken": (
        "Поредният номер {sequence} на тази проверка вече е зает от събитие с друг id.",
        "Sequence {sequence} of this inspection is taken by an event with another id.",
    ),
}


def _error(item: Item, where: str, code: str, **params: object) -> FieldError:
    bg, en = _SENTENCES[code]
    place = item.place(where.split("/"))
    (found,) = malformed([{"type": code, "loc": place}]).errors
    return FieldError(pointer=found.pointer, code=code, bg=bg.format(**params), en=en.format(**params))


def _errors(item: Item, error: ValidationError) -> list[FieldError]:
    found = error.errors(include_url=False, include_input=False)
    return list(malformed({**each, "loc": item.place(_within(each["loc"]))} for each in found).errors)


def _within(place: Sequence[str | int]) -> Sequence[str | int]:
    """A place without the tag that pydantic puts before those of a union."""
    return place[1:] if place and str(place[0]).startswith(_TYPED) else place or ("type",)
