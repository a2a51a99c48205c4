"""What a request makes goes with it: objects that hold each other would wait for the garbage collector's round."""

import asyncio
import gc
import json
from collections import Counter
from typing import Any

import pytest
from registry_builders import MAYOR, service

from aksu_local.served import Serve, Served

REQUESTS = 20


async def ask(registry: Served, method: str, path: str, body: bytes = b"", **headers: str) -> int:
    """Call the application as its server does: a client in the same process would leave garbage of its own."""
    given = registry.headers(**MAYOR) | {"content-type": "application/json", "content-length": str(len(body))} | headers
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in given.items()],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "state": {},
    }  # fmt: skip
    await asyncio.create_task(registry.app(scope, receive, send))
    return statuses[0]


async def register(registry: Served, n: int) -> int:
    body = json.dumps(service(name=f"Услуга {n}")).encode()
    return await ask(registry, "POST", "/v1/services", body, **{"Idempotency-Key": f"k{n}"})


async def register_twice(registry: Served, n: int) -> int:
    body = json.dumps(service(name="Услуга 0")).encode()
    return await ask(registry, "POST", "/v1/services", body, **{"Idempotency-Key": f"twice{n}"})


async def register_badly(registry: Served, n: int) -> int:
    return await ask(registry, "POST", "/v1/services", b'{"name": 1}', **{"Idempotency-Key": f"bad{n}"})


async def read_list(registry: Served, _: int) -> int:
    return await ask(registry, "GET", "/v1/services")


async def read_nothing(registry: Served, _: int) -> int:
    return await ask(registry, "GET", "/v1/services/00000000-0000-7000-8000-000000000000")


@pytest.mark.parametrize(
    ("request_", "status"),
    [(register, 201), (register_twice, 409), (register_badly, 422), (read_list, 200), (read_nothing, 404)],
)
async def test_a_request_leaves_nothing_to_the_garbage_collector(serve: Serve, request_: Any, status: int) -> None:
    registry = await serve("registry")
    await register(registry, 0)
    for n in range(1, 6):  # what is worked out once
        assert await request_(registry, n) == status
    gc.collect()
    gc.disable()
    try:
        for n in range(6, 6 + REQUESTS):
            await request_(registry, n)
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        left = Counter(type(thing).__qualname__ for thing in gc.garbage)
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
    assert left.total() < REQUESTS, left
