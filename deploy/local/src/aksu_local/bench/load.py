"""A small closed-loop HTTP/1.1 client: it must cost less than what it measures, so it parses no more than it needs."""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Final, Self
from urllib.parse import urlsplit

from aksu_local.bench.line import ScenarioFailed

_LENGTH: Final = b"content-length: "
CONNECTIONS: Final = 16

Build = Callable[[int], bytes]
"""The bytes of the n-th request."""


class UnexpectedAnswer(ScenarioFailed):
    """The server did not answer as the scenario needs."""


@dataclass(frozen=True, slots=True)
class Load:
    """What a run gave: requests answered as expected, seconds, and each request's milliseconds, ascending."""

    done: int
    seconds: float
    milliseconds: list[float]

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.done / self.seconds

    def percentile(self, share: float) -> float:
        """Milliseconds within which `share` (0–1) of the requests were answered."""
        return percentile(self.milliseconds, share)


def percentile(ascending: list[float], share: float) -> float:
    """The value below which `share` (0–1) of the values lie."""
    return ascending[min(len(ascending) - 1, int(len(ascending) * share))]


def request(method: str, path: str, *, headers: Mapping[str, str] | None = None, body: bytes = b"") -> bytes:
    """One request as bytes; a body is JSON unless the headers say otherwise."""
    given = {"Content-Type": "application/json", "Content-Length": str(len(body))} if body else {}
    lines = [f"{name}: {value}" for name, value in (given | dict(headers or {})).items()]
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: bench", *lines, "", ""]).encode() + body


async def run(
    url: str, build: Build, *, seconds: float, expect: int, connections: int = CONNECTIONS, numbers: Iterable[int] = ()
) -> Load:
    """Send requests for `seconds` over so many connections, each waiting for its answer before the next.

    `numbers` name the requests, 0, 1, … by default; the run ends with them. Raises UnexpectedAnswer.
    """
    given = iter(numbers or count())
    times: list[float] = []
    started = time.perf_counter()
    await asyncio.gather(
        *(_connection(url, build, given, times, until=started + seconds, expect=expect) for _ in range(connections))
    )
    return Load(len(times), time.perf_counter() - started, sorted(times))


async def _connection(
    url: str, build: Build, numbers: Iterator[int], times: list[float], *, until: float, expect: int
) -> None:
    async with Connection(url) as connection:
        for number in numbers:
            payload = build(number)
            started = time.perf_counter()
            await connection.ask(payload, expect=expect)
            ended = time.perf_counter()
            times.append((ended - started) * 1000)
            if ended > until:
                return


class Connection:
    """One kept-alive connection, one request at a time."""

    def __init__(self, url: str) -> None:
        target = urlsplit(url)
        self._host, self._port = target.hostname, target.port
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter

    async def __aenter__(self) -> Self:
        """Connect."""
        self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Hang up."""
        self._writer.close()

    async def ask(self, payload: bytes, *, expect: int) -> bytes:
        """The body of the answer. Raises UnexpectedAnswer for a status other than `expect`."""
        self._writer.write(payload)
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        status = int(head[9:12])
        start = head.find(_LENGTH)
        length = int(head[start + len(_LENGTH) : head.index(b"\r", start)]) if start >= 0 else 0
        body = await self._reader.readexactly(length)
        if status != expect:
            msg = f"{status} instead of {expect}: {body[:500].decode(errors='replace')}"
            raise UnexpectedAnswer(msg)
        return body
