"""What FastAPI's description of the API leaves out: token and right of each operation, headers, problems, conventions.

What many operations share stands once, in `components`: parameters, headers, one schema per problem, and one response
per set of problems of a status, so that a generated client has a union that `code` tells apart.
"""

import importlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

from starlette.routing import BaseRoute

from aksu_shared.auth.permissions import Rights
from aksu_shared.kernel.errors import PreconditionFailed
from aksu_shared.kernel.schemas.base import Versioned
from aksu_shared.serving.problems import ProblemDocument
from aksu_shared.web.idempotency import KeyReused
from aksu_shared.web.openapi_compact import compact
from aksu_shared.web.openapi_headers import HEADERS, NOT_MODIFIED, PARAMETERS, header_references, parameter_reference
from aksu_shared.web.openapi_problems import problem_responses, problem_schemas
from aksu_shared.web.routing import StrictRoute

_REFERENCE: Final = "#/components/schemas/{model}"
_UNUSED: Final = ("HTTPValidationError", "ValidationError")
_MADE_ELSEWHERE: Final = "aksu_shared.web.steps"
"""The module of the functions behind steps: it is no feature's."""
_ABOUT: Final = """\
Conventions of all services: `docs/api.md`. In short:

* A token is a bearer token of the OpenID provider; without one a caller sees what everybody may see. `x-aksu-rights`
  names the right of an operation, `docs/rights.md` who has it.
* Every POST carries `Idempotency-Key`: repeated with the same content it gets the first answer again.
* `If-Match` names the version that the caller knows; PATCH and PUT ask for it.
* Every refusal is `application/problem+json` (RFC 9457), told apart by `code`, in Bulgarian or English.
* A write tells its position, `Aksu-Position`; a read with `Aksu-After` of that value does not miss it, in any service.
* Lists are read to their end by `next`, given as `cursor`.
"""
_INFO: Final = {
    "contact": {"name": "Агенция за качеството на социалните услуги"},
    "license": {"name": "European Union Public Licence 1.2", "identifier": "EUPL-1.2"},
}


def complete(document: dict[str, Any], routes: Iterable[BaseRoute]) -> dict[str, Any]:
    """Add to `document`, in place, and return it."""
    described = [route for route in routes if isinstance(route, StrictRoute) and route.include_in_schema]
    _introduce(document, described)
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    problem = ProblemDocument.model_json_schema(ref_template=_REFERENCE)
    schemas |= problem.pop("$defs", {}) | {"ProblemDocument": problem} | problem_schemas(described)
    for name in _UNUSED:
        schemas.pop(name, None)
    components["schemas"] = dict(sorted(schemas.items()))
    components["parameters"] = dict(PARAMETERS)
    components["headers"] = HEADERS
    components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    responses, references = problem_responses(described)
    components["responses"] = responses | {"NotModified": NOT_MODIFIED}
    for route in described:
        _describe(document["paths"][route.path_format], route, references)
    compact(document)
    return document


def _introduce(document: dict[str, Any], routes: Sequence[StrictRoute]) -> None:
    info = document["info"]
    info["description"] = "\n\n".join(filter(None, (info.get("description"), _ABOUT)))
    info |= _INFO
    document["servers"] = [{"url": ".", "description": "where this description lies"}]
    features: dict[str, list[str]] = defaultdict(list)
    for route in routes:
        for tag in route.tags:
            features[str(tag)].append(route.endpoint.__module__)
    document["tags"] = [{"name": tag, "description": _feature(modules)} for tag, modules in sorted(features.items())]


def _feature(modules: Iterable[str]) -> str:
    """What the feature of a tag is about: the first paragraph of what its package, or its only module, says."""
    module = next((name for name in modules if name != _MADE_ELSEWHERE), _MADE_ELSEWHERE)
    package = module if module.startswith("aksu_shared.") else module.rpartition(".")[0]
    return (importlib.import_module(package).__doc__ or "").partition("\n\n")[0].replace("\n", " ")


def _describe(path: dict[str, Any], route: StrictRoute, references: Any) -> None:  # noqa: ANN401
    for method in route.methods or ():
        operation = path[method.lower()]
        operation["security"] = [{}, {"bearer": []}]
        operation["x-aksu-rights"] = list(route.rights)
        if "requestBody" in operation:
            operation["x-aksu-max-body-bytes"] = route.body_limit
        answered = operation["responses"]
        for status in route.refusals:
            answered[str(status)] = references[route.operation_id, status]
        _add_headers(operation, method, route)


def _add_headers(operation: dict[str, Any], method: str, route: StrictRoute) -> None:
    """The request's headers as parameters, those of its successes, and 304 where a version can be known."""
    refused = {cls for classes in route.refusals.values() for cls in classes}
    versioned = isinstance(route.response_model, type) and issubclass(route.response_model, Versioned)
    is_read, is_command = method == "GET", KeyReused in refused
    has_etag = versioned and ("{" in route.path or not is_read)
    names = ["AcceptLanguage"]
    names += ["IdempotencyKey"] if is_command else []
    if PreconditionFailed in refused:
        names.append("KnownVersion" if method in {"PUT", "PATCH"} else "ExpectedVersion")
    names += ["IfNoneMatch"] if is_read and has_etag else []
    names += ["Purpose"] if is_read and not Rights.load().recorded.isdisjoint(route.rights) else []
    inline = [each for each in operation.get("parameters", ()) if each.get("name") != "Aksu-After"]
    names += ["After"] if len(inline) < len(operation.get("parameters", ())) else []
    operation["parameters"] = [*inline, *map(parameter_reference, names)]
    wrote = not is_read and (is_command or PreconditionFailed in refused)
    for status, answer in operation["responses"].items():
        if status.startswith("2"):
            answer["headers"] = header_references(
                etag=has_etag, wrote=wrote, replayed=is_command, created=status == "201"
            )
    if is_read and has_etag:
        operation["responses"]["304"] = {"$ref": "#/components/responses/NotModified"}
    operation["responses"] = dict(sorted(operation["responses"].items()))
