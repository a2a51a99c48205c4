"""A small TCP proxy whose network can be made bad: slow, reset, silent, or half gone. For tests that need one.

proxy = TcpProxy(to_port(5432))         # or to_socket(path)
async with proxy:                       # proxy.port is where callers connect
    proxy.black_hole()
    ...
    proxy.heal()
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from aksu_local.process import free_port

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Connect = Callable[[], Awaitable[Streams]]

_CHUNK: Final = 65_536
_FAILURES: Final = (OSError, EOFError, RuntimeError)


def to_port(port: int) -> Connect:
    """Connects to a port of 127.0.0.1."""
    return lambda: asyncio.open_connection("127.0.0.1", port)


def to_socket(path: Path) -> Connect:
    """Connects to a Unix socket."""
    return lambda: asyncio.open_unix_connection(str(path))


class TcpProxy:
    """One listening port. What is done to the network holds for connections open now and for those to come."""

    def __init__(self, connect: Connect) -> None:
        self.port = free_port()
        self._connect = connect
        self._delay = 0.0
        self._refuses = False
        self._flows = asyncio.Event()
        self._flows.set()
        self._links: set[_Link] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        """Listen."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Cut everything off."""
        if self._server is not None:
            self._server.close()
        self.refuse()
        self._flows.set()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=5)

    def slow(self, seconds: float) -> None:
        """Every portion takes so much longer, each way."""
        self._delay = seconds

    def reset(self) -> None:
        """Reset every connection there is."""
        for link in list(self._links):
            link.cut()

    def refuse(self) -> None:
        """Reset what there is and what comes."""
        self._refuses = True
        self.reset()

    def black_hole(self) -> None:
        """Nothing passes, nobody is told; what is sent now arrives when the network is healed, as by TCP's repeats."""
        self._flows.clear()

    def half_open(self) -> None:
        """The far end has gone and the near end does not learn of it: what it sends vanishes until it is healed."""
        self._flows.clear()
        for link in list(self._links):
            link.lose_far_end()

    def heal(self) -> None:
        """As if nothing had been. Connections whose far end has gone are reset now."""
        self._delay, self._refuses = 0.0, False
        self._flows.set()
        for link in [link for link in self._links if link.lost]:
            link.cut()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on what comes, as the network now allows."""
        while data := await reader.read(_CHUNK):
            if self._delay:
                await asyncio.sleep(self._delay)
            await self._flows.wait()
            writer.write(data)
            await writer.drain()
        await self._flows.wait()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if task := asyncio.current_task():
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        await self._flows.wait()
        try:
            far = await self._connect()
        except OSError:
            writer.transport.abort()
            return
        link = _Link((reader, writer), far)
        if self._refuses:
            link.cut()
        self._links.add(link)
        try:
            await link.run(self)
        finally:
            self._links.discard(link)


class _Link:
    """One connection through the proxy: the near end, the far end."""

    def __init__(self, near: Streams, far: Streams) -> None:
        self._near = near
        self._far = far
        self._over = asyncio.Event()
        self.lost = False

    async def run(self, proxy: TcpProxy) -> None:
        """Until either end closes, or it is cut."""
        ways = [
            asyncio.ensure_future(proxy.carry(self._near[0], self._far[1])),
            asyncio.ensure_future(proxy.carry(self._far[0], self._near[1])),
        ]
        over = asyncio.ensure_future(self._over.wait())
        try:
            await asyncio.wait([*ways, over], return_when=asyncio.FIRST_COMPLETED)
            if self.lost:
                await over
        finally:
            for task in (*ways, over):
                task.cancel()
                with suppress(asyncio.CancelledError, *_FAILURES):
                    await task
            self._near[1].transport.abort() if self._over.is_set() else self._near[1].close()
            self._far[1].close()
            for _, writer in (self._near, self._far):
                with suppress(*_FAILURES):
                    await writer.wait_closed()

    def cut(self) -> None:
        """Reset both ends."""
        self._over.set()

    def lose_far_end(self) -> None:
        """The far end goes; the near end is not told."""
        self.lost = True
        self._far[1].transport.abort()
