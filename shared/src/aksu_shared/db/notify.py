"""Wake-ups by NOTIFY, sent after the commit and waited for, each on a connection of its own.

Inside the write transaction NOTIFY would queue commits behind each other (0.54–0.70 of the commits at 16–32 writers).
A lost wake-up costs the listener its slow poll and nothing more, so nothing here ever fails its caller.
"""

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, Self

import asyncpg
import structlog

from aksu_shared.db.failures import FAILURES

CHANGE_LOG: Final = "change_log"
"""Rows were committed to the change log; the sequencer listens."""
SEQUENCED: Final = "change_log_sequenced"
"""Rows got their position; whoever serves the change feed listens."""
APPLIED: Final = "events_applied"
"""A consumer committed the effects of events; whoever waits for a projection listens."""

_PACE: Final = 0.01
"""Seconds between two notifications: the first goes out at once, those that follow in a burst go together."""
_PATIENCE: Final = 1.0
"""Seconds one notification may take: longer, and a listener's own poll has come first."""
_LONGEST_PAUSE: Final = 5.0

log = structlog.get_logger(__name__)


class Notifier:
    """Sends notifications to whoever listens on this database. Open it as an async context."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._channels: set[str] = set()
        self._poked = asyncio.Event()
        self._sending: asyncio.Task[None] | None = None
        self._connection: asyncpg.Connection[Any] | None = None

    async def __aenter__(self) -> Self:
        """Start sending; the connection opens with the first wake-up."""
        self._sending = asyncio.create_task(self._run(), name="notifier")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop; what was poked a moment ago may be lost, which a listener's poll makes good."""
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.wait([self._sending])
        if self._connection is not None:
            self._connection.terminate()

    def poke(self, channel: str = CHANGE_LOG) -> None:
        """Wake the listeners of `channel` soon; call it after a commit. Returns at once and never fails."""
        self._channels.add(channel)
        self._poked.set()

    async def _run(self) -> None:
        pause = 0.1
        while True:
            await self._poked.wait()
            self._poked.clear()
            channels, self._channels = list(self._channels), set()
            try:
                await self._send(channels)
                pause = 0.1
                await asyncio.sleep(_PACE)
            except FAILURES as failure:
                log.warning("notify_failed", error=type(failure).__name__)
                self._drop()
                self._channels.update(channels)
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
                self._poked.set()

    async def _send(self, channels: list[str]) -> None:
        async with asyncio.timeout(_PATIENCE):
            if self._connection is None or self._connection.is_closed():
                self._connection = await asyncpg.connect(
                    self._url,
                    # A wake-up need not outlive a crash; otherwise each waits for the disk, and commits wait for it.
                    server_settings={"application_name": "notifier", "timezone": "UTC", "synchronous_commit": "off"},
                )
            await self._connection.execute("SELECT pg_notify(channel, '') FROM unnest($1::text[]) AS channel", channels)

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(*FAILURES):
                connection.terminate()


class Listener:
    """Hears notifications of this database, on one connection for a whole process. Open it as an async context.

        seen = listener.count(SEQUENCED)
        …look; nothing there yet…
        await listener.news(SEQUENCED, seen, timeout=1)

    While the connection is away nothing is heard, so whoever waits looks again after its time-out.
    """

    def __init__(self, url: str, *channels: str) -> None:
        self._url = url
        self._counts = dict.fromkeys(channels, 0)
        self._heard = {channel: asyncio.Event() for channel in channels}
        self._listening: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Start listening; the connection is opened in the background."""
        self._listening = asyncio.create_task(self._run(), name="listener")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait([self._listening])

    def count(self, channel: str) -> int:
        """How often `channel` was heard so far; take it before looking, so that nothing is missed in between."""
        return self._counts[channel]

    async def news(self, channel: str, seen: int, *, timeout: float) -> None:
        """Return as soon as `channel` was heard more often than `seen`, at the latest after `timeout` seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while self._counts[channel] == seen:
                    await self._heard[channel].wait()

    async def _run(self) -> None:
        pause = 0.1
        while True:
            try:
                await self._listen()
                pause = 0.1
            except FAILURES as failure:
                log.warning("listen_failed", error=type(failure).__name__)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _listen(self) -> None:
        """Listen until the connection is lost."""
        lost = asyncio.Event()
        connection = await asyncpg.connect(
            self._url, timeout=_PATIENCE, server_settings={"application_name": "listener", "timezone": "UTC"}
        )
        try:
            connection.add_termination_listener(lambda _: lost.set())
            for channel in self._counts:
                await connection.add_listener(channel, self._hear)
                self._hear(None, 0, channel, None)  # what was missed while nobody listened
            await lost.wait()
        finally:
            connection.terminate()

    def _hear(self, _connection: object, _pid: int, channel: str, _payload: object) -> None:
        self._counts[channel] += 1
        self._heard[channel].set()
        self._heard[channel] = asyncio.Event()
