"""What the loops of a worker last did, told to the process's `Health`: alive is who moves, or waits knowingly."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from aksu_shared.serving.health import Health, Pulse

STILL: Final = 60.0
"""Seconds without a turn after which a loop counts as stuck."""


async def pause(event: asyncio.Event, seconds: float) -> None:
    """Wait for `event`, at most `seconds`."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


class Progress:
    """Marks of all loops. A loop marks each turn that did its work, or that what it stands on is away."""

    def __init__(self, health: Health, *, still: float = STILL) -> None:
        self._health = health
        self._still = still
        self._pulses: dict[str, Pulse] = {}
        self._waiting: dict[str, str] = {}

    def turned(self, loop: str) -> None:
        """`loop` did what it is for, or found nothing to do."""
        self._waiting.pop(loop, None)
        self._note(loop)

    def waits(self, loop: str, *, on: str) -> None:
        """`loop` cannot work because `on` (database, bus) is away: to end the process would help nobody."""
        self._waiting[loop] = on
        self._note(loop)

    def fails(self, loop: str) -> None:
        """`loop` tries and does not succeed, for a reason of its own: no turn."""
        self._waiting.pop(loop, None)

    def warn(self, about: str, text: str | None) -> None:
        """Show a warning on the health page until it is taken back by None; the process stays ready."""
        self._health.warn(about, text)

    @property
    def waiting(self) -> Mapping[str, str]:
        """Loop → what it waits for."""
        return dict(self._waiting)

    def _note(self, loop: str) -> None:
        pulse = self._pulses.get(loop)
        if pulse is None:
            pulse = self._pulses[loop] = self._health.loop(loop, limit=self._still)
        pulse.turned()
