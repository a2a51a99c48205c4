"""Runs an application under uvicorn with the platform's protocol, and leaves without dropping a request."""

import asyncio
import socket
from collections.abc import AsyncIterator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from types import FrameType
from typing import Any, Final

import structlog
import uvicorn
import uvloop
from starlette.types import ASGIApp

from aksu_shared.serving.collector import collect_rarely
from aksu_shared.serving.health import Health
from aksu_shared.serving.protocol import DEFAULT, Deadlines, with_deadlines

_log = structlog.get_logger(__name__)

KEEP_ALIVE_SECONDS: Final = 25
"""An idle connection is closed after it; a gateway in front must let go of its idle connections sooner."""
SHUTDOWN_SECONDS: Final = 20
"""Requests still at work this long after the drain are cut off."""


class Server(uvicorn.Server):
    """uvicorn that reports not ready, waits for it to be noticed, and only then stops accepting."""

    def __init__(self, config: uvicorn.Config, *, health: Health | None = None, drain_seconds: float = 0) -> None:
        super().__init__(config)
        self._health = health
        self._drain_seconds = drain_seconds
        self.takes_signals = True

    @property
    def port(self) -> int:
        """The port in use, once started."""
        port: int = self.servers[0].sockets[0].getsockname()[1]
        return port

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the signature of a handler
        """First signal: drain. Second: leave at once. uvicorn would raise the signal again after a clean drain."""
        if self.should_exit:
            self.force_exit = True
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Take SIGTERM and SIGINT, unless the process belongs to somebody else."""
        if self.takes_signals:
            with super().capture_signals():
                yield
        else:
            yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and take what was built until now out of the garbage collector's rounds."""
        try:
            await super().startup(sockets)
        except SystemExit as error:
            if self.takes_signals:
                raise  # the process is ours to end
            raise RuntimeError("the application or its socket could not be opened") from error
        collect_rarely()
        if self.started:
            _log.info("Serving", host=self.config.host, port=self.port)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Readiness false, drain, stop accepting, finish requests, end the lifespan."""
        if self._health is not None:
            self._health.draining = True
        _log.info("Draining", seconds=self._drain_seconds)
        deadline = asyncio.get_running_loop().time() + self._drain_seconds
        while not self.force_exit and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110 - a signal sets a flag
            await asyncio.sleep(0.05)
        await super().shutdown(sockets)
        _log.info("Left")


def build_server(
    app: ASGIApp,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    health: Health | None = None,
    trusted_proxies: Sequence[str] = (),
    drain_seconds: float = 0,
    deadlines: Deadlines = DEFAULT,
    keep_alive: float = KEEP_ALIVE_SECONDS,
    shutdown_seconds: int = SHUTDOWN_SECONDS,
) -> Server:
    """A server that is not started yet; port 0 takes a free one."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=with_deadlines(deadlines),
        ws="none",
        loop="uvloop",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=list(trusted_proxies),
        timeout_keep_alive=keep_alive,  # type: ignore[arg-type]  # handed to call_later as it is
        timeout_graceful_shutdown=shutdown_seconds,
        workers=1,
    )
    return Server(config, health=health, drain_seconds=drain_seconds)


def serve(
    app: ASGIApp,
    *,
    host: str,
    port: int,
    health: Health | None = None,
    trusted_proxies: Sequence[str] = (),
    drain_seconds: float = 0,
) -> None:
    """Serve until SIGTERM or SIGINT; returns after a clean drain. Ends the process with 3 when start-up fails."""
    server = build_server(
        app, host=host, port=port, health=health, trusted_proxies=trusted_proxies, drain_seconds=drain_seconds
    )
    uvloop.run(server.serve())


@asynccontextmanager
async def serving(
    app: ASGIApp,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    **options: Any,  # noqa: ANN401 - those of build_server
) -> AsyncIterator[str]:
    """Serve inside a running loop and give the address: for a worker's health page, and for tests.

    Signals stay with the caller. `options` are those of `build_server`.
    """
    server = build_server(app, host=host, port=port, **options)
    server.takes_signals = False
    task = asyncio.create_task(server.serve())
    try:
        while not server.started:
            if task.done():
                task.result()
                raise RuntimeError("the server ended before it started")
            await asyncio.sleep(0.01)
        yield f"http://{host}:{server.port}"
    finally:
        server.should_exit = True
        await task
