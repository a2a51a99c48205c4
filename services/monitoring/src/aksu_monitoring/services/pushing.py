"""Taking pushed events in: each item is judged by itself, then all good ones are stored by one statement."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, TypeAlias

from pydantic import ValidationError

from aksu_monitoring.services.sources import staging_scope
from aksu_monitoring.storage.pushing import NewEvents, PushStore
from aksu_shared.errors import FieldError
from aksu_shared.events.ingest import (
    CLOSED,
    PRESCRIPTION,
    PUSHED,
    STARTED,
    ClosedEvent,
    FindingEvent,
    PrescriptionEvent,
    StartedEvent,
)
from aksu_shared.web.messages import malformed

Place: TypeAlias = Callable[[Sequence[str | int]], Sequence[str | int]]
"""Where in the request an attribute or a member of the data stands, as a place of `messages.pointer`."""
Pushed: TypeAlias = StartedEvent | FindingEvent | PrescriptionEvent | ClosedEvent

_TYPED: Final = "bg.aksu.ingest."
_HAPPENED: Final = {STARTED: "started_on", PRESCRIPTION: "issued_on", CLOSED: "closed_on"}
"""The day on which what an event tells of has happened."""


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
        return bool(self.errors)

    def attribute(self, name: str) -> str | None:
        """An attribute as it was sent, of an item that may be anything."""
        value = self.value.get(name) if isinstance(self.value, dict) else None
        return value if isinstance(value, str) else None

    def refuse(self, result: str, *errors: FieldError) -> None:
        """Give the item up."""
        self.result = result
        self.errors.extend(errors)


def examine(items: Iterable[Item], *, source: str, today: date) -> None:
    """Judge each item not refused yet: its shape, its source, and that it tells of nothing still to come."""
    for item in items:
        if item.refused:
            continue
        try:
            event = item.event = PUSHED.validate_python(item.value)
        except ValidationError as error:
            item.refuse("invalid", *_errors(item, error))
            continue
        if event.source != source:
            item.refuse("invalid", _error(item, "source", "foreign_source", source=source))
        happened = _HAPPENED.get(event.type)
        if happened and getattr(event.data, happened) > today:
            item.refuse("invalid", _error(item, f"data/{happened}", "in_future", today=today))


class PushService:
    """Stores examined events of one source."""

    def __init__(self, *, staging: PushStore, source: str) -> None:
        self._staging = staging
        self._source = source

    async def store_new(self, items: Sequence[Item]) -> bool:
        """Store all items in one statement; False, and nothing is stored, when one of them is not new."""
        sorted_out = self._sort_out(items)
        return len(sorted_out.first) == len(items) and await self._staging.add_all(sorted_out.events)

    async def store(self, items: Sequence[Item]) -> None:
        """Store what is new among the items, and tell duplicates from contradictions.

        Needs a transaction, which the caller rolls back where one contradiction is to keep all of them out.
        """
        found = self._sort_out(items)
        for item in found.crowded:
            _settle(item, None)
        for item in found.repeated:
            _settle(item, found.events.digests[found.first[_of(item).id]])
        fresh = await self._staging.add_new(found.events)
        taken = found.first.keys() - fresh
        if not taken:
            return
        known = await self._staging.digests(self._source, taken)
        others = {item.index for item in (*found.repeated, *found.crowded)}
        for item in items:
            if item.index not in others and _of(item).id in taken:
                _settle(item, known[_of(item).id])

    def _sort_out(self, items: Iterable[Item]) -> "_Sorted":
        """The items that may be new as columns, and what earlier items of the request leave no room for."""
        found = _Sorted(NewEvents(self._source, staging_scope(self._source)))
        places: set[tuple[str, int]] = set()
        for item in items:
            event = _of(item)
            place = (event.subject, event.sequence)
            if event.id in found.first:
                found.repeated.append(item)
            elif place in places:
                found.crowded.append(item)
            else:
                found.first[event.id] = len(found.first)
                places.add(place)
                _add(found.events, event)
        return found


@dataclass(slots=True)
class _Sorted:
    """Items of one request: those that may be new (id → row), those with an id and those with a place seen before."""

    events: NewEvents
    first: dict[str, int] = field(default_factory=dict)
    repeated: list[Item] = field(default_factory=list)
    crowded: list[Item] = field(default_factory=list)


def _of(item: Item) -> Pushed:
    if item.event is None:
        raise LookupError("an item that is no event is not stored")
    return item.event


def _add(events: NewEvents, event: Pushed) -> None:
    time = _time(event)
    payload, digest = _content(event, time)
    events.ids.append(event.id)
    events.subjects.append(event.subject)
    events.sequences.append(str(event.sequence))
    events.types.append(event.type)
    events.times.append(time)
    events.digests.append(digest)
    events.payloads.append(payload)
    events.traceparents.append(event.traceparent or "")


def _time(event: Pushed) -> str:
    return event.time.isoformat() if event.time else ""


def _content(event: Pushed, time: str) -> tuple[str, str]:
    """The data as JSON, and the SHA-256 of all that makes the event what it is, the same in all three modes."""
    payload = event.data.model_dump_json(exclude_none=True)
    content = f"{event.type}\n{event.subject}\n{event.sequence}\n{time}\n{payload}"
    return payload, hashlib.sha256(content.encode()).hexdigest()


def _settle(item: Item, known: str | None) -> None:
    """Tell what an event is that was not stored: `known` is the digest (hex) under its id, if there is one."""
    event = _of(item)
    if known is None:
        item.refuse("conflict", _error(item, "sequence", "sequence_taken", sequence=event.sequence))
    elif known == _content(event, _time(event))[1]:
        item.result = "duplicate"
    else:
        item.refuse("conflict", _error(item, "id", "content_differs"))


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
    (found,) = malformed([{"type": code, "loc": item.place(where.split("/"))}]).errors
    return FieldError(pointer=found.pointer, code=code, bg=bg.format(**params), en=en.format(**params))


def _errors(item: Item, error: ValidationError) -> Sequence[FieldError]:
    found = error.errors(include_url=False, include_input=False)
    return malformed({**each, "loc": item.place(_within(each["loc"]))} for each in found).errors


def _within(place: Sequence[str | int]) -> Sequence[str | int]:
    """A place without the tag that pydantic puts before those of a union; without any, it is the tag that is wrong."""
    return place[1:] if place and str(place[0]).startswith(_TYPED) else place or ("type",)
