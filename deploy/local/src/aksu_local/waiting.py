"""Wait on a condition with a deadline, instead of sleeping and hoping."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


class DeadlineMissed(AssertionError):
    """The condition did not hold in time; the message tells what was last seen."""


async def eventually(
    probe: Callable[[], Awaitable[T]],
    accept: Callable[[T], bool] = bool,
    *,
    within: float = 10.0,
    every: float = 0.02,
) -> T:
    """Call `probe` until `accept` takes its answer (truth by default) and return that; seconds throughout.

    Raises DeadlineMissed. What `probe` raises passes through.
    """
    deadline = time.monotonic() + within
    while not accept(seen := await probe()):
        if time.monotonic() > deadline:
            msg = f"not within {within:g} s; last seen: {seen!r}"
            raise DeadlineMissed(msg)
        await asyncio.sleep(every)
    return seen
