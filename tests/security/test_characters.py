"""No text of any request takes a character that its reader does not see: every field of the four OpenAPI documents."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any, Final

import pytest
from doors import Door, doors_of, sample
from oracle import LAW

from aksu_local.served import Serve, Served

ZERO_WIDTH: Final = "\u200b"
FREE: Final = frozenset({"cursor"})
"""Parameters whose text is decoded before it is read."""
Schema = Mapping[str, Any]
Path = tuple[str | int, ...]


def texts(schema: Schema, document: Schema, at: Path = (), depth: int = 0) -> Iterator[tuple[Path, Any]]:
    """Each text a body can hold, with a right value for everything on the way to it: (place, body part at `at`)."""
    if "$ref" in schema:
        schema = _named(schema, document)
    for choice in ("anyOf", "oneOf", "allOf"):
        for part in schema.get(choice, ()):
            yield from texts(part, document, at, depth)
    if schema.get("type") == "string":
        yield at, None
    elif schema.get("type") == "array" and "items" in schema:
        yield from texts(schema["items"], document, (*at, 0), depth)
    elif depth < 6:
        for name, part in schema.get("properties", {}).items():
            yield from texts(part, document, (*at, name), depth + 1)


def spoilt(body: Any, at: Path, schema: Schema, document: Schema) -> Any:
    """The body with a text at that place that holds a character nobody sees; what is missing on the way is made."""
    if not at:
        return f"Текст{ZERO_WIDTH}"
    schema = _resolved(schema, document, at[0])
    key, rest = at[0], at[1:]
    if isinstance(key, int):
        return [spoilt(sample(schema["items"], document), rest, schema["items"], document)]
    part = schema["properties"][key]
    inner = body.get(key) if isinstance(body, dict) else None
    whole = deepcopy(body) if isinstance(body, dict) else sample(schema, document)
    return whole | {key: spoilt(inner if inner is not None else sample(part, document), rest, part, document)}


def _resolved(schema: Schema, document: Schema, key: str | int) -> Schema:
    """The one of a schema's alternatives that has that member."""
    if "$ref" in schema:
        return _resolved(_named(schema, document), document, key)
    for choice in ("anyOf", "oneOf", "allOf"):
        for part in schema.get(choice, ()):
            found = _resolved(part, document, key)
            if (isinstance(key, int) and "items" in found) or key in found.get("properties", {}):
                return found
    return schema


def _named(reference: Schema, document: Schema) -> Any:
    """What a reference names."""
    found: Any = document
    for key in reference["$ref"].removeprefix("#/").split("/"):
        found = found[key]
    return found


def _caller(door: Door) -> dict[str, Any]:
    """Somebody with the right."""
    for role, row in LAW["roles"].items():
        if all(role in LAW["actions"][right] or "public" in LAW["actions"][right] for right in door.rights):
            kind = next(iter(row["kinds"]), None)
            where = {"PROVIDER": "PROVIDER:130007884", "MUNICIPALITY": "MUNICIPALITY:BLG03", "OBLAST": "OBLAST:BLG"}
            return {"role": role, "body": kind and where.get(kind, kind)}
    raise AssertionError(door)


@pytest.mark.parametrize("service", ["registry", "licensing", "monitoring", "reporting"])
async def test_no_text_of_a_request_takes_what_nobody_sees(service: str, serve: Serve) -> None:
    served = await serve(service)
    tried, taken = 0, []
    for door in doors_of(service, served.app):
        async for place, answer in _answers(served, door):
            tried += 1
            if answer != 422:
                taken.append(f"{door} {place}: {answer}")
    assert tried > (5 if service == "reporting" else 50)
    assert taken == []


async def _answers(served: Served, door: Door) -> Any:
    document = served.app.openapi()
    operation = document["paths"][door.path][door.method.lower()]
    headers = served.headers(**_caller(door)) | {"Idempotency-Key": "k", "If-Match": '"1"'}
    path = door.at("019a0000-0000-7000-8000-00000000000a") if door.parameter else door.path
    for given in operation.get("parameters", ()):
        parameter = _named(given, document) if "$ref" in given else given
        is_text = any(True for _ in texts(parameter["schema"], document))
        if parameter["in"] == "query" and is_text and parameter["name"] not in FREE:
            query = {parameter["name"]: f"x{ZERO_WIDTH}"}
            answer = await served.client.request(door.method, path, params=query, headers=headers, json=door.body)
            yield f"?{parameter['name']}", answer.status_code
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return
    for place, _ in texts(content["schema"], document):
        body = spoilt(door.body, place, content["schema"], document)
        answer = await served.client.request(door.method, path, json=body, headers=headers)
        refused = answer.status_code == 422
        pointers = [error["pointer"] for error in answer.json().get("errors", ())] if refused else []
        wanted = "/" + "/".join(map(str, place))
        yield wanted, 422 if wanted in pointers else f"{answer.status_code} {pointers}"
