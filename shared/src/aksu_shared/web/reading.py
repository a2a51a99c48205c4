"""The short way of a read: what a GET needs is worked out once, at start, instead of at every request.

FastAPI solves dependencies anew for each request, which costs as much as a list of 50 rows itself (docs/adr/0008).
A GET whose function and dependencies are coroutines with plain parameters needs none of that; everything else goes
FastAPI's own way. Both ways refuse the same input with the same answers.

To stay on the short way: `async def`, also for dependencies; no `yield`; parameters of the query, path and headers.
"""

from asyncio import iscoroutinefunction
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from fastapi.routing import APIRoute, serialize_response
from starlette.requests import Request
from starlette.responses import Response

from aksu_shared.pinned.functions import Function, function_of
from aksu_shared.web.parameters import Parameters, query_of, readable

Known = dict[Any, Any]
"""Dependencies resolved for this request, by their function: each is called once."""
Provide = Callable[[Request, Mapping[str, Any], Known], Awaitable[Any]]


class Call:
    """A coroutine function, and how its arguments come about."""

    def __init__(self, function: Function, providers: Sequence[tuple[str | None, Provide]]) -> None:
        self._function = function.call
        self._parameters = Parameters(function)
        self._providers = providers
        self._request_names = function.request_names
        self._needs_only_request = not providers and self._parameters.none

    async def run(self, request: Request, query: Mapping[str, Any], known: Known) -> Any:  # noqa: ANN401 - any result
        """Read the parameters, resolve the dependencies, call the function. Raises Malformed for bad parameters."""
        values = {} if self._needs_only_request else self._parameters.read(request.scope, query)
        for name, provide in self._providers:
            value = await provide(request, query, known)
            if name is not None:
                values[name] = value
        for name in self._request_names:
            values[name] = request
        return await self._function(**values)


class ShortRead:
    """A compiled GET: parse the query, call, answer."""

    def __init__(self, route: APIRoute, function: Function, call: Call) -> None:
        self._call = call
        self._query = query_of(function)
        self._field = route.response_field
        self._status = route.status_code or 200

    async def answer(self, request: Request) -> Response:
        """Run the route's function. Raises Malformed for bad parameters, and what the function raises."""
        result = await self._call.run(request, self._query.parse(request.scope), {})
        if isinstance(result, Response):
            return result
        body = await serialize_response(field=self._field, response_content=result, by_alias=True, dump_json=True)
        return Response(body, self._status, media_type="application/json")


def compile_read(route: APIRoute) -> ShortRead | None:
    """The short way of `route`, or None when it has something only FastAPI handles."""
    if route.methods != {"GET"} or (route.response_field is None and not _answers_itself(route)):
        return None
    function = function_of(route.dependant)
    call = _compile(function)
    return None if call is None else ShortRead(route, function, call)


def _compile(function: Function) -> Call | None:
    """How to call a coroutine function whose parameters are plain and whose dependencies are such functions too."""
    if not (function.simple and iscoroutinefunction(function.call) and readable([*function.headers, *function.path])):
        return None
    inner = [(name, _provider(needed)) for name, needed in function.dependencies]
    providers = [(name, provide) for name, provide in inner if provide is not None]
    return Call(function, providers) if len(providers) == len(inner) else None


def _provider(function: Function) -> Provide | None:
    """How a dependency is resolved once per request; None when only FastAPI can."""
    key, call = function.call, _compile(function)
    if call is None:
        return None

    async def provide(request: Request, query: Mapping[str, Any], known: Known) -> Any:  # noqa: ANN401 - any dependency
        if key not in known:
            known[key] = await call.run(request, query, known)
        return known[key]

    return provide


def _answers_itself(route: APIRoute) -> bool:
    """Whether the function is annotated to return a Response."""
    returned = route.endpoint.__annotations__.get("return")
    return isinstance(returned, type) and issubclass(returned, Response)
