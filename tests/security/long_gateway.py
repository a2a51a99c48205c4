"""Slow clients at the gateway: none holds a connection for longer than half a minute, and nobody else notices."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from gateway import Gateway, gateway
from test_gateway import upstream

__all__ = ["upstream"]

EACH = 50
CLOSED_WITHIN = 30.0
HOST = b"Host: registry.aksu.test\r\n"


async def _half_header(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"GET /v1/services HTTP/1.1\r\n" + HOST)
    while True:
        await asyncio.sleep(2)
        writer.write(b"X-Slow: 1\r\n")


async def _slow_body(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"POST /v1/services HTTP/1.1\r\n" + HOST + b"Content-Length: 99999\r\n\r\n")
    while True:
        writer.write(b" ")
        await asyncio.sleep(1)


async def _silent(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
    """A handshake, and not a word."""


async def _idle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"GET /v1/services HTTP/1.1\r\n" + HOST + b"\r\n")
    await reader.readuntil(b"\r\n\r\n")


Attack = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def _closed(door: Gateway, attack: Attack) -> bool:
    """Whether the gateway closed the connection in time."""
    reader, writer = await door.connect("registry")
    acting = asyncio.ensure_future(attack(reader, writer))
    try:
        async with asyncio.timeout(CLOSED_WITHIN):
            if attack is _idle:
                await acting
            while await reader.read(65536):
                pass
    except TimeoutError:
        return False
    except OSError:
        return True
    else:
        return True
    finally:
        acting.cancel()
        writer.transport.abort()


@pytest.mark.parametrize("attack", [_half_header, _slow_body, _silent, _idle], ids=lambda attack: attack.__name__)
async def test_a_slow_client_is_let_go_of(tmp_path: Path, upstream: str, attack: Attack) -> None:
    async with gateway(tmp_path, {"registry": upstream}) as door, door.client("registry") as client:
        holding = [asyncio.create_task(_closed(door, attack)) for _ in range(EACH)]
        await asyncio.sleep(3)
        answer = await client.get("/v1/services")
        closed = await asyncio.gather(*holding)
    assert answer.status_code == 200
    assert all(closed)
