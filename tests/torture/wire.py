"""A client of its own: HTTP/1.1 by hand, so that every way a connection can end is seen as it is."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

_LINE_LIMIT: Final = 1 << 20


class Lost(Exception):
    """No whole answer came: refused, reset, timed out, cut off. Whether there was an effect is not known."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Wire:
    """Kept-alive connections of one client, one per port of 127.0.0.1; one request at a time."""

    def __init__(self) -> None:
        self._open: dict[int, tuple[asyncio.StreamReader, asyncio.StreamWriter]] = {}

    async def ask(self, port: int, payload: bytes, *, within: float) -> Answer:
        """Send one request and read its answer. Raises Lost."""
        try:
            async with asyncio.timeout(within):
                return await self._ask(port, payload)
        except (OSError, EOFError, TimeoutError, ValueError, asyncio.LimitOverrunError) as failure:
            self._drop(port)
            raise Lost(repr(failure)) from failure
        except BaseException:
            self._drop(port)
            raise

    def close(self) -> None:
        """Hang up everywhere."""
        for port in list(self._open):
            self._drop(port)

    async def _ask(self, port: int, payload: bytes) -> Answer:
        if port not in self._open:
            self._open[port] = await asyncio.open_connection("127.0.0.1", port, limit=_LINE_LIMIT)
        reader, writer = self._open[port]
        writer.write(payload)
        await writer.drain()
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:-2])}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        if headers.get("connection", "").lower() == "close":
            self._drop(port)
        return Answer(int(head[0].split(" ", 2)[1]), headers, body)

    def _drop(self, port: int) -> None:
        connection = self._open.pop(port, None)
        if connection is not None:
            connection[1].transport.abort()


@dataclass(frozen=True, slots=True)
class Doors:
    """Ports at which each service is reached, one per API instance."""

    ports: Mapping[str, Sequence[int]]

    def of(self, service: str, turn: int) -> int:
        """The `turn`-th of them, round and round."""
        known = self.ports[service]
        return known[turn % len(known)]
