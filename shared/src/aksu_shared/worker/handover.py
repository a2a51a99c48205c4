"""What the sequencer and the shipper of one process know together: who holds the log, how far it is, fresh rows."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import asyncpg

_MAX_ROWS: Final = 8_000


@dataclass(frozen=True, slots=True)
class Rows:
    """Consecutive rows of the log, selected by `wire.COLUMNS`; the first has position `first`."""

    first: int
    rows: Sequence[asyncpg.Record]

    @property
    def last(self) -> int:
        """Position of the last row."""
        return self.first + len(self.rows) - 1


class Handover:
    """Rows just sequenced go to the shipper in memory; one that lags reads the log instead."""

    def __init__(self) -> None:
        self.holder: int | None = None
        """Backend that holds the service's log in this process; None while another process does."""
        self.epoch = ""
        self.position = 0
        self.news = asyncio.Event()
        self.room = asyncio.Event()
        """Set while more rows are kept for the shipper."""
        self._rows: deque[Rows] = deque()
        self._forget()

    def taken(self, holder: int, *, epoch: str, position: int) -> None:
        """This process holds the log from now on."""
        self._forget()
        self.epoch, self.position, self.holder = epoch, position, holder
        self.news.set()

    def lost(self) -> None:
        """This process no longer holds the log."""
        self.holder = None
        self._forget()

    def put(self, rows: Rows) -> None:
        """Rows have got their positions. When too many wait already they are not kept: the shipper will read them."""
        self.position = rows.last
        if self._count < _MAX_ROWS:
            self._rows.append(rows)
            self._count += len(rows.rows)
        if self._count >= _MAX_ROWS:
            self.room.clear()
        self.news.set()

    def after(self, position: int, *, most: int) -> Rows | None:
        """The rows that follow `position`, if they are at hand; what lies before them is let go.

        They are put together until there are `most` or more: what gathered in an outage, a few rows at a time, would
        else be sent a few at a time, and take longer than the outage.
        """
        while self._rows and self._rows[0].last <= position:
            self._count -= len(self._rows.popleft().rows)
        if self._count < _MAX_ROWS:
            self.room.set()
        found: list[asyncpg.Record] = []
        for rows in self._rows:
            had = position + 1 + len(found) - rows.first
            if had < 0 or len(found) >= most:
                break
            found += rows.rows[had:]
        return Rows(position + 1, found) if found else None

    def _forget(self) -> None:
        self._rows.clear()
        self._count = 0
        self.room.set()
