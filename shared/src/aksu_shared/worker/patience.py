"""How long to wait for what runs here, where the process itself may stand still: paused, swapped out, asleep."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

_PARTS: Final = 10


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
