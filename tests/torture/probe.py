"""What only the process itself knows: its tasks, its pool, and whether a scope was left behind in a connection."""

import asyncio
import json
from typing import Any, Final

from starlette.types import ASGIApp, Receive, Scope, Send

PATH: Final = "/torture/probe"
_LEFT: Final = "SELECT NULLIF(current_setting('app.scope', true), '')"


class Probed:
    """The service's application, and one path of the rig's own beside it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == PATH:
            await _answer(send, await _probe(self._app))
        else:
            await self._app(scope, receive, send)


async def _probe(app: Any) -> dict[str, Any]:
    pool = app.state.api.pool
    free = pool.get_idle_size()
    held = [await pool.acquire(timeout=2) for _ in range(free)]
    try:
        left = [await connection.fetchval(_LEFT) for connection in held]
    finally:
        for connection in held:
            await pool.release(connection)
    tasks = len(asyncio.all_tasks())
    return {"tasks": tasks, "pool": pool.get_size(), "idle": free, "scopes": [scope for scope in left if scope]}


async def _answer(send: Send, document: dict[str, Any]) -> None:
    body = json.dumps(document).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
