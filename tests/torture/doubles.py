"""The planted bugs: each replaces a part of the rig's processes before they start. None is a switch in the product."""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

import asyncpg

from aksu_shared.bus.contract import Consumer
from aksu_shared.db import fitness
from aksu_shared.db.visible import SEEN
from aksu_shared.db.work import Connection, UnitOfWork
from aksu_shared.kernel.failpoint import Seam, failpoint
from aksu_shared.worker.consumer import ConsumerLoop
from torture.findings import Invariant


@dataclass(frozen=True, slots=True, kw_only=True)
class Double:
    """A bug: what it does to a process, or to a service's database; the invariants one of which it must break."""

    says: str
    breaks: tuple[Invariant, ...]
    patch: Callable[[], None] = lambda: None
    sql: Mapping[str, str] = field(default_factory=dict)


def plant(name: str) -> None:
    """Replace the part that bug `name` is in; nothing without a name."""
    if name:
        DOUBLES[name].patch()


def _rewrite(old: str, new: str) -> Callable[[], None]:
    """Send `new` to PostgreSQL where the product sends `old`."""

    def patch() -> None:
        original = asyncpg.Connection._get_statement

        async def get(self: Any, query: str, *args: Any, **options: Any) -> Any:
            return await original(self, query.replace(old, new), *args, **options)

        asyncpg.Connection._get_statement = get

    return patch


def _and_nobody_asks(patch: Callable[[], None]) -> Callable[[], None]:
    """The bug, in a process that takes itself for fit: else it would not become ready, and nothing be left to check."""

    def both() -> None:
        async def hidden(_: object) -> tuple[str, ...]:
            return ()

        setattr(fitness, "_laid_open", hidden)  # noqa: B010 - mypy refuses the plain assignment
        patch()

    return both


def _commit_before_effect() -> None:
    original = ConsumerLoop._consume

    async def consume(self: ConsumerLoop, consumer: Consumer, batch: Any) -> None:
        await consumer.commit({(record.topic, record.partition): record.offset + 1 for record in batch.records})
        failpoint("after_effect_before_offset_commit")  # which now lies before the effect
        await original(self, consumer, batch)

    ConsumerLoop._consume = consume  # type: ignore[method-assign]


def _autocommit() -> None:
    """Its seams kill only where a statement went before the one that writes: a number was drawn."""
    from aksu_licensing.counters.store import CounterStore  # noqa: PLC0415 - the other members need none of it
    from aksu_shared.web import commands  # noqa: PLC0415

    original = CounterStore.next
    drawn = ContextVar("drawn", default=False)

    async def begin(self: UnitOfWork) -> Connection:
        return self.connection

    async def draw(self: CounterStore, name: str) -> int:
        number = await original(self, name)
        drawn.set(True)
        return number

    def seam(name: Seam) -> None:
        if drawn.get():
            failpoint(name)

    UnitOfWork.begin = begin  # type: ignore[method-assign]
    CounterStore.next = draw  # type: ignore[method-assign]
    setattr(commands, "failpoint", seam)  # noqa: B010 - mypy refuses the plain assignment


DOUBLES: Final[Mapping[str, Double]] = MappingProxyType(
    {
        "naive_relay": Double(
            says="the relay takes rows by `seq > last` instead of those without a position",
            breaks=("I1", "I7"),
            patch=_rewrite(
                "FROM change_log WHERE position IS NULL ORDER BY seq",
                "FROM change_log WHERE seq > (SELECT coalesce(max(seq), 0) FROM change_log WHERE position IS NOT NULL)"
                " ORDER BY seq",
            ),
        ),
        "commit_before_effect": Double(
            says="the consumer commits its offsets before the effect",
            breaks=("I1", "I6"),
            patch=_commit_before_effect,
        ),
        "missing_inbox": Double(
            says="a repeated delivery finds nothing in the inbox that stops it",
            breaks=("I4",),
            patch=_rewrite(
                "ORDER BY id\n  ON CONFLICT DO NOTHING RETURNING event_id",
                "ORDER BY id ON CONFLICT (consumer, event_id) DO UPDATE SET received_at = now() RETURNING event_id",
            ),
        ),
        "auto_commit": Double(
            says="each statement of a command commits by itself",
            breaks=("I3",),
            patch=_autocommit,
        ),
        "session_set": Double(
            says="the scope is set for the session, not for the transaction",
            breaks=("I8",),
            patch=_and_nobody_asks(_rewrite("set_config('app.scope', $1, true)", "set_config('app.scope', $1, false)")),
        ),
        "unscoped_list": Double(
            says="a list is read without its scope, neither the statement's nor the database's",
            breaks=("I8",),
            patch=_and_nobody_asks(_rewrite(f"FROM application WHERE {SEEN})", "FROM application)")),
            sql={"licensing": "ALTER TABLE application DISABLE ROW LEVEL SECURITY"},
        ),
    }
)
