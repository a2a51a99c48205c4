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


class Call:
    """A coroutine function, or one that makes a dependency's context, and how its arguments come about."""

    def __init__(self, dependant: Dependant, providers: Sequence[tuple[str | None, Provide]]) -> None:
        self.function: Callable[..., Any] = dependant.call  # type: ignore[assignment]  # checked by plain
        self.parameters = Parameters(dependant)
        self._providers = providers
        names = (dependant.request_param_name, dependant.http_connection_param_name)
        self._request_names = [name for name in names if name]
        self._of_request = self._request_names if not providers and self.parameters.none else []

    async def resolve(self, values: dict[str, Any], request: Request, query: Mapping[str, Any], known: Known) -> None:
        """Add to `values`, the parameters read, what the function depends on."""
        for name, provide in self._providers:
            value = await provide(request, query, known)
            if name is not None:
                values[name] = value
        for name in self._request_names:
            values[name] = request

    async def arguments(self, request: Request, query: Mapping[str, Any], known: Known) -> dict[str, Any]:
        """Read the parameters, resolve the dependencies. Raises Malformed for bad parameters."""
        if self._of_request:
            return dict.fromkeys(self._of_request, request)
        values = self.parameters.read(request.scope, query)
        await self.resolve(values, request, query, known)
        return values

    async def run(self, request: Request, query: Mapping[str, Any], known: Known) -> Any:  # noqa: ANN401 - any result
        """Call the function. Raises Malformed for bad parameters."""
        return await self.function(**await self.arguments(request, query, known))


class ShortRead:
    """A compiled GET: parse the query, call, answer."""

    def __init__(self, route: APIRoute, call: Call) -> None:
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
    if route.methods != {"GET"} or route.body_field or (route.response_field is None and not answers_itself(route)):
        return None
    call = _compile(route.dependant)
    return None if call is None else ShortRead(route, call)


def _compile(dependant: Dependant) -> Call | None:
    """How to call a coroutine function whose parameters are plain and whose dependencies are such functions too."""
    if not plain(dependant, iscoroutinefunction):
        return None
    return with_providers(dependant, provider)


def with_providers(dependant: Dependant, provide: Callable[[Dependant], Provide | None]) -> Call | None:
    """The call with a provider for each of its dependencies; None when one has none."""
    inner = [(sub.name, provide(sub)) for sub in dependant.dependencies]
    providers = [(name, found) for name, found in inner if found is not None]
    return Call(dependant, providers) if len(providers) == len(inner) else None


def provider(dependant: Dependant) -> Provide | None:
    """How a dependency is resolved once per request; None when only FastAPI can."""
    function, call = dependant.call, _compile(dependant)
    if call is None:
        return None

    async def provide(request: Request, query: Mapping[str, Any], known: Known) -> Any:  # noqa: ANN401 - any dependency
        if function not in known:
            known[function] = await call.run(request, query, known)
        return known[function]

    return provide


def plain(dependant: Dependant, kind: Callable[[Any], bool], *, body: bool = False) -> bool:
    """Whether a function of this kind has parameters of query, path and headers only, and with `body` of the body."""
    return (
        kind(dependant.call)
        and readable(dependant.header_params)
        and readable(dependant.path_params)
        and dependant.use_cache
        and (body or not dependant.body_params)
        and not (
            dependant.cookie_params
            or dependant.response_param_name
            or dependant.background_tasks_param_name
            or dependant.websocket_param_name
            or dependant.security_scopes_param_name
            or dependant.own_oauth_scopes
            or dependant.concurrency
        )
    )


def answers_itself(route: APIRoute) -> bool:
    """Whether the function is annotated to return a Response."""
    returned = route.endpoint.__annotations__.get("return")
    return isinstance(returned, type) and issubclass(returned, Response)
