"""Slow sockets, in a process of their own: `limits_attack.py PORT EACH` prints how many stayed open too long."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Final

CLOSED_WITHIN: Final = 30.0
A_SECOND: Final = 400
"""Sockets opened a second: the attack is that they stay."""
HEALTH: Final = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


async def _half_header(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"GET /v1/work HTTP/1.1\r\nHost: x\r\n")
    while True:
        await asyncio.sleep(2)
        writer.write(b"X-Slow: 1\r\n")


async def _slow_body(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(
        b"POST /v1/bodies HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99999\r\n\r\n"
    )
    while True:
        writer.write(b" ")
        await asyncio.sleep(1)


async def _idle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Half of them never say a word, the others ask once and stay."""
    if id(writer) % 32 < 16:
        writer.write(HEALTH)
        await reader.readuntil(b"\r\n\r\n")


Attack = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def _hold(port: int, attack: Attack) -> bool:
    """Whether the server closed the socket in time.

    What it answers before it closes is read: a client that reads nothing is another attack.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    acting = asyncio.ensure_future(attack(reader, writer))
    try:
        async with asyncio.timeout(CLOSED_WITHIN):
            if attack is _idle:
                await acting
            while await reader.read(65536):
                pass
    except TimeoutError:
        return False
    except (ConnectionError, asyncio.IncompleteReadError):
        return True
    else:
        return True
    finally:
        acting.cancel()
        await asyncio.wait([acting])
        writer.close()


async def main(port: int, each: int) -> int:
    """Open all of them; give how many the server left open."""
    held = []
    for number in range(3 * each):
        attack = (_half_header, _slow_body, _idle)[number % 3]
        held.append(asyncio.ensure_future(_hold(port, attack)))
        await asyncio.sleep(1 / A_SECOND)
    return (await asyncio.gather(*held)).count(False)


if __name__ == "__main__":
    print(asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]))))  # noqa: T201 - what the test reads
