"""The short way of a read: what a GET needs is worked out once, at start, instead of at every request.

FastAPI solves dependencies anew for each request, which costs as much as a list of 50 rows itself (docs/adr/0008).
A GET whose function and dependencies are coroutines with plain parameters needs none of that; everything else goes
FastAPI's own way. Both ways refuse the same input with the same answers.

To stay on the short way: `async def`, also for dependencies; no `yield`; parameters of the query, path and headers.
"""

from asyncio import iscoroutinefunction
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, serialize_response
from starlette.requests import Request
from starlette.responses import Response

from aksu_shared.web.parameters import Parameters, query_of, readable

Known = dict[Any, Any]
"""Dependencies resolved for this request, by their function: each is called once."""
Provide = Callable[[Request, Mapping[str, Any], Known], Awaitable[Any]]


class _Call:
    """A coroutine function and how its arguments come about."""

    def __init__(self, dependant: Dependant, providers: Sequence[tuple[str | None, Provide]]) -> None:
        self._function: Callable[..., Awaitable[Any]] = dependant.call  # type: ignore[assignment]  # checked by _plain
        self._parameters = Parameters(dependant) if _has_parameters(dependant) else None
        self._providers = providers
        names = (dependant.request_param_name, dependant.http_connection_param_name)
        self._request_names = [name for name in names if name]

    async def run(self, request: Request, query: Mapping[str, Any], known: Known) -> Any:  # noqa: ANN401 - any result
        """Read the parameters, resolve the dependencies, call. Raises Malformed for bad parameters."""
        values = self._parameters.read(request.scope, query) if self._parameters else {}
        for name, provide in self._providers:
            value = await provide(request, query, known)
            if name is not None:
                values[name] = value
        for name in self._request_names:
            values[name] = request
        return await self._function(**values)


class ShortRead:
    """A compiled GET: parse the query, call, answer."""

    def __init__(self, route: APIRoute, call: _Call) -> None:
        self._call = call
        self._query = query_of(route.dependant)
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
    if route.methods != {"GET"} or route.body_field or (route.response_field is None and not _answers_itself(route)):
        return None
    call = _compile(route.dependant)
    return None if call is None else ShortRead(route, call)


def _compile(dependant: Dependant) -> _Call | None:
    """How to call a coroutine function whose parameters are plain and whose dependencies are such functions too."""
    if not _plain(dependant):
        return None
    inner = [(sub.name, _provider(sub)) for sub in dependant.dependencies]
    providers = [(name, provide) for name, provide in inner if provide is not None]
    return _Call(dependant, providers) if len(providers) == len(inner) else None


def _provider(dependant: Dependant) -> Provide | None:
    function, call = dependant.call, _compile(dependant)
    if call is None:
        return None

    async def provide(request: Request, query: Mapping[str, Any], known: Known) -> Any:  # noqa: ANN401 - any dependency
        if function not in known:
            known[function] = await call.run(request, query, known)
        return known[function]

    return provide


def _plain(dependant: Dependant) -> bool:
    return (
        iscoroutinefunction(dependant.call)
        and readable(dependant.header_params)
        and readable(dependant.path_params)
        and dependant.use_cache
        and not (
            dependant.cookie_params
            or dependant.body_params
            or dependant.response_param_name
            or dependant.background_tasks_param_name
            or dependant.websocket_param_name
            or dependant.security_scopes_param_name
            or dependant.own_oauth_scopes
            or dependant.concurrency
        )
    )


def _has_parameters(dependant: Dependant) -> bool:
    return bool(dependant.query_params or dependant.path_params or dependant.header_params)


def _answers_itself(route: APIRoute) -> bool:
    """Whether the function is annotated to return a Response."""
    returned = route.endpoint.__annotations__.get("return")
    return isinstance(returned, type) and issubclass(returned, Response)
