"""Deadlines fire once, on legal time, with their effect."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest_asyncio

from aksu_local.waiting import eventually
from aksu_local.worker_rig import Registry, monitoring
from aksu_shared.db.deadlines import Deadline, schedule
from aksu_shared.db.notify import Notifier
from aksu_shared.db.work import UnitOfWork
from aksu_shared.kernel.clock import Clock, write_offset
from aksu_shared.serving.health import Health
from aksu_shared.worker.handover import Handover
from aksu_shared.worker.progress import Progress
from aksu_shared.worker.scheduler import Scheduler

YEARS = timedelta(days=5 * 366)


class Firing:
    """A scheduler over the registry's database; each firing writes a row of `effect`, in its transaction."""

    def __init__(self, pool: asyncpg.Pool, notifier: Notifier, clock: Clock) -> None:
        self.clock = clock
        self.pool = pool
        self.notifier = notifier
        self.failing: set[str] = set()

    async def fire(self, work: UnitOfWork, deadline: Deadline) -> None:
        await work.connection.execute(
            "INSERT INTO effect (place, version) VALUES ($1, $2)", deadline.subject, deadline.revision
        )
        if deadline.subject in self.failing:
            raise ValueError(deadline.subject)

    def scheduler(self, *, leads: bool = True) -> Scheduler:
        handover = Handover()
        if leads:
            handover.taken(1, epoch="e1", position=0)
        return Scheduler(
            self.pool,
            monitoring(self.pool, clock=self.clock),
            handlers={"EXPIRY": self.fire},
            handover=handover,
            notifier=self.notifier,
            progress=Progress(Health()),
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        stop = asyncio.Event()
        task = asyncio.create_task(self.scheduler().run(stop))
        try:
            yield
        finally:
            stop.set()
            await task

    async def schedule(self, *subjects: str, after: timedelta, kind: str = "EXPIRY", revision: int = 1) -> None:
        due_at = datetime.now(UTC) + after
        deadlines = [
            Deadline(term="validity", subject=subject, revision=revision, kind=kind, due_at=due_at)
            for subject in subjects
        ]
        async with self.pool.acquire() as connection:
            await schedule(connection, deadlines)

    async def fired(self) -> list[tuple[str, int]]:
        return [tuple(row) for row in await self.pool.fetch("SELECT place, version FROM effect ORDER BY n")]

    async def open(self) -> int:
        count: int = await self.pool.fetchval("SELECT count(*) FROM deadline WHERE fired_at IS NULL")
        return count


@pytest_asyncio.fixture
async def firing(registry: Registry, notifier: Notifier, tmp_path: Path) -> Firing:
    return Firing(registry.pool, notifier, Clock(tmp_path / "offset"))


async def test_deadlines_fire_when_the_clock_has_passed_them_and_not_before(firing: Firing, tmp_path: Path) -> None:
    await firing.schedule("soon", after=timedelta(days=10))
    await firing.schedule("later", after=timedelta(days=1700))
    await firing.schedule("past", after=-timedelta(days=1))
    async with firing.running():
        await eventually(firing.open, lambda left: left == 2)
        write_offset(tmp_path / "offset", timedelta(days=11))
        await eventually(firing.open, lambda left: left == 1)
        write_offset(tmp_path / "offset", YEARS)
        await eventually(firing.open, lambda left: left == 0)
    assert await firing.fired() == [("past", 1), ("soon", 1), ("later", 1)]
    when = await firing.pool.fetchval("SELECT fired_at FROM deadline WHERE subject = 'later'")
    assert when > datetime.now(UTC) + YEARS - timedelta(minutes=1)


async def test_after_a_jump_of_years_all_fire_once_in_the_order_they_were_due(firing: Firing, tmp_path: Path) -> None:
    for n in range(60):
        await firing.schedule(f"s{n:02}", after=timedelta(days=30 * (60 - n)))
    write_offset(tmp_path / "offset", YEARS)
    async with firing.running(), firing.running():
        await eventually(firing.open, lambda left: left == 0, within=20)
    fired = await firing.fired()
    assert sorted(fired) == [(f"s{n:02}", 1) for n in range(60)]
    async with firing.running():
        await firing.schedule("s00", after=-timedelta(days=1))  # the same (term, subject, revision, kind)
        await firing.schedule("s00", after=-timedelta(days=1), revision=2)
        await eventually(firing.open, lambda left: left == 0)
    assert (await firing.fired())[60:] == [("s00", 2)]


async def test_alone_it_keeps_the_order_they_were_due(firing: Firing, tmp_path: Path) -> None:
    for n in range(30):
        await firing.schedule(f"s{n:02}", after=timedelta(days=30 * (30 - n)))
    write_offset(tmp_path / "offset", YEARS)
    async with firing.running():
        await eventually(firing.open, lambda left: left == 0)
    assert await firing.fired() == [(f"s{n:02}", 1) for n in reversed(range(30))]


async def test_one_that_fails_leaves_no_effect_holds_back_its_subject_only_and_is_tried_again(firing: Firing) -> None:
    firing.failing = {"bad"}
    await firing.schedule("bad", after=-timedelta(days=3))
    await firing.schedule("bad", after=-timedelta(days=2), revision=2)
    await firing.schedule("good", after=-timedelta(days=1))
    async with firing.running():
        await eventually(firing.fired, lambda fired: fired == [("good", 1)])
        assert await firing.open() == 2
        firing.failing = set()
        await eventually(firing.open, lambda left: left == 0)
    assert await firing.fired() == [("good", 1), ("bad", 1), ("bad", 2)]


async def test_a_kind_this_worker_does_not_know_waits(firing: Firing) -> None:
    await firing.schedule("new", after=-timedelta(days=1), kind="INVENTED_LATER")
    await firing.schedule("old", after=-timedelta(days=1))
    async with firing.running():
        await eventually(firing.fired, lambda fired: fired == [("old", 1)])
    assert await firing.open() == 1


async def test_only_the_process_that_holds_the_log_fires(firing: Firing) -> None:
    await firing.schedule("one", after=-timedelta(days=1))
    now = asyncio.Event()
    now.set()
    await firing.scheduler(leads=False)._turn(now)
    assert await firing.fired() == []
    await firing.scheduler(leads=True)._turn(asyncio.Event())
    assert await firing.fired() == [("one", 1)]
