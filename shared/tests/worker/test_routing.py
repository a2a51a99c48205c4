"""Which handler gets which events."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aksu_shared.events.base import Event
from aksu_shared.events.registry.bodies import BodyAmended
from aksu_shared.events.registry.places import PlaceAmended, PlaceEvent, PlaceRegistered, PlaceState
from aksu_shared.events.registry.providers import ProviderAmended, ProviderEvent
from aksu_shared.worker.routing import Handlers, calls, handler_of, topics


async def one(_work: object, _events: Sequence[Any]) -> None: ...
async def two(_work: object, _events: Sequence[Any]) -> None: ...


def event(fact: type[Event[Any]], key: int, version: int) -> Event[Any]:
    state = PlaceState(id=UUID(int=key), key="", municipality="BLG01", settlement="", address="")
    return fact(id=str(key), version=version, state=state, scope=("public",))


def test_the_nearest_class_has_the_handler() -> None:
    handlers: Handlers = {PlaceEvent: one, PlaceAmended: two}
    assert handler_of(handlers, PlaceRegistered) is one
    assert handler_of(handlers, PlaceAmended) is two
    assert handler_of(handlers, BodyAmended) is None


def test_topics_are_those_of_the_handled_classes() -> None:
    handlers = {PlaceEvent: one, PlaceAmended: two, ProviderEvent: two}
    assert topics(handlers) == ["aksu.registry.place.v1", "aksu.registry.provider.v1"]
    with pytest.raises(ValueError, match="belongs to no topic"):
        topics({Event: one})


@given(st.lists(st.tuples(st.sampled_from([PlaceRegistered, PlaceAmended, ProviderAmended]), st.integers(0, 3))))
def test_each_aggregate_keeps_its_order_whatever_the_handlers(facts: list[tuple[type[Event[Any]], int]]) -> None:
    events = [event(fact, key, version) for version, (fact, key) in enumerate(facts, 1)]
    made = calls({PlaceRegistered: one, PlaceAmended: two, ProviderEvent: one}, events)
    called = [each for call in made for each in call.events]
    assert sorted(each.version for each in called) == [each.version for each in events]
    for topic, key in {(each.topic, each.id) for each in events}:
        mine = [each.version for each in called if (each.topic, each.id) == (topic, key)]
        assert mine == sorted(mine)


def test_events_of_many_aggregates_are_one_call_of_their_handler() -> None:
    events = [event(fact, key, 1) for key in range(5) for fact in (PlaceRegistered, ProviderAmended)]
    made = calls({PlaceEvent: one, ProviderEvent: two}, events)
    assert [(call.handler, len(call.events)) for call in made] == [(one, 5), (two, 5)]


def test_what_nobody_handles_is_passed_over_and_ends_nothing() -> None:
    events = [
        event(fact, 1, version) for version, fact in enumerate((ProviderAmended, PlaceRegistered, PlaceAmended), 1)
    ]
    (call,) = calls({PlaceEvent: one}, events)
    assert [each.version for each in call.events] == [2, 3]
