"""Sends a request straight to an application and sees what comes of it, and for how long its loop did nothing else."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from fastapi import FastAPI
from refusals import Refusal

_PIECE: Final = 256 * 1024
"""Bytes of a body that a server hands over at once."""


@dataclass
class Answer:
    """What came; `blocked` is the longest time, in seconds, that the loop did nothing else."""

    status: int = 0
    body: bytes = b""
    blocked: float = 0.0


async def ask(app: FastAPI, request: Refusal, token: str) -> Answer:
    """Send it as the holder of `token`."""
    answer, pieces = Answer(), _pieces(request.body)

    async def receive() -> dict[str, Any]:
        piece = next(pieces, None)
        if piece is None:
            await asyncio.sleep(3600)
        return {"type": "http.request", "body": piece and piece[0], "more_body": piece and piece[1]}

    async def send(message: dict[str, Any]) -> None:
        answer.status = message.get("status", answer.status)
        answer.body += message.get("body", b"")

    watch = asyncio.create_task(_watch(answer))
    await asyncio.sleep(0)
    await app(_scope(request, token), receive, send)  # type: ignore[arg-type]
    watch.cancel()
    await asyncio.wait([watch])
    return answer


async def _watch(answer: Answer) -> None:
    while True:
        before = time.perf_counter()
        await asyncio.sleep(0)
        answer.blocked = max(answer.blocked, time.perf_counter() - before)


def _pieces(body: bytes) -> Any:
    starts = range(0, max(len(body), 1), _PIECE)
    return iter([(body[start : start + _PIECE], start + _PIECE < len(body)) for start in starts])


def _scope(request: Refusal, token: str) -> dict[str, Any]:
    path, _, query = request.path.partition("?")
    headers = {"host": "x", "authorization": f"Bearer {token}", "content-length": str(len(request.body))}
    headers |= {name.lower(): value for name, value in request.headers.items()}
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("192.0.2.1", 1),
        "server": ("127.0.0.1", 80),
        "state": {},
    }
