"""A command's unit of work is opened when all of the request's input has been judged, not before.

FastAPI runs dependencies first and reads parameters and body then: a request with a bad body would take a connection
from the pool, and be asked for its idempotency key, only to be refused for the body. So the generator of a
`Depends(…, scope="function")` is not run by FastAPI but around the function that needs it; FastAPI gathers what the
generator needs, like that of any other dependency.
"""

from collections.abc import Callable
from contextlib import asynccontextmanager
from functools import wraps
from inspect import Parameter, Signature, isasyncgenfunction, signature
from typing import Annotated, Any, get_args, get_type_hints

from fastapi import Depends, params


def opened_last(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """The endpoint with its unit of work opened around it, and closed before its answer leaves.

    Raises ValueError for an endpoint with two such units.
    """
    hints = get_type_hints(endpoint, include_extras=True)
    openings = {name: opening for name, hint in hints.items() if (opening := _opening(hint))}
    if not openings:
        return endpoint
    if len(openings) > 1:
        raise ValueError(f"{endpoint.__qualname__} opens {len(openings)} units of work: {', '.join(openings)}")
    ((name, opening),) = openings.items()
    opened = asynccontextmanager(opening)

    @wraps(endpoint)
    async def run(**values: Any) -> Any:  # noqa: ANN401 - whatever the endpoint takes and gives
        async with opened(**values.pop(name)) as unit:
            return await endpoint(**values, **{name: unit})

    needed = Annotated[dict[str, Any], Depends(_gathering(opening))]
    run.__signature__ = _with(signature(endpoint), hints, {name: needed})  # type: ignore[attr-defined]  # Python's own hook
    return run


def _opening(hint: Any) -> Callable[..., Any] | None:  # noqa: ANN401 - any annotation
    """The asynchronous generator that a parameter's annotation names as its dependency."""
    for mark in get_args(hint)[1:]:
        if isinstance(mark, params.Depends) and mark.scope == "function" and isasyncgenfunction(mark.dependency):
            return mark.dependency
    return None


def _gathering(opening: Callable[..., Any]) -> Callable[..., Any]:
    """A dependency that needs what `opening` needs, and gives it by name."""

    async def gather(**values: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever it takes
        return values

    hints = get_type_hints(opening, include_extras=True)
    gather.__signature__ = _with(signature(opening), hints, {})  # type: ignore[attr-defined]
    return gather


def _with(given: Signature, hints: dict[str, Any], changed: dict[str, Any]) -> Signature:
    """The signature with its annotations evaluated and some of them changed."""
    annotations = hints | changed
    parameters = [
        parameter.replace(annotation=annotations.get(name, Parameter.empty))
        for name, parameter in given.parameters.items()
    ]
    return given.replace(parameters=parameters, return_annotation=hints.get("return", Signature.empty))
