"""The short way of a read: what a GET needs is worked out once, at start, instead of at every request.

FastAPI solves dependencies anew for each request, which costs several times what a list of 50 rows costs (figures in
`shared/tests/web/README.md`). A GET whose function and dependencies are coroutines with plain parameters needs none
of that; everything else goes FastAPI's own way. Both ways refuse the same input with the same answers.
"""

from asyncio import iscoroutinefunction
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, serialize_response
from starlette.requests import Request
from starlette.responses import Response

from aksu_shared.web.parameters import Parameters, readable

Provide = Callable[[Request, dict[Any, Any]], Awaitable[Any]]


class ShortRead:
    """A compiled GET: read parameters, resolve what it depends on, call, answer."""

    def __init__(self, route: APIRoute, providers: list[tuple[str | None, Provide]]) -> None:
        self._route = route
        self._call: Callable[..., Awaitable[Any]] = route.endpoint
        self._parameters = Parameters(route.dependant)
        self._providers = providers
        self._request_names = _request_names(route.dependant)

    async def answer(self, request: Request) -> Response:
        """Run the route's function. Raises Malformed for bad parameters, and what the function raises."""
        values = self._parameters.read(request.scope)
        known: dict[Any, Any] = {}
        for name, provide in self._providers:
            value = await provide(request, known)
            if name is not None:
                values[name] = value
        for name in self._request_names:
            values[name] = request
        result = await self._call(**values)
        return result if isinstance(result, Response) else await self._render(result)

    async def _render(self, result: Any) -> Response:  # noqa: ANN401 - what the response model describes
        body = await serialize_response(
            field=self._route.response_field, response_content=result, by_alias=True, dump_json=True
        )
        return Response(body, self._route.status_code or 200, media_type="application/json")


def compile_read(route: APIRoute) -> ShortRead | None:
    """The short way of `route`, or None when it has something only FastAPI handles."""
    dependant = route.dependant
    if route.methods != {"GET"} or route.body_field or not iscoroutinefunction(route.endpoint):
        return None
    if dependant.cookie_params or not readable(dependant.header_params) or not readable(dependant.path_params):
        return None
    if _has_specials(dependant) or (route.response_field is None and not _answers_itself(route)):
        return None
    providers = [(sub.name, _provider(sub)) for sub in dependant.dependencies]
    complete = [(name, provide) for name, provide in providers if provide is not None]
    return ShortRead(route, complete) if len(complete) == len(providers) else None


def _provider(dependant: Dependant) -> Provide | None:
    """How to resolve a dependency that is a coroutine of the request and of other such dependencies."""
    call = dependant.call
    parameters = (dependant.path_params, dependant.query_params, dependant.header_params, dependant.cookie_params)
    if not iscoroutinefunction(call) or any(parameters) or dependant.body_params or _has_specials(dependant):
        return None
    names = _request_names(dependant)
    maybe = [(sub.name, _provider(sub)) for sub in dependant.dependencies]
    inner = [(name, resolve) for name, resolve in maybe if resolve is not None]
    if len(inner) < len(maybe):
        return None

    async def provide(request: Request, known: dict[Any, Any]) -> Any:  # noqa: ANN401 - any dependency
        if call not in known:
            values: dict[str, Any] = dict.fromkeys(names, request)
            for name, resolve in inner:
                value = await resolve(request, known)
                if name is not None:
                    values[name] = value
            known[call] = await call(**values)
        return known[call]

    return provide


def _request_names(dependant: Dependant) -> list[str]:
    return [name for name in (dependant.request_param_name, dependant.http_connection_param_name) if name]


def _has_specials(dependant: Dependant) -> bool:
    return bool(
        dependant.response_param_name
        or dependant.background_tasks_param_name
        or dependant.websocket_param_name
        or dependant.security_scopes_param_name
        or dependant.own_oauth_scopes
        or dependant.concurrency
        or not dependant.use_cache
    )


def _answers_itself(route: APIRoute) -> bool:
    """Whether the function is annotated to return a Response."""
    returned = route.endpoint.__annotations__.get("return")
    return isinstance(returned, type) and issubclass(returned, Response)
