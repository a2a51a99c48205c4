"""A corpus of bytes that are, or are nearly, HTTP (`raw_http.toml`): how they are sent, and what came of them.

Behind every case one more request is sent, `GET /last`: it tells whether the connection lives on, and where the server
thinks that the case ended.
"""

import asyncio
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

LAST: Final = "GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
_REPEATED: Final = re.compile(r"<(\d+)\*([^>]+)>")
_METHODS: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_SECONDS: Final = 12


@dataclass(frozen=True)
class Outcome:
    """The statuses of the answers before that to `GET /last`; whether that was read; what was read before it.

    What was read is told as `METHOD path body`.
    """

    answers: Sequence[int]
    lives: bool
    reads: Sequence[str] = field(default_factory=list)


@dataclass(frozen=True)
class Case:
    """What is sent, each character one byte, `<n*text>` text n times; what becomes of it, directly and by nginx."""

    name: str
    send: str
    direct: Outcome
    gateway: Outcome

    def data(self, host: str) -> bytes:
        """The bytes, for a server of that name."""
        text = _REPEATED.sub(lambda found: found[2] * int(found[1]), self.send) + LAST
        return text.replace("Host: x\r\n", f"Host: {host}\r\n").encode("latin-1")


def corpus() -> Sequence[Case]:
    """All cases."""
    text = Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
    return [_case(each) for each in tomllib.loads(text)["case"]]


def _case(each: dict[str, Any]) -> Case:
    direct, gateway = (Outcome(**each[how]) for how in ("direct", "gateway" if "gateway" in each else "direct"))
    return Case(each["name"], each["send"], direct, gateway)


@dataclass
class Witness:
    """An application that says what it read, and remembers it."""

    reads: list[str] = field(default_factory=list)

    async def answer(self, request: Request) -> Response:
        """Read the request whole."""
        body = (await request.body()).decode("latin-1")
        self.reads.append(f"{request.method} {request.url.path} {body}".strip())
        if request.url.path == "/slow":
            await asyncio.sleep(0.05)
        return PlainTextResponse("read")

    def app(self) -> Starlette:
        """It, at every path."""
        return Starlette(routes=[Route("/{path:path}", self.answer, methods=_METHODS)])


async def outcome(data: bytes, streams: tuple[asyncio.StreamReader, asyncio.StreamWriter], witness: Witness) -> Outcome:
    """Send, read until the connection ends, and tell."""
    witness.reads.clear()
    reader, writer = streams
    writer.write(data)
    stream = b""
    try:
        async with asyncio.timeout(_SECONDS):
            while piece := await reader.read(65_536):
                stream += piece
    except ConnectionError:
        pass  # closed while there was more to say
    finally:
        writer.close()
    lives = "GET /last" in witness.reads
    answers = statuses(stream)
    return Outcome(answers[:-1] if lives else answers, lives, [each for each in witness.reads if each != "GET /last"])


def statuses(stream: bytes) -> list[int]:
    """The final statuses of all answers in a stream; an answer to HEAD has no body whatever it says."""
    found = []
    while stream:
        head, _, stream = stream.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 "), head
        status = int(head[9:12])
        if status >= 200:  # those below are not final
            found.append(status)
        length = re.search(rb"\r\ncontent-length: (\d+)", head, re.IGNORECASE)
        if length is not None and not stream.startswith(b"HTTP/1.1 "):
            stream = stream[int(length[1]) :]
        elif b"transfer-encoding: chunked" in head.lower():
            stream = stream.partition(b"0\r\n\r\n")[2]
    return found
