"""Time that counts while this process runs."""

import asyncio
import time

import pytest

from aksu_shared.worker.patience import running


async def test_who_takes_longer_is_ended() -> None:
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        async with running(0.2) as bound:
            await asyncio.Event().wait()
    assert bound.expired()
    assert time.monotonic() - started >= 0.2


async def test_a_standstill_of_the_process_is_not_held_against_what_was_waited_for() -> None:
    async with running(0.3) as bound:
        for _ in range(3):
            time.sleep(0.5)  # noqa: ASYNC251 - as a paused process, nothing runs here
            await asyncio.sleep(0.01)
    assert not bound.expired()


async def test_what_ends_in_time_is_left_alone_afterwards() -> None:
    async with running(0.1):
        await asyncio.sleep(0)
    await asyncio.sleep(0.2)


async def test_another_timeout_passes_through() -> None:
    with pytest.raises(TimeoutError, match="mine"):
        async with running(5) as bound:
            raise TimeoutError("mine")
    assert not bound.expired()
