"""The API's description made short: no title that repeats a name, no list of codes twice, no parameter twice.

A front end reads it, and generates names from it: what is said once has one name.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from aksu_shared.kernel.codelists import CODELISTS

_METHODS: Final = ("get", "post", "put", "patch", "delete")
_NULL: Final = {"type": "null"}
_CODELIST: Final = "x-codelist"
_MAP_OF_SCHEMAS: Final = ("properties", "$defs", "schemas")


def compact(document: dict[str, Any]) -> None:
    """Shorten `document`, in place. Every code list that it names becomes a schema of its own, named after the list."""
    _each_schema(document, _without_title)
    _each_schema(document, _if_asked)
    _each_schema(document, _nullable)
    for operation in _operations(document):
        for parameter in operation.get("parameters", ()):
            _shorten(parameter)
    used: set[str] = set()
    _each_schema(document, lambda schema: _name_codes(schema, used))
    document["components"]["schemas"] |= {_pascal(name): _codes(name) for name in sorted(used)}
    _share_parameters(document)
    _drop_unused(document)


def _drop_unused(document: dict[str, Any]) -> None:
    """Of what is declared for all services, what this one refers to."""
    for kind in ("responses", "parameters", "headers"):  # a response refers to headers
        text = json.dumps(document)
        components = document["components"][kind]
        document["components"][kind] = {k: v for k, v in components.items() if f'"#/components/{kind}/{k}"' in text}


def _pascal(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _codes(name: str) -> dict[str, Any]:
    """Not closed: `x-extensible-enum` would be ignored by generators, so the description says it."""
    return {
        "type": "string",
        "enum": list(CODELISTS[name]),
        "description": f"codes of the list `{name}`, labelled by `GET /v1/codelists`; later versions may add some",
        _CODELIST: name,
    }


def _name_codes(schema: dict[str, Any], used: set[str]) -> None:
    name = schema.get(_CODELIST)
    if name is None:
        return
    used.add(name)
    known = {key: value for key, value in schema.items() if key in {"description", "default"}}
    schema.clear()
    schema.update({"$ref": f"#/components/schemas/{_pascal(name)}"} | known)


def _without_title(schema: dict[str, Any]) -> None:
    schema.pop("title", None)
    if "prefixItems" in schema:
        schema.setdefault("items", {})  # no more of them than `maxItems`, but linters look for the word


def _if_asked(schema: dict[str, Any]) -> None:
    """All fields of an answer are always there, but those that a list has only if it is asked for them."""
    required, fields = schema.get("required"), schema.get("properties", {})
    if isinstance(required, list):
        required[:] = [name for name in required if "x-if-asked" not in fields.get(name, {})]


def _nullable(schema: dict[str, Any]) -> None:
    """`anyOf: [{type: string}, {type: null}]` says the same as `type: [string, null]`."""
    choices = schema.get("anyOf")
    if not isinstance(choices, list) or len(choices) != 2 or choices[1] != _NULL:  # noqa: PLR2004 - a type and null
        return
    (only, _) = choices
    if isinstance(only.get("type"), str) and "enum" not in only and _CODELIST not in only:
        del schema["anyOf"]
        schema.update({**only, "type": [only["type"], "null"]} | schema)


def _shorten(parameter: dict[str, Any]) -> None:
    """A parameter that is not given has no value: none is null. What it means is said beside its schema."""
    schema = parameter.get("schema", {})
    kind = schema.get("type")
    if isinstance(kind, list):
        schema["type"] = kind[0]
    if isinstance(choices := schema.get("anyOf"), list) and _NULL in choices:
        (only,) = [each for each in choices if each != _NULL]
        del schema["anyOf"]
        schema.update(only | schema)
    schema.pop("description", None)
    if parameter.get("in") == "query" and not parameter.get("required"):
        parameter.pop("required", None)


def _share_parameters(document: dict[str, Any]) -> None:
    """Parameters that several operations have stand once, named after themselves; of two that differ, the commoner."""
    places: dict[str, list[tuple[list[Any], int]]] = defaultdict(list)
    for operation in _operations(document):
        for n, parameter in enumerate(operation.get("parameters", ())):
            if "$ref" not in parameter:
                places[json.dumps(parameter, ensure_ascii=False, sort_keys=True)].append((operation["parameters"], n))
    shared: dict[str, Any] = {}
    for text, found in sorted(places.items(), key=lambda each: (-len(each[1]), each[0])):
        parameter = json.loads(text)
        name = _pascal(parameter["name"])
        if len(found) > 1 and name not in shared and name not in document["components"]["parameters"]:
            shared[name] = parameter
            for parameters, n in found:
                parameters[n] = {"$ref": f"#/components/parameters/{name}"}
    components = document["components"]
    components["parameters"] = dict(sorted((components["parameters"] | shared).items()))


def _operations(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for path in document["paths"].values():
        yield from (path[method] for method in _METHODS if method in path)


def _each_schema(node: Any, change: Callable[[dict[str, Any]], None], *, named: bool = False) -> None:  # noqa: ANN401
    """Apply `change` to each schema below `node`, inner ones first; `named`: its members are names, no keywords."""
    if isinstance(node, list):
        for item in node:
            _each_schema(item, change)
    elif isinstance(node, dict):
        for key, item in list(node.items()):
            if key not in {"examples", "example", "const", "enum", "default", "info", "tags"} or named:
                _each_schema(item, change, named=not named and key in _MAP_OF_SCHEMAS)
        if not named and not node.keys().isdisjoint(
            {"type", "anyOf", "oneOf", "allOf", "properties", "title", _CODELIST}
        ):
            change(node)
