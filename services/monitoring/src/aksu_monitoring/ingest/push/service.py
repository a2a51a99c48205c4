"""Taking pushed events in: each item is judged by itself, then all good ones are stored by one statement."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, Self, TypeAlias

from pydantic import ValidationError

from aksu_monitoring.ingest.push.store import NewEvents, PushStore
from aksu_monitoring.ingest.sources.rules import source_of, staging_scope
from aksu_monitoring.ingest.sources.store import Database
from aksu_shared.auth.principal import Principal
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
from aksu_shared.kernel.errors import FieldError, Malformed
from aksu_shared.kernel.terms import Terms
from aksu_shared.serving.messages import malformed

Place: TypeAlias = Callable[[Sequence[str | int]], Sequence[str | int]]
"""Where in the request an attribute or a member of the data stands, as a place of `messages.pointer`."""
Pushed: TypeAlias = StartedEvent | FindingEvent | PrescriptionEvent | ClosedEvent

_FIRST_DAY: Final = "ingest.first_day"
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
    untold: int = 0
    """How many faults it has besides `errors`."""

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


def examine(items: Iterable[Item], *, source: str, today: date, terms: Terms) -> None:
    """Judge each item not refused yet: its shape, its source, and that what it tells of happened under the Act."""
    since = terms.deadline(_FIRST_DAY, today)
    for item in items:
        if item.errors:
            continue
        try:
            event = item.event = PUSHED.validate_python(item.value)
        except ValidationError as error:
            found = _malformed(item, error)
            item.refuse("invalid", *found.errors)
            item.untold = found.more_errors
            continue
        if event.source != source:
            item.refuse("invalid", _error(item, "source", "foreign_source", source=source))
        happened = _HAPPENED.get(event.type)
        if happened and getattr(event.data, happened) > today:
            item.refuse("invalid", _error(item, f"data/{happened}", "in_future", today=today))
        if happened and getattr(event.data, happened) < since:
            item.refuse("invalid", _error(item, f"data/{happened}", "before_the_act", since=since))


class PushService:
    """Stores examined events of one source: in a transaction, or on a pool statement by statement.

    `keys` are the scope in which it is done.
    """

    def __init__(self, database: Database, *, source: str, keys: Sequence[str]) -> None:
        self._staging = PushStore(database, keys=keys)
        self._source = source

    @classmethod
    def of(cls, database: Database, principal: Principal) -> Self:
        """Taking in what `principal` pushes."""
        return cls(database, source=source_of(principal), keys=principal.scope_keys)

    async def store_new(self, items: Sequence[Item]) -> bool:
        """Store all items in one statement; False, and nothing is stored, when one of them is not new."""
        events = self._columns(items)
        places = set(zip(events.subjects, events.sequences, strict=True))
        alone = len(set(events.ids)) == len(places) == len(items)
        return alone and await self._staging.add_all(events)

    async def store(self, items: Sequence[Item]) -> None:
        """Store what is new among the items, and tell duplicates from contradictions.

        Needs a transaction, which the caller rolls back where one contradiction is to keep all of them out.
        """
        first: dict[str, Item] = {}
        places: set[tuple[str, int]] = set()
        for item in items:
            event = _of(item)
            place = (event.subject, event.sequence)
            if event.id in first:
                _settle(item, same=_same(event, _of(first[event.id])))
            elif place in places:
                _settle(item, same=None)
            else:
                first[event.id] = item
                places.add(place)
        fresh = await self._staging.add_new(self._columns(first.values()))
        taken = [item for key, item in first.items() if key not in fresh]
        if taken:
            known = await self._staging.known(self._columns(taken))
            for item in taken:
                _settle(item, same=known[_of(item).id])

    def _columns(self, items: Iterable[Item]) -> NewEvents:
        events = [_of(item) for item in items]
        return NewEvents(
            source=self._source,
            scope=staging_scope(self._source),
            ids=[event.id for event in events],
            subjects=[event.subject for event in events],
            sequences=[str(event.sequence) for event in events],
            types=[event.type for event in events],
            times=[event.time.isoformat() if event.time else "" for event in events],
            payloads=[event.data.model_dump_json(exclude_none=True) for event in events],
            traceparents=[event.traceparent or "" for event in events],
        )


def _of(item: Item) -> Pushed:
    if item.event is None:
        raise LookupError("an item that is no event is not stored")
    return item.event


def _same(one: Pushed, other: Pushed) -> bool:
    """Whether two events of one id tell the same, whichever mode they came in."""
    return all(getattr(one, name) == getattr(other, name) for name in ("type", "subject", "sequence", "time", "data"))


def _settle(item: Item, *, same: bool | None) -> None:
    """Tell what an event is that was not stored: `same` as the one under its id; None: there is none."""
    if same:
        item.result = "duplicate"
    elif same is None:
        item.refuse("conflict", _error(item, "sequence", "sequence_taken", sequence=_of(item).sequence))
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
    "before_the_act": (
        "Датата е преди {since}; по-стари проверки не се приемат.",
        "The date lies before {since}; inspections older than that are not taken.",
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


def _malformed(item: Item, error: ValidationError) -> Malformed:
    found = error.errors(include_url=False, include_input=False)
    return malformed([{**each, "loc": item.place(_within(each["loc"]))} for each in found])


def _within(place: Sequence[str | int]) -> Sequence[str | int]:
    """A place without the tag that pydantic puts before those of a union; without any, it is the tag that is wrong."""
    return place[1:] if place and str(place[0]).startswith(_TYPED) else place or ("type",)
