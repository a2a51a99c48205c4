"""The one source of legal time: real time plus an offset that only local and test platforms may set."""

import os
import time
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from zoneinfo import ZoneInfo

SOFIA = ZoneInfo("Europe/Sofia")
"""Legal days begin and end at midnight in this zone."""

_RECHECK_SECONDS = 0.1


def legal_day(instant: datetime) -> date:
    """The day in Europe/Sofia on which an aware `instant` falls."""
    if instant.tzinfo is None:
        msg = "an instant without a time zone has no legal day"
        raise ValueError(msg)
    return instant.astimezone(SOFIA).date()


def start_of(day: date) -> datetime:
    """The instant, UTC, at which `day` begins in Europe/Sofia."""
    return datetime.combine(day, clock_time.min, SOFIA).astimezone(UTC)


def end_of(day: date) -> datetime:
    """The first instant, UTC, at which `day` is over in Europe/Sofia."""
    return start_of(day + timedelta(days=1))


class Clock:
    """Legal time. Terms, validity and states use it; tokens, time-outs and retention use real time.

    `offset_file` holds the offset in seconds as text; absent or empty means real time. It is looked at no more
    often than every 100 ms and read again only when it has changed.
    """

    def __init__(self, offset_file: Path | None = None) -> None:
        self._file = offset_file
        self._offset = timedelta()
        self._signature: tuple[int, int, int] | None = None
        self._next_check = 0.0

    def now(self) -> datetime:
        """The legal instant, in UTC."""
        if self._file is not None and time.monotonic() >= self._next_check:
            self._next_check = time.monotonic() + _RECHECK_SECONDS
            self._refresh(self._file)
        return datetime.now(UTC) + self._offset

    def today(self) -> date:
        """The legal day, in Europe/Sofia."""
        return legal_day(self.now())

    def _refresh(self, file: Path) -> None:
        try:
            status = file.stat()
            signature = (status.st_mtime_ns, status.st_size, status.st_ino)
            if signature != self._signature:
                self._offset = _read_offset(file)
                self._signature = signature
        except FileNotFoundError:
            self._offset, self._signature = timedelta(), None


def write_offset(file: Path, offset: timedelta) -> None:
    """Move the legal time of every `Clock` that follows `file`; the file is replaced whole, never seen half-written."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.write_text(f"{offset.total_seconds():.0f}\n", encoding="ascii")
    draft.replace(file)


def read_offset(file: Path) -> timedelta:
    """The offset that `file` holds; zero when it is absent or empty. A text that is no number raises `ValueError`."""
    try:
        return _read_offset(file)
    except FileNotFoundError:
        return timedelta()


def _read_offset(file: Path) -> timedelta:
    text = file.read_text(encoding="utf-8").strip()
    try:
        return timedelta(seconds=float(text or 0))
    except (ValueError, OverflowError) as error:
        msg = f"clock file {file} must hold a number of seconds, not {text[:40]!r}"
        raise ValueError(msg) from error
