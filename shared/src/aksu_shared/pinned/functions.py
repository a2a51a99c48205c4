"""What FastAPI has understood of a route's function and of its dependencies, as plain data.

FastAPI documents neither `Dependant` nor the fields in it. Only this module reads them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from fastapi.dependencies.models import Dependant
from pydantic.fields import FieldInfo


class Field(Protocol):
    """A parameter: the name of its argument, its name in the request, and what validates it."""

    name: str
    field_info: FieldInfo

    @property
    def alias(self) -> str:
        """Its name in the request; that of a header as it was declared."""

    def validate(
        self,
        value: Any,  # noqa: ANN401 - any value
        values: dict[str, Any] = ...,
        *,
        loc: tuple[int | str, ...] = ...,
    ) -> tuple[Any, list[dict[str, Any]]]:
        """The validated value, and pydantic's errors with their place, of which there are none when it is valid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A route's function or a dependency: where its arguments come from."""

    call: Callable[..., Any]
    query: Sequence[Field]
    path: Sequence[Field]
    headers: Sequence[Field]
    request_names: Sequence[str]
    """The arguments that are the request itself."""
    dependencies: "Sequence[tuple[str | None, Function]]"
    """Each with the name of its argument; None when its result is not wanted."""
    simple: bool
    """Whether nothing but the above is needed: no body, no cookie, nothing that only FastAPI makes."""


def function_of(dependant: Dependant) -> Function:
    """The plain data of one function and of all it depends on."""
    if dependant.call is None:
        raise ValueError("a dependency without a function")
    names = (dependant.request_param_name, dependant.http_connection_param_name)
    return Function(
        call=dependant.call,
        query=dependant.query_params,
        path=dependant.path_params,
        headers=dependant.header_params,
        request_names=[name for name in names if name],
        dependencies=[(inner.name, function_of(inner)) for inner in dependant.dependencies],
        simple=dependant.use_cache
        and not (
            dependant.body_params
            or dependant.cookie_params
            or dependant.response_param_name
            or dependant.background_tasks_param_name
            or dependant.websocket_param_name
            or dependant.security_scopes_param_name
            or dependant.own_oauth_scopes
            or dependant.concurrency
        ),
    )
