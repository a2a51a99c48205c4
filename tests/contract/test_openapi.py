"""The four OpenAPI documents as a front end's generator reads them: headers, unions of problems, named code lists."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from aksu_shared.kernel.codelists import CODELISTS

SERVICES: Final = Path(__file__).parents[2] / "services"
METHODS: Final = ("get", "post", "put", "patch", "delete")
REPEATABLE: Final = {
    "post /v1/subjects/search": "a question: a name or number must not stand in an address",
    "post /v1/imports": "a workbook changes nothing the second time",
    "post /v1/inspection-events": "each event has an identity of its own",
}
"""Writes that need neither a key nor a version, and why."""

Document = Mapping[str, Any]


@pytest.fixture(name="document", params=["registry", "licensing", "monitoring", "reporting"])
def document_of_a_service(request: pytest.FixtureRequest) -> Document:
    found: Document = json.loads((SERVICES / request.param / "openapi.json").read_text(encoding="utf-8"))
    return found


def operations(document: Document) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for path, item in document["paths"].items():
        yield from ((f"{method} {path}", item[method]) for method in METHODS if method in item)


def headers_asked(document: Document, operation: Mapping[str, Any]) -> Mapping[str, bool]:
    """Request headers of an operation → whether they must be there."""
    shared = document["components"]["parameters"]
    given = [shared[each["$ref"].rsplit("/", 1)[1]] if "$ref" in each else each for each in operation["parameters"]]
    return {each["name"]: each.get("required", False) for each in given if each["in"] == "header"}


def codes_of(document: Document, operation: Mapping[str, Any], status: str) -> set[str]:
    """The codes of the problems with which an operation answers a status."""
    answer = operation["responses"].get(status)
    if answer is None or "$ref" not in answer:
        return set()
    response = document["components"]["responses"][answer["$ref"].rsplit("/", 1)[1]]
    schema = response["content"]["application/problem+json"]["schema"]
    names = [each["$ref"].rsplit("/", 1)[1] for each in schema.get("oneOf", [schema])]
    schemas = document["components"]["schemas"]
    return {schemas[name]["allOf"][1]["properties"]["code"]["const"] for name in names}


def test_a_header_that_a_refusal_asks_for_is_a_parameter(document: Document) -> None:
    for name, operation in operations(document):
        asked = headers_asked(document, operation)
        assert "Accept-Language" in asked or "x-aksu-rights" not in operation, name
        if "idempotency_key_reused" in codes_of(document, operation, "422"):
            assert asked["Idempotency-Key"], name
        if "412" in operation["responses"]:
            assert asked["If-Match"] is name.startswith(("put", "patch")), name
        if "304" in operation["responses"]:
            assert "If-None-Match" in asked, name


def test_every_command_may_be_repeated_or_names_a_version(document: Document) -> None:
    for name, operation in operations(document):
        if not name.startswith("get") and name not in REPEATABLE:
            assert {"Idempotency-Key", "If-Match"} & headers_asked(document, operation).keys(), name


def test_a_status_of_several_problems_is_a_union_told_apart_by_code(document: Document) -> None:
    for name, response in document["components"]["responses"].items():
        if name == "NotModified":
            continue
        schema = response["content"]["application/problem+json"]["schema"]
        if "oneOf" in schema:
            mapping = schema["discriminator"]["mapping"]
            assert [each["$ref"] for each in schema["oneOf"]] == list(mapping.values()), name
            for code, reference in mapping.items():
                problem = document["components"]["schemas"][reference.rsplit("/", 1)[1]]
                assert problem["allOf"][1]["properties"]["code"] == {"const": code}, name


def test_a_code_list_is_a_schema_of_its_own(document: Document) -> None:
    lists = {name: each for name, each in document["components"]["schemas"].items() if "x-codelist" in each}
    assert lists
    for name, schema in lists.items():
        assert schema["enum"] == list(CODELISTS[schema["x-codelist"]]), name
    inline = [place for place, each in places(document["paths"]) if "x-codelist" in each]
    assert inline == []


def places(node: Any, at: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(node, list):
        for n, each in enumerate(node):
            yield from places(each, f"{at}/{n}")
    elif isinstance(node, dict):
        yield at, node
        for key, each in node.items():
            yield from places(each, f"{at}/{key}")


def test_every_component_is_used_and_every_reference_leads_somewhere(document: Document) -> None:
    used = {each["$ref"] for _, each in places(document) if isinstance(each.get("$ref"), str)}
    there = {
        f"#/components/{kind}/{name}"
        for kind in ("parameters", "headers", "responses", "schemas")
        for name in document["components"][kind]
    }
    mapped = {reference for reference in used if reference in there}
    assert used == mapped
    assert {each for each in there - used if "/schemas/" not in each} == set()
