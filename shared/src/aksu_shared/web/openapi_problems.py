"""Problems in the API's description: one schema per code, one response per set of codes that operations answer."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from string import Formatter
from typing import Any, Final

from aksu_shared.kernel.errors import Problem
from aksu_shared.serving.problems import MEDIA_TYPE
from aksu_shared.web.routing import StrictRoute

_RETRIED: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
"""Statuses that tell when to try again."""

_Set = tuple[int, tuple[str, ...]]
"""A status, and the codes of the problems with which an operation answers it."""


def problem_schemas(routes: Sequence[StrictRoute]) -> dict[str, Any]:
    """A schema for each problem of the routes, named after its code. Raises ValueError for a code of two problems."""
    found: dict[str, type[Problem]] = {}
    for cls in _every(routes):
        if found.setdefault(cls.code, cls) is not cls:
            raise ValueError(f"{cls.code} is the code of {cls} and of {found[cls.code]}")
    return {_schema_name(code): _schema(cls) for code, cls in found.items()}


def problem_responses(
    routes: Sequence[StrictRoute],
) -> tuple[dict[str, Any], Mapping[tuple[str | None, int], dict[str, str]]]:
    """The responses by name; and (operation, status) → the reference to its response.

    The set of codes that most operations answer with is named after its status, any other after the first operation
    that has it.
    """
    sets = {(route.operation_id, status): _set(status, of) for route in routes for status, of in route.refusals.items()}
    counted = Counter(sets.values())
    names: dict[_Set, str] = {}
    for status in sorted({status for status, _ in counted}):
        of_status = [each for each in counted if each[0] == status]
        names[max(of_status, key=lambda each: (counted[each], each))] = _pascal(HTTPStatus(status).phrase)
    for (operation, _), each in sets.items():
        names.setdefault(each, _pascal(str(operation)) + _pascal(HTTPStatus(each[0]).phrase))
    classes = {cls.code: cls for cls in _every(routes)}
    responses = {name: _response(status, [classes[code] for code in codes]) for (status, codes), name in names.items()}
    references = {place: {"$ref": f"#/components/responses/{names[each]}"} for place, each in sets.items()}
    return dict(sorted(responses.items())), references


def _every(routes: Sequence[StrictRoute]) -> Iterator[type[Problem]]:
    return (cls for route in routes for classes in route.refusals.values() for cls in classes)


def _set(status: int, classes: Sequence[type[Problem]]) -> _Set:
    return status, tuple(sorted({cls.code for cls in classes}))


def _pascal(words: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in words.replace("-", " ").replace("_", " ").split())


def _schema_name(code: str) -> str:
    return f"{_pascal(code)}Problem"


def _schema(cls: type[Problem]) -> dict[str, Any]:
    """The problem document with the constants of its class, and the members that its sentence is filled with."""
    members = sorted({name for _, name, _, _ in Formatter().parse(cls.bg) if name})
    constants: dict[str, Any] = {"status": {"const": cls.status}, "code": {"const": cls.code}}
    if cls.legal_basis:
        constants["legal_basis"] = {"const": cls.legal_basis}
    own = [name for name in members if name not in constants]
    properties = constants | {name: {} for name in own}
    return {
        "description": cls.en,
        "allOf": [
            {"$ref": "#/components/schemas/ProblemDocument"},
            {"type": "object", "properties": properties, "required": ["status", "code", *own]},
        ],
        "examples": [_example(cls, own)],
    }


def _example(cls: type[Problem], members: Sequence[str]) -> dict[str, Any]:
    """A problem of the class; what its sentence is filled with stands as an ellipsis."""
    filled = dict.fromkeys(members, "…")
    example: dict[str, Any] = {"type": f"urn:aksu:problem:{cls.code}", "title": cls.bg.format(**filled)}
    example |= {"status": cls.status, "code": cls.code} | filled
    return example | ({"legal_basis": cls.legal_basis} if cls.legal_basis else {})


def _response(status: int, classes: Sequence[type[Problem]]) -> dict[str, Any]:
    references = {cls.code: f"#/components/schemas/{_schema_name(cls.code)}" for cls in classes}
    schema: dict[str, Any] = {"$ref": next(iter(references.values()))}
    if len(references) > 1:
        discriminator = {"propertyName": "code", "mapping": references}
        schema = {"oneOf": [{"$ref": each} for each in references.values()], "discriminator": discriminator}
    headers = ["Content-Language", "X-Correlation-Id", *(("Retry-After",) if status in _RETRIED else ())]
    return {
        "description": f"{HTTPStatus(status).phrase}: {', '.join(references)}",
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in sorted(headers)},
        "content": {MEDIA_TYPE: {"schema": schema}},
    }
