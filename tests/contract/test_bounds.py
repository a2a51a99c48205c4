"""What comes in is bounded, in the contract itself: every text, number and list of every request."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from aksu_shared.events.ingest import MAX_BATCH, PUSHED
from aksu_shared.kernel.strict_json import MAX_VALUES

SERVICES: Final = Path(__file__).parents[2] / "services"
BOUNDED_FORMATS: Final = {"date", "date-time", "time", "uuid"}
EVENTS: Final = {
    "post /v1/inspection-events application/json",
    "post /v1/inspection-events application/cloudevents+json",
    "post /v1/inspection-events application/cloudevents-batch+json[]",
    "put /v1/inspection-events/{event_id} application/json.data",
    "put /v1/pushed-records/{record_id} application/json.event",
    "post /v1/dead-letters/{letter_id}/repair application/json.data",
}
"""Data of events, whose type decides what they hold: 64 KiB at most, then read by that type's own bounded schema."""
PASSED_OVER: Final = {"Accept-Language", "If-Match", "If-None-Match", "Aksu-Purpose"}
"""Headers of whose values what means nothing here is passed over, or cut; their size is that of the whole head."""
Schema = Mapping[str, Any]
Place = tuple[Schema, str]


def unbounded(document: Schema, schema: Schema, where: str, above: frozenset[str] = frozenset()) -> Iterator[str]:
    """Places in `schema`, and in what it refers to, that hold as much as one likes."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        if name not in above:
            yield from unbounded(document, document["components"]["schemas"][name], where, above | {name})
        return
    if "enum" in schema or "const" in schema:
        return
    if not _bounded(schema):
        yield where
    for part, place in _parts(schema, where):
        yield from unbounded(document, part, place, above)


def _bounded(schema: Schema) -> bool:  # noqa: PLR0911 - a return for each type
    match schema.get("type"):
        case [kind, "null"]:
            return _bounded({**schema, "type": kind})
        case "string":
            return (
                "maxLength" in schema
                or schema.get("format") in BOUNDED_FORMATS
                or "contentMediaType" in schema  # an upload: the body's own limit
                or _longest(schema.get("pattern", ".*")) < 100
            )
        case "integer" | "number":
            return bool(
                {"minimum", "exclusiveMinimum"} & schema.keys() and {"maximum", "exclusiveMaximum"} & schema.keys()
            )
        case "array":
            return "maxItems" in schema
        case "object":
            return "properties" in schema or "maxProperties" in schema or schema.get("additionalProperties") is False
        case "boolean" | "null":
            return True
    return any(word in schema for word in ("anyOf", "oneOf", "allOf"))


def _longest(pattern: str) -> int:
    """How long a text the pattern takes; patterns of our contract are anchored at both ends."""
    assert pattern == ".*" or (pattern.startswith("^") and pattern.endswith("$")), pattern
    return int(re._parser.parse(pattern).getwidth()[1])  # type: ignore[attr-defined]  # the only one that knows


def _parts(schema: Schema, where: str) -> Iterator[Place]:
    for word in ("anyOf", "oneOf", "allOf", "prefixItems"):
        for part in schema.get(word, ()):
            yield part, where
    if "items" in schema:
        yield schema["items"], f"{where}[]"
    for name, part in schema.get("properties", {}).items():
        yield part, f"{where}.{name}"
    if isinstance(schema.get("additionalProperties"), dict):
        yield schema["additionalProperties"], f"{where}.*"


def inputs(document: Schema) -> Iterator[Place]:
    """The schemas of all parameters and bodies, each with its place."""
    for path, operations in document["paths"].items():
        for verb, operation in operations.items():
            for given in operation.get("parameters", ()):
                shared = given.get("$ref", "").rsplit("/", 1)[-1]
                parameter = document["components"]["parameters"][shared] if shared else given
                if parameter["name"] not in PASSED_OVER:
                    yield parameter["schema"], f"{verb} {path} {parameter['in']} {parameter['name']}"
            for media, content in operation.get("requestBody", {}).get("content", {}).items():
                yield content["schema"], f"{verb} {path} {media}"


@pytest.mark.parametrize("service", ["registry", "licensing", "monitoring", "reporting"])
def test_every_text_number_and_list_of_a_request_is_bounded(service: str) -> None:
    document = json.loads((SERVICES / service / "openapi.json").read_text(encoding="utf-8"))
    found = list(inputs(document))
    assert len(found) > 20
    assert {place for schema, where in found for place in unbounded(document, schema, where)} <= EVENTS


def values(document: Schema, schema: Schema, above: frozenset[str] = frozenset()) -> int:
    """How many values a body of this schema holds at most."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return 0 if name in above else values(document, document["components"]["schemas"][name], above | {name})
    inner = [values(document, part, above) for word in ("anyOf", "oneOf", "allOf") for part in schema.get(word, ())]
    members = sum(values(document, part, above) for part in schema.get("properties", {}).values())
    items = schema.get("maxItems", 0) * values(document, schema["items"], above) if "items" in schema else 0
    return max([1 + members + items, *inner])


@pytest.mark.parametrize("service", ["registry", "licensing", "monitoring", "reporting"])
def test_no_body_that_a_schema_lets_in_holds_too_many_values_to_be_read(service: str) -> None:
    document = json.loads((SERVICES / service / "openapi.json").read_text(encoding="utf-8"))
    assert max(values(document, schema) for schema, _ in inputs(document)) < MAX_VALUES / 5


def test_a_batch_of_events_holds_no_more_values_than_are_read() -> None:
    schema = PUSHED.json_schema(ref_template="#/components/schemas/{model}")
    each = values({"components": {"schemas": schema["$defs"]}}, schema)
    assert 10 < each < MAX_VALUES / MAX_BATCH


@pytest.mark.parametrize(
    ("schema", "bounded"),
    [
        ({"type": "string"}, False),
        ({"type": "string", "maxLength": 3}, True),
        ({"type": "string", "pattern": "^[a-z]+$"}, False),
        ({"type": "string", "pattern": "^[a-z]{3}$"}, True),
        ({"type": "integer", "minimum": 0}, False),
        ({"type": "array", "maxItems": 3, "items": {"type": "string"}}, False),
        ({"type": "object", "additionalProperties": {"type": "boolean"}}, False),
        ({"anyOf": [{"type": "null"}, {"type": "number"}]}, False),
        ({"type": ["string", "null"]}, False),
        ({"type": ["string", "null"], "maxLength": 3}, True),
        ({}, False),
    ],
    ids=range(11),
)
def test_what_is_not_bounded_is_noticed(schema: Schema, bounded: bool) -> None:  # noqa: FBT001 - a case's verdict
    assert (not list(unbounded({}, schema, ""))) is bounded
