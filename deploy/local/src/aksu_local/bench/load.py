"""A small closed-loop HTTP/1.1 load client: it must cost less than what it measures, so it parses no more than it needs."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

_LENGTH = b"content-length: "


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
        return self.milliseconds[min(len(self.milliseconds) - 1, int(len(self.milliseconds) * share))]


class UnexpectedAnswer(Exception):
    """The server did not answer as the scenario needs; the figures would mean nothing."""


Build = Callable[[int], bytes]
"""The bytes of the n-th request."""


def request(method: str, path: str, *, headers: dict[str, str] | None = None, body: bytes = b"") -> bytes:
    """One request as bytes; a body makes it JSON unless the headers say otherwise."""
    lines = [f"{method} {path} HTTP/1.1", "Host: bench"]
    given = {"Content-Type": "application/json", "Content-Length": str(len(body))} if body else {}
    lines += [f"{name}: {value}" for name, value in (given | (headers or {})).items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


async def run(url: str, build: Build, *, requests: int, connections: int = 16, expect: int = 200) -> Load:
    """Send `requests` requests over `connections` connections, each waiting for its answer.

    Raises UnexpectedAnswer for a status other than `expect`.
    """
    numbers = iter(range(requests))
    times: list[float] = []
    started = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(connections):
            group.create_task(_connection(url, build, numbers, times, expect))
    seconds = time.perf_counter() - started
    return Load(len(times), seconds, sorted(times))


async def _connection(url: str, build: Build, numbers: "object", times: list[float], expect: int) -> None:
    target = urlsplit(url)
    reader, writer = await asyncio.open_connection(target.hostname, target.port)
    try:
        for number in numbers:  # type: ignore[attr-defined]
            payload = build(number)
            started = time.perf_counter()
            writer.write(payload)
            await _answer(reader, expect)
            times.append((time.perf_counter() - started) * 1000)
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader, expect: int) -> bytes:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    status = int(head[9:12])
    length = int(head[head.index(_LENGTH) + len(_LENGTH) :].split(b"\r", 1)[0]) if _LENGTH in head else 0
    body = await reader.readexactly(length)
    if status != expect:
        raise UnexpectedAnswer(f"{status} instead of {expect}: {body[:500].decode(errors='replace')}")
    return body
