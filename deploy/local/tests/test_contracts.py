"""Event types only grow; the generated contracts say what the code does."""

import json
from typing import Any

import pytest
import yaml

from aksu_local.asyncapi import asyncapi
from aksu_local.contracts import breaks, event_schema
from aksu_shared.bus.topics import declared_topics
from aksu_shared.events.base import State
from aksu_shared.events.catalogue import CATALOGUE


class Before(State):
    """A state as first published."""

    name: str
    capacity: int | None
    required: list[str]


class Grown(Before):
    """The same with a field more."""

    note: str | None = None


class Demanding(Before):
    """A field more, without which nothing decodes."""

    note: str


class Shrunk(State):
    """The same without `required`."""

    name: str
    capacity: int | None


class Retyped(State):
    """The same with capacity as text."""

    name: str
    capacity: str | None
    required: list[str]


class Relaxed(State):
    """The same, `name` no longer always there."""

    name: str = ""
    capacity: int | None
    required: list[str]


def _breaks(new: type[State]) -> list[str]:
    return list(breaks(Before.model_json_schema(), new.model_json_schema()))


def test_an_optional_field_more_breaks_nobody() -> None:
    assert _breaks(Grown) == []


@pytest.mark.parametrize(
    ("new", "says"),
    [(Demanding, "note"), (Shrunk, "required"), (Retyped, "string"), (Relaxed, "no longer promises name")],
)
def test_any_other_change_of_a_state_breaks_consumers(new: type[State], says: str) -> None:
    assert any(says in line for line in _breaks(new))


def test_an_enumeration_may_gain_values_and_not_lose_them() -> None:
    one, both = {"enum": ["A"]}, {"enum": ["A", "B"]}
    assert list(breaks(one, both)) == []
    assert list(breaks(both, one)) == ["/ no longer allows B"]


@pytest.mark.parametrize("fact", CATALOGUE.values(), ids=list(CATALOGUE))
def test_every_event_type_has_a_schema_that_names_each_field_of_its_state(fact: Any) -> None:
    schema = event_schema(fact)
    state = schema["$defs"][fact.schema.__name__]

    assert set(state["properties"]) == set(fact.schema.model_fields)
    assert set(schema["required"]) == {"version", "state", "changed", "scope"}
    assert json.loads(json.dumps(schema)) == schema


def test_the_description_of_the_bus_names_every_topic_and_every_event_type() -> None:
    document = yaml.safe_load(yaml.safe_dump(asyncapi()))

    topics = {topic.name: topic for topic in declared_topics()}
    assert set(document["channels"]) == set(topics)
    assert {fact.topic for fact in CATALOGUE.values()} < set(topics)
    assert topics["aksu.monitoring.signal.v1"].restricted  # without a line of its own: seen by nobody who may not
    named = {name for channel in document["channels"].values() for name in channel["messages"]}
    assert named == set(CATALOGUE) == set(document["components"]["messages"])


def test_the_description_of_the_bus_leads_nowhere_outside_itself() -> None:
    document = asyncapi()

    def references(node: Any) -> list[str]:
        if isinstance(node, list):
            return [found for each in node for found in references(each)]
        if not isinstance(node, dict):
            return []
        here = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return here + [found for each in node.values() for found in references(each)]

    found = references(document)
    assert len(found) > 100
    for reference in found:
        place: Any = document
        root, *names = reference.split("/")
        assert root == "#", reference
        for name in names:
            place = place[name]


def test_each_event_tells_the_state_of_its_aggregate() -> None:
    components = asyncapi()["components"]
    for name, fact in CATALOGUE.items():
        told = components["schemas"][components["messages"][name]["payload"]["$ref"].rsplit("/", 1)[1]]
        state = components["schemas"][told["properties"]["state"]["$ref"].rsplit("/", 1)[1]]
        assert set(state["properties"]) == set(fact.schema.model_fields), name
