"""What FastAPI's description of the API leaves out: the token, the right of each operation, the problem document."""

from collections.abc import Iterable
from typing import Any, Final

from starlette.routing import BaseRoute

from aksu_shared.serving.problems import ProblemDocument
from aksu_shared.web.routing import StrictRoute

_REFERENCE: Final = "#/components/schemas/{model}"
_UNUSED: Final = ("HTTPValidationError", "ValidationError")


def complete(document: dict[str, Any], routes: Iterable[BaseRoute]) -> dict[str, Any]:
    """Add to `document`, in place, and return it."""
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    problem = ProblemDocument.model_json_schema(ref_template=_REFERENCE)
    schemas |= problem.pop("$defs", {}) | {"ProblemDocument": problem}
    for name in _UNUSED:
        schemas.pop(name, None)
    components["schemas"] = dict(sorted(schemas.items()))
    components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    for route in routes:
        if isinstance(route, StrictRoute) and route.include_in_schema:
            _describe(document["paths"][route.path_format], route)
    return document


def _describe(path: dict[str, Any], route: StrictRoute) -> None:
    for method in route.methods or ():
        operation = path[method.lower()]
        operation["security"] = [{}, {"bearer": []}]
        operation["x-aksu-rights"] = list(route.rights)
        if "requestBody" in operation:
            operation["x-aksu-max-body-bytes"] = route.body_limit
