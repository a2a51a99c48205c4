"""All four services under one address, as a browser application has them in production: `/registry/v1/…`.

A page that comes from another port is another origin to a browser; behind this door everything is one. What it passes
on is not changed, but for the path before the service's own, which goes in `Location` too.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Final

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

METHODS: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_HOP_BY_HOP: Final = frozenset(
    {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "proxy-connection", "host"}
)
_LONG_POLL: Final = 60.0


def origin_app(services: Mapping[str, str]) -> Starlette:
    """The application: service → its address; what names no service goes to reporting, whose are the pages."""
    client = httpx.AsyncClient(timeout=_LONG_POLL, limits=httpx.Limits(max_connections=None), trust_env=False)

    async def forward(request: Request) -> Response:
        first, _, rest = request.url.path.lstrip("/").partition("/")
        service, path = (first, f"/{rest}") if first in services else ("reporting", request.url.path)
        prefix = f"/{first}" if first in services else ""
        target = httpx.URL(services[service] + path, query=request.scope["query_string"])
        headers = [(name, value) for name, value in request.headers.raw if name.decode() not in _HOP_BY_HOP]
        asked = client.build_request(request.method, target, headers=headers, content=request.stream())
        try:
            answer = await client.send(asked, stream=True)
        except httpx.TransportError:
            return PlainTextResponse(f"{service} does not answer", 502)
        return _passed_on(answer, prefix)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with client:
            yield

    return Starlette(routes=[Route("/{path:path}", forward, methods=METHODS)], lifespan=lifespan)


def _passed_on(answer: httpx.Response, prefix: str) -> Response:
    response = StreamingResponse(answer.aiter_raw(), answer.status_code, background=BackgroundTask(answer.aclose))
    response.raw_headers = [
        (name.lower(), prefix.encode() + value if name.lower() == b"location" and value.startswith(b"/") else value)
        for name, value in answer.headers.raw
        if name.lower().decode() not in _HOP_BY_HOP
    ]
    return response


@asynccontextmanager
async def one_origin(services: Mapping[str, str], port: int) -> AsyncIterator[str]:
    """Serve the application on a port of 127.0.0.1 while the context lasts; gives its address."""
    config = uvicorn.Config(
        origin_app(services),
        host="127.0.0.1",
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
    )
    server = _Quiet(config)
    serving = asyncio.create_task(server.serve())
    while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn tells nobody that it has started
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await serving


class _Quiet(uvicorn.Server):
    """A server that leaves signals to the platform it is part of."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """None."""
        yield
