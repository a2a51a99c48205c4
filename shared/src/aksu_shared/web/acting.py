"""The short way of a command, as `reading` is that of a read: worked out once, at start, not at every request.

It fits a function that answers with a Response, takes at most one JSON body, and depends on coroutines with plain
parameters and on at most one asynchronous generator: the unit of work, closed (and so committed) before the answer
leaves. Everything else goes FastAPI's own way; both refuse the same input with the same answers. Here the body is
judged before the unit of work is opened.
"""

from collections.abc import Mapping
from contextlib import asynccontextmanager
from copy import deepcopy
from inspect import isasyncgenfunction, iscoroutinefunction
from typing import Any

from fastapi._compat import ModelField
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from aksu_shared.serving.messages import malformed
from aksu_shared.web.parameters import query_of
from aksu_shared.web.reading import Call, Known, Provide, answers_itself, plain, provider, with_providers
from aksu_shared.web.request import JSON_TYPES, StrictRequest

_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class ShortCommand:
    """A compiled command: judge media type, query, body and parameters, open the unit of work, call, close it."""

    def __init__(self, route: APIRoute, call: Call, opening: Call | None, accepted: tuple[str, ...]) -> None:
        self._call = call
        self._query = query_of(route.dependant)
        self._body = next(iter(route.dependant.body_params), None)
        self._accepted = accepted
        self._opening = opening
        self._open = asynccontextmanager(opening.function) if opening else None

    async def answer(self, request: StrictRequest) -> Response:
        """Run the route's function. Raises Malformed and whatever it and its unit of work raise."""
        query = self._query.parse(request.scope)
        if self._accepted and request.announces_body:
            request.check_media(self._accepted)
        errors: list[Any] = []
        values = self._call.parameters.collect(request.scope, query, errors)
        if self._body is not None:
            values[self._body.name] = await _body(self._body, request, errors)
        if errors:
            raise malformed(errors)
        known: Known = {}
        if self._opening is None or self._open is None:
            return await self._run(values, request, query, known)
        async with self._open(**await self._opening.arguments(request, query, known)) as resource:
            known[self._opening.function] = resource
            return await self._run(values, request, query, known)

    async def _run(self, values: dict[str, Any], request: Request, query: Mapping[str, Any], known: Known) -> Response:
        await self._call.resolve(values, request, query, known)
        response: Response = await self._call.function(**values)
        return response


async def _body(field: ModelField, request: StrictRequest, errors: list[Any]) -> Any:  # noqa: ANN401 - the parameter's type
    if not await request.body():
        if field.field_info.is_required():
            errors.append({"type": "missing", "loc": ("body",)})
            return None
        return deepcopy(field.default)
    value, bad = field.validate(await request.json(), {}, loc=("body",))
    errors.extend(bad or ())
    return value


def compile_command(route: APIRoute, accepted: tuple[str, ...]) -> ShortCommand | None:
    """The short way of `route`, whose body may be of the types `accepted`; None when only FastAPI can serve it."""
    dependant = route.dependant
    if not (route.methods and route.methods <= _METHODS and answers_itself(route) and _one_json_body(route, accepted)):
        return None
    if not plain(dependant, iscoroutinefunction, body=True):
        return None
    openings = [sub for sub in dependant.dependencies if isasyncgenfunction(sub.call)]
    opening = _opening(openings[0]) if openings else None
    if len(openings) > 1 or (openings and opening is None):
        return None
    call = with_providers(dependant, lambda sub: _opened(sub) if sub in openings else provider(sub))
    return None if call is None else ShortCommand(route, call, opening, accepted)


def _opening(dependant: Dependant) -> Call | None:
    """How the unit of work is opened; None when it outlives the function or needs what only FastAPI gives."""
    if dependant.scope != "function" or not plain(dependant, isasyncgenfunction):
        return None
    return with_providers(dependant, provider)


def _opened(dependant: Dependant) -> Provide:
    """Gives the unit of work opened for this request."""

    async def provide(_request: Request, _query: Mapping[str, Any], known: Known) -> Any:  # noqa: ANN401 - any dependency
        return known[dependant.call]

    return provide


def _one_json_body(route: APIRoute, accepted: tuple[str, ...]) -> bool:
    """Whether the body is one JSON value, or read by the function itself, or absent."""
    if route.body_field is None:
        return True
    fields = route.dependant.body_params
    embedded = route._embed_body_fields  # noqa: SLF001 - FastAPI tells nobody else
    return len(fields) == 1 and not embedded and accepted == JSON_TYPES
