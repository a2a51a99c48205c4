"""Which handler gets which events of a batch, and in which order."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from aksu_shared.db.work import UnitOfWork
from aksu_shared.events.base import Event

Handler: TypeAlias = Callable[[UnitOfWork, Sequence[Any]], Awaitable[None]]
"""Takes all events of its class of one batch, in order per aggregate: `async def handler(work, events) -> None`."""
Handlers: TypeAlias = Mapping[type[Event[Any]], Handler]
"""A service's table of contents: event class, or a class above it, → handler. The nearest class wins."""


@dataclass(slots=True)
class Call:
    """One call of a handler."""

    handler: Handler
    events: list[Event[Any]] = field(default_factory=list)


def handler_of(handlers: Handlers, fact: type[Event[Any]]) -> Handler | None:
    """The handler of the nearest class; None for a fact this service does not care about."""
    return next((handlers[base] for base in fact.__mro__ if base in handlers), None)


def calls(handlers: Handlers, events: Iterable[Event[Any]]) -> list[Call]:
    """As few calls as keep the order of each aggregate; events of different aggregates may change places."""
    made: list[Call] = []
    last_of_handler: dict[Handler, int] = {}
    last_of_aggregate: dict[tuple[str, str], int] = {}
    found: dict[type[Event[Any]], Handler | None] = {}
    for event in events:
        fact = type(event)
        if fact not in found:
            found[fact] = handler_of(handlers, fact)
        handler = found[fact]
        if handler is None:
            continue
        aggregate = (event.topic, event.id)
        place = last_of_handler.get(handler, -1)
        if place < last_of_aggregate.get(aggregate, 0):
            made.append(Call(handler))
            place = last_of_handler[handler] = len(made) - 1
        last_of_aggregate[aggregate] = place
        made[place].events.append(event)
    return made


def topics(handlers: Handlers) -> list[str]:
    """Topics to consume for these handlers. Raises ValueError for a class that belongs to no topic."""
    for fact in handlers:
        if not fact.topic:
            msg = f"{fact.__name__} belongs to no topic"
            raise ValueError(msg)
    return sorted({fact.topic for fact in handlers})
