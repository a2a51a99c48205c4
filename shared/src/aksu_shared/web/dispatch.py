"""Finds the route of a request by look-up instead of trying the pattern of every route in turn."""

from collections.abc import Iterable
from typing import Final

from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from aksu_shared.kernel.errors import NotFound
from aksu_shared.serving.problems import not_allowed

_LEADING: Final = 2  # `/v1/<plural>` tells the resources of a service apart
_Key = tuple[int, tuple[str, ...]]


class Dispatcher:
    """Indexes routes by number of segments and the first two of them; what it does not find goes to `router`.

    The router stays the authority for 404 and everything that is not indexed (docs, static files).
    """

    def __init__(self, router: ASGIApp, routes: Iterable[Route]) -> None:
        self._router = AsyncExitStackMiddleware(router)
        self._index: dict[_Key, list[Route]] = {}
        for route in routes:
            leading = _key(route.path)
            if not any("{" in segment for segment in leading[1]) and ":path}" not in route.path:
                self._index.setdefault(leading, []).append(route)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request to its route. Raises MethodNotAllowed, and NotFound for NUL: no database text holds it."""
        if scope["type"] != "http":
            await self._router(scope, receive, send)
            return
        path: str = scope["path"]
        if "\x00" in path:
            raise NotFound
        method = scope["method"]
        if method == "HEAD":
            method = "GET"  # the server leaves the body out
        allowed: set[str] = set()
        for route in self._index.get(_key(path), ()):
            match = route.path_regex.match(path)
            if match is None or route.methods is None:
                continue
            scope["route"] = route
            if method in route.methods:
                scope["endpoint"] = route.endpoint
                scope["router"] = self._router
                converters = route.param_convertors
                values = match.groupdict().items()
                scope["path_params"] = {name: converters[name].convert(value) for name, value in values}
                await route.app(scope, receive, send)
                return
            allowed |= route.methods
        if allowed:
            raise not_allowed(allowed)
        await self._router(scope, receive, send)


def _key(path: str) -> _Key:
    return path.count("/"), tuple(path.split("/", _LEADING + 1)[1 : _LEADING + 1])
