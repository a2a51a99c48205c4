"""Wake-ups by NOTIFY, sent after the commit, coalesced, on a connection of their own.

Inside the write transaction NOTIFY would queue commits behind each other (0.54–0.70 of the commits at 16–32 writers).
A lost wake-up costs the listener its slow poll and nothing more, so nothing here ever fails its caller.
"""

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, Self

import asyncpg
import structlog

CHANGE_LOG: Final = "change_log"
"""Rows were committed to the change log; the sequencer listens."""
SEQUENCED: Final = "change_log_sequenced"
"""Rows got their position; whoever serves the change feed listens."""
APPLIED: Final = "events_applied"
"""A consumer committed the effects of events; whoever waits for a projection listens."""

_PACE: Final = 0.01
"""Seconds between two notifications: the first goes out at once, those that follow in a burst go together."""
_PATIENCE: Final = 5.0
_LONGEST_PAUSE: Final = 5.0
_FAILURES: Final = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)

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
            except _FAILURES as failure:
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
                    self._url, server_settings={"application_name": "notifier", "timezone": "UTC"}
                )
            await self._connection.execute("SELECT pg_notify(channel, '') FROM unnest($1::text[]) AS channel", channels)

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(*_FAILURES):
                connection.terminate()
