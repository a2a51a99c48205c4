"""What of a request stands in the log."""

from starlette.types import Scope

from aksu_shared.kernel.logging import Correlation
from aksu_shared.kernel.masking import is_plain


def shown_path(scope: Scope, route: str) -> str:
    """The path with its ids: what else stood in it may be a person's name or number, and is not logged."""
    if "{" in route:
        for name, value in scope.get("path_params", {}).items():
            if is_plain(str(value)):
                route = route.replace(f"{{{name}}}", str(value))
    return route


def correlation_of(scope: Scope) -> Correlation:
    """The correlation of a request: what its headers say, or a new one."""
    given = trace = None
    for name, value in scope["headers"]:
        if name == b"x-correlation-id":
            given = value.decode("latin-1")
        elif name == b"traceparent":
            trace = value.decode("latin-1")
    return Correlation.of(given, trace)
