"""What a worker is made of: what a service gives it, and what its loops are given."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import asyncpg

from aksu_shared.bus import Bus
from aksu_shared.db.aggregate import Aggregate
from aksu_shared.db.notify import Notifier
from aksu_shared.db.work import UnitOfWork
from aksu_shared.kernel.clock import Clock
from aksu_shared.privacy.holdings import Holdings
from aksu_shared.worker.applying import Applier
from aksu_shared.worker.copies import Copies
from aksu_shared.worker.handover import Handover
from aksu_shared.worker.progress import Progress
from aksu_shared.worker.rebuild import OnRebuilt
from aksu_shared.worker.routing import Handlers
from aksu_shared.worker.scheduler import DeadlineHandler


@dataclass(frozen=True, kw_only=True)
class Worker:
    """What a running worker has: for the loops a service adds."""

    pool: asyncpg.Pool
    bus: Bus
    clock: Clock
    notifier: Notifier
    progress: Progress
    applier: Applier
    handover: Handover
    stop: asyncio.Event

    @property
    def leads(self) -> bool:
        """Whether this process holds the service's log, for loops of which one may run."""
        return self.handover.holder is not None


WorkerLoop: TypeAlias = Callable[[Worker], Coroutine[Any, Any, None]]
"""A loop of a service's own, until `worker.stop`; `aksu_shared.worker.loop.turns` is its frame."""


@dataclass(frozen=True, kw_only=True)
class WorkerParts:
    """What a service gives its worker: event handlers, handlers of deadlines by kind, loops of its own by name.

    `aggregates` are what it owns: their tables are compared with the log.

    `copies` are the tables that handlers keep as copies of others' aggregates; `on_rebuilt` is told what a rebuild of
    them changed.

    `wrapped` are the tables with keys or secrets wrapped under a key-encryption key → the column of these.

    `holdings` are the classes of personal data, and where the service's rows tell of such people.

    `at_start` is one unit of work, done each time a process takes over the service's log for the first time; what it
    finds done already it does not do again.
    """

    service: str
    aggregates: Sequence[Aggregate] = ()
    handlers: Handlers = field(default_factory=dict)
    deadlines: Mapping[str, DeadlineHandler] = field(default_factory=dict)
    loops: Mapping[str, WorkerLoop] = field(default_factory=dict)
    at_start: Callable[[UnitOfWork], Awaitable[None]] | None = None
    copies: Copies = field(default_factory=dict)
    on_rebuilt: OnRebuilt | None = None
    wrapped: Mapping[str, str] = field(default_factory=dict)
    holdings: Holdings = field(default_factory=dict)
