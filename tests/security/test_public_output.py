"""What everybody may read counts things, not people; where it counts people some day, it counts them in fives.

Every number of a public answer is classified here: a new one fails until somebody has said what it counts.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from oracle import LAW

SERVICES: Final = Path(__file__).parents[2] / "services"
THINGS: Final = {
    "capacity", "capacity_unknown", "closed", "eu_project", "expiring", "failed_criteria", "in_force",
    "inspections", "inspections_flagged", "inspections_this_year", "licence_not_required", "licence_required",
    "licences_expiring", "licences_in_force", "mixed", "municipal", "municipalities", "of", "open",
    "open_prescriptions", "overdue", "overdue_prescriptions", "pending", "places", "places_mixed",
    "places_private", "places_state_delegated", "prescriptions", "prescriptions_open", "prescriptions_overdue",
    "private", "private_share_of_places", "private_share_of_services", "seat_unknown", "services",
    "services_mixed", "services_private", "services_state_delegated", "sites", "state_delegated",
    "state_delegated_share_of_places", "state_delegated_share_of_services", "this_year", "total", "unknown",
    "without_outcome", "by_flag", "by_kind", "by_legal_form", "by_outcome", "by_result", "by_state",
}  # fmt: skip
"""Places, sites, services, providers, licences, inspections, prescriptions, findings: none of them is a person."""
CENSUS: Final = frozenset({"population", "age0_14", "age65plus"})
"""Published by the census for every municipality as they are."""
TECHNICAL: Final = frozenset({"first", "head", "number", "position", "sequence", "version"})
PEOPLE: Final[frozenset[str]] = frozenset()
"""Counts of persons; each must be declared with `multiple_of=5`."""
ANALYSES: Final = {
    "/v1/territory/{code}/summary": set[str](),
    "/v1/territory/{code}/children/summary": {"level", "sort"},
}
"""The ready analyses, and all that may be chosen about them: no grouping, no slicing that would single somebody out."""

OF_PEOPLE: Final = [
    right for right in LAW["actions"] if right.split(".")[1] in {"signal", "user_met", "manager_check", "document"}
]

Found = tuple[str, Mapping[str, Any]]


def documents() -> Iterator[Mapping[str, Any]]:
    for path in sorted(SERVICES.glob("*/openapi.json")):
        yield json.loads(path.read_text(encoding="utf-8"))


def public_reads(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for path, operations in document["paths"].items():
        rights = operations.get("get", {}).get("x-aksu-rights")
        if rights and all("public" in LAW["actions"][right] for right in rights):
            yield path, operations["get"]


def numbers(
    schema: Mapping[str, Any], document: Mapping[str, Any], name: str = "", seen: tuple[str, ...] = ()
) -> Iterator[Found]:
    """Every number of a schema, under the name of its field."""
    if "$ref" in schema:
        key = schema["$ref"].rsplit("/", 1)[1]
        if key not in seen:
            yield from numbers(document["components"]["schemas"][key], document, name, (*seen, key))
        return
    kinds = schema.get("type", ())
    if not {"integer", "number"}.isdisjoint([kinds] if isinstance(kinds, str) else kinds):
        yield name, schema
    inner = [(name, each) for kind in ("anyOf", "oneOf", "allOf") for each in schema.get(kind, ())]
    inner += [(name, schema[kind]) for kind in ("items", "additionalProperties") if isinstance(schema.get(kind), dict)]
    inner += list(schema.get("properties", {}).items())
    for of, each in inner:
        yield from numbers(each, document, of, seen)


def parameters(operation: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Those of an operation, also the shared ones it points to."""
    for each in operation.get("parameters", ()):
        shared = each.get("$ref", "").rsplit("/", 1)[-1]
        yield document["components"]["parameters"][shared] if shared else each


def public_numbers(document: Mapping[str, Any]) -> Iterator[Found]:
    for _, operation in public_reads(document):
        for status, response in operation["responses"].items():
            for content in response.get("content", {}).values() if status.startswith("2") else ():
                yield from numbers(content.get("schema", {}), document)


def test_every_public_number_is_one_of_things_of_the_census_or_rounded() -> None:
    found = [number for document in documents() for number in public_numbers(document)]
    assert len(found) > 100
    assert {name for name, _ in found} - THINGS - CENSUS - TECHNICAL - PEOPLE == set(), "say what these count"
    assert [name for name, schema in found if name in PEOPLE and schema.get("multipleOf") != 5] == []


def test_public_analyses_are_ready_made() -> None:
    (reporting,) = [document for document in documents() if "/v1/territory/{code}/summary" in document["paths"]]
    offered = {
        path: {each["name"] for each in parameters(operation, reporting) if each["in"] == "query"}
        for path, operation in public_reads(reporting)
        if "summary" in path
    }
    assert offered == ANALYSES


@pytest.mark.parametrize("right", OF_PEOPLE)
def test_what_tells_of_people_is_read_by_nobody_without_a_token(right: str) -> None:
    assert "public" not in LAW["actions"][right] or right == "monitoring.signal.file"
