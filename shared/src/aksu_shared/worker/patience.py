"""How long to wait for what runs here, where the process itself may stand still: paused, swapped out, asleep."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Final

from aksu_shared.worker.failure import HandlerTimeout

_PARTS: Final = 10


async def in_time(handling: Awaitable[None], seconds: float, *, name: str) -> None:
    """Await `handling`. Raises HandlerTimeout, and what it raises itself."""
    try:
        async with running(seconds) as bound:
            await handling
    except TimeoutError as error:
        if bound.expired():
            msg = f"{name} took more than {seconds:g} s"
            raise HandlerTimeout(msg) from error
        raise


@asynccontextmanager
async def running(seconds: float) -> AsyncIterator[asyncio.Timeout]:
    """As `asyncio.timeout`, but of a standstill of the process no more counts than a tenth of `seconds`.

    It says nothing about what is waited for: that stood still too.
    """
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(None) as bound:
        turn: asyncio.TimerHandle

        def count(left: int) -> None:
            nonlocal turn
            if left:
                turn = loop.call_later(seconds / _PARTS, count, left - 1)
            else:
                bound.reschedule(loop.time())

        count(_PARTS)
        try:
            yield bound
        finally:
            turn.cancel()
