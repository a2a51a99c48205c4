"""Whose fault a failure is: of what we stand on (wait for it), or of the record in hand (park it)."""

import traceback
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import asyncpg

from aksu_shared.bus.contract import BusUnavailable
from aksu_shared.db.failures import FAILURES
from aksu_shared.db.work import Connection
from aksu_shared.events.base import Meta
from aksu_shared.kernel.errors import Problem

_NOT_THE_RECORDS: Final = (
    "08",  # connection
    "25006",  # read-only: a stand-by server
    "28",  # authorisation
    "3D",  # no such database
    "3F",  # no such schema
    "40",  # serialization failure, deadlock
    "42501",  # insufficient privilege
    "42703",  # undefined column: the migration has not run
    "42883",  # undefined function
    "42P01",  # undefined table
    "53",  # out of disk, memory, connections
    "55P03",  # lock not available
    "57P",  # shutdown, crash recovery
    "58",  # I/O of the server
    "F0",  # configuration file
    "XX",  # internal
)
"""SQLSTATE prefixes of failures that any record would meet now and none may meet later."""


class DatabaseAway(Exception):
    """The database cannot be reached, or the connection broke; the outcome of a commit may be unknown."""


class SourceRestored(Exception):
    """A source began a new epoch; what it tells waits until the copy of it is rebuilt. `epochs`: source → epoch."""

    def __init__(self, told: Iterable[Meta]) -> None:
        self.epochs: dict[str, str] = {}
        for meta in told:
            self.epochs[meta.source] = max(meta.epoch, self.epochs.get(meta.source, ""))
        super().__init__(f"waiting for the rebuild of {', '.join(sorted(self.epochs))}")


class FeedUnavailable(Exception):
    """The owner of a copy's data cannot be asked now, or does not tell all of it yet."""


class HandlerTimeout(Exception):
    """A handler did not end in its time."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a record is parked: a stable reason, and a detail that names places and classes, never values."""

    reason: str
    detail: str


BEHIND: Final = Fault("BEHIND", "an earlier record of this key is parked")
"""Not wrong itself: it waits so that the order of its key holds."""


@contextmanager
def database() -> Iterator[None]:
    """Raise DatabaseAway for what a database that is away looks like; for code whose statements are beyond doubt."""
    try:
        yield
    except asyncpg.PostgresError as failure:
        if is_infrastructure(failure):
            raise DatabaseAway(repr(failure)) from failure
        raise
    except FAILURES as failure:
        raise DatabaseAway(repr(failure)) from failure


@asynccontextmanager
async def transaction(pool: "asyncpg.Pool") -> AsyncIterator[Any]:
    """A connection in a transaction. Raises DatabaseAway in place of whatever a broken connection raises."""
    with database():
        acquired = await pool.acquire(timeout=5)
    try:
        async with acquired.transaction():
            yield acquired
    except Exception as failure:
        if is_broken(acquired):
            raise DatabaseAway(repr(failure)) from failure
        raise
    finally:
        await pool.release(acquired, timeout=5)


def is_broken(connection: Connection) -> bool:
    """Whether a connection is gone; the pool's proxy of a lost one refuses even the question."""
    try:
        return bool(connection.is_closed())
    except asyncpg.InterfaceError:
        return True


def is_infrastructure(error: BaseException) -> bool:
    """Whether to wait and try again for ever, instead of holding the record responsible."""
    if isinstance(error, asyncpg.PostgresError):
        return str(error.sqlstate).startswith(_NOT_THE_RECORDS)
    if isinstance(error, TimeoutError):
        # The driver waits longer than the server lets a statement run: nothing was heard of the server itself.
        return _is_drivers(error)
    return isinstance(
        error, (DatabaseAway, BusUnavailable, SourceRestored, FeedUnavailable, ConnectionError, MemoryError)
    )


def fault_of(error: BaseException) -> Fault:
    """The reason under which a record that caused `error` is parked."""
    if isinstance(error, HandlerTimeout):
        return Fault("HANDLER_TIMEOUT", str(error))
    if isinstance(error, Problem):
        return Fault("REFUSED", f"{error.code} at {_place(error)}")
    if isinstance(error, asyncpg.PostgresError):
        what = [error.sqlstate, error.table_name, error.column_name, error.constraint_name]
        return Fault("DATABASE_REFUSED", f"{' '.join(filter(None, what))} at {_place(error)}")
    return Fault("HANDLER_FAILED", f"{type(error).__module__}.{type(error).__qualname__} at {_place(error)}")


def _is_drivers(error: BaseException) -> bool:
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and "asyncpg" in frames[-1].filename


def _place(error: BaseException) -> str:
    """File and line of the innermost frame of ours: messages of exceptions may quote data, places cannot."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "site-packages" not in frame.filename and "asyncpg" not in frame.filename]
    if not (ours or frames):
        return "an unknown place"
    frame = (ours or frames)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno} {frame.name}"
