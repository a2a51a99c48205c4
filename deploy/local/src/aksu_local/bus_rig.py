"""A bus under test, behind either driver: connections, members in processes of their own, and its server."""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self
from uuid import uuid4

import asyncpg

from aksu_local.kafka import Kafka
from aksu_local.postgres import Postgres
from aksu_shared.bus import Bus, BusUnavailable, Consumer, Delivered, connect
from aksu_shared.bus.creation import create_topics
from aksu_shared.bus.topics import Topic


class BusRig:
    """One bus, its server, and a database where the embedded driver's consumers keep their cursors."""

    def __init__(self, url: str, *, server: Postgres | Kafka, cursors_url: str) -> None:
        self.url = url
        self.server = server
        self._cursors_url = cursors_url
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Nothing is opened yet."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections and end all members."""
        await self._stack.__aexit__(kind, error, trace)

    async def topic(self, *, partitions: int = 1) -> str:
        """A new topic; one partition unless the test is about more."""
        name = f"test.{uuid4().hex}"
        await create_topics(self.url, [Topic(name=name, partitions=partitions, retention_days=7)])
        return name

    def group(self) -> str:
        """The name of a new group."""
        return f"group-{uuid4().hex}"

    async def pool(self) -> asyncpg.Pool:
        """A pool of the consumer's database."""
        making = asyncpg.create_pool(self._cursors_url, min_size=0, max_size=4)
        pool: asyncpg.Pool = await self._stack.enter_async_context(making)
        return pool

    async def connect(self) -> Bus:
        """A connection as one process of a service has it."""
        return await self._stack.enter_async_context(connect(self.url, cursors=await self.pool()))

    async def members(self, count: int, *, group: str, topic: str, commit: bool) -> "Members":
        """That many members of `group` in processes of their own, all joined, ended with the rig."""
        members = Members(self.url, self._cursors_url, group, topic, "commit" if commit else "keep")
        await self._stack.enter_async_context(members)
        for _ in range(count):
            await members.add()
        return members


class Members:
    """Processes running `bus_member`, and what they were delivered, in the order they said so."""

    def __init__(self, *arguments: str) -> None:
        self._arguments = arguments
        self._processes: dict[int, asyncio.subprocess.Process] = {}
        self._lines: asyncio.Queue[tuple[int, str]] = asyncio.Queue()
        self._readers: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        """No member yet."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Kill those still there."""
        for process in self._processes.values():
            if process.returncode is None:
                process.kill()
        await asyncio.gather(*self._readers)

    async def add(self) -> int:
        """Start one more and wait until it has joined; returns its process id."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "aksu_local.bus_member", *self._arguments), stdout=asyncio.subprocess.PIPE
        )
        self._processes[process.pid] = process
        self._readers.append(asyncio.create_task(self._collect(process)))
        if (said := await self.next()) != (process.pid, "joined"):
            msg = f"member {process.pid} did not join: {said}"
            raise AssertionError(msg)
        return process.pid

    async def next(self, *, within: float = 30.0) -> tuple[int, str]:
        """The process id and the `key value` of the next record any of them was delivered."""
        async with asyncio.timeout(within):
            return await self._lines.get()

    def signal(self, pid: int, number: signal.Signals) -> None:
        """Send a signal to one of them."""
        if self._processes[pid].returncode is None:
            os.kill(pid, number)

    async def ended(self, pid: int, *, within: float = 15.0) -> None:
        """Wait until that one is gone."""
        async with asyncio.timeout(within):
            await self._processes[pid].wait()

    async def _collect(self, process: asyncio.subprocess.Process) -> None:
        if process.stdout is not None:
            async for line in process.stdout:
                self._lines.put_nowait((process.pid, line.decode().strip()))
        await process.wait()


async def read(consumer: Consumer, count: int, *, within: float = 30.0) -> list[Delivered]:
    """Fetch until `count` records have come; whatever goes wrong with the bus meanwhile is waited out."""
    records: list[Delivered] = []
    async with asyncio.timeout(within):
        while len(records) < count:
            try:
                records += await consumer.fetch(max_records=1000, wait=0.5)
            except BusUnavailable:
                await asyncio.sleep(0.1)
    return records


async def commit(consumer: Consumer, records: Sequence[Delivered]) -> None:
    """Commit everything up to the last of `records` in each partition."""
    await consumer.commit({(record.topic, record.partition): record.offset + 1 for record in records})
