"""The platform under torture: servers, two instances of what may have two, a supervisor, all of them our children."""

import asyncio
import os
import shlex
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import asyncpg

from aksu_local.databases import SERVICES
from aksu_local.kafka import Kafka
from aksu_local.platform import Platform
from aksu_local.ports import Kind, any_ports
from aksu_local.process import ProcessDied
from aksu_local.service_process import ServiceProcess
from aksu_local.together import together
from torture.doubles import DOUBLES
from torture.network import Network
from torture.tier import Driver, Layout
from torture.wire import Doors
from torture.witness import DDL

_TESTS: Final = Path(__file__).resolve().parents[1]
_WATCH: Final = 0.1


class Rig:
    """Servers and members of one run. `double` is the planted bug of a self-test."""

    def __init__(self, platform: Platform, *, driver: Driver, layout: Layout, double: str = "") -> None:
        self.platform = platform
        self.driver = driver
        self.members: dict[str, ServiceProcess] = {}
        self.held: set[str] = set()
        """Members the supervisor leaves alone: whoever put them here starts them again."""
        self.network = Network()
        self._layout = layout
        self._double = double
        self._feeds = ""

    @property
    def doors(self) -> Doors:
        """Where the load knocks."""
        proxies = self.network.proxies
        ports = {service: [proxies[name].port for name in self.of(service, "api")] for service in SERVICES}
        return Doors(ports)

    @property
    def broker_port(self) -> int:
        """Where the broker listens; raises LookupError on the embedded bus."""
        if self.broker is None:
            raise LookupError("no Kafka broker in this run")
        return self.broker.port

    @property
    def broker(self) -> Kafka | None:
        """The Kafka broker; None on the embedded bus."""
        return self.platform.broker

    def of(self, service: str, kind: Kind) -> dict[str, ServiceProcess]:
        """Members of one service and kind, by name."""
        prefix = f"{service}-{kind}-"
        return {name: member for name, member in self.members.items() if name.startswith(prefix)}

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Rig"]:
        """Everything up and ready; ended at the end, APIs first."""
        async with AsyncExitStack() as stack:
            await self.network.open(stack, self.platform.postgres, self.broker)
            await stack.enter_async_context(self.platform.servers())
            await self._witness()
            self._make()
            for name, member in self.members.items():
                if member.kind == "api":
                    await self.network.before(stack, name, member.port)
            stack.push_async_callback(self._end)
            for member in self.members.values():
                member.start()
            watch = asyncio.create_task(self._watch())
            stack.push_async_callback(_cancel, watch)
            await self.ready()
            yield self

    async def ready(self, *, within: float = 60.0) -> None:
        """Wait until every member is."""
        await together(*(self._ready(name, within) for name in self.members))

    async def _ready(self, name: str, within: float) -> None:
        async with asyncio.timeout(within):
            while True:
                with suppress(ProcessDied):  # it ended while starting; the supervisor starts it again
                    await self.members[name].wait_ready(timeout=within)
                    return
                await asyncio.sleep(_WATCH)

    def environment(self, service: str, name: str) -> dict[str, str]:
        """Of a member: the platform's by way of the proxies, with the rig's own modules and the planted bug."""
        path = os.pathsep.join(filter(None, (str(_TESTS), os.environ.get("PYTHONPATH"))))
        own = {"PYTHONPATH": path, "AKSU_TORTURE_DOUBLE": self._double, "AKSU_FEEDS": self._feeds}
        return self.network.environment(name, self.platform.service_environment(service)) | own

    def _make(self) -> None:
        wanted = {f"{s}-{k}-{turn + 1}": (s, k) for (s, k), number in self._layout.items() for turn in range(number)}
        # Of a range that no outgoing connection uses: a port must still be free when its process starts again.
        ports = any_ports(tuple(wanted))
        firsts = {service: ports[f"{service}-api-1", "api"] for service in SERVICES if (service, "api") in self._layout}
        self._feeds = ",".join(f"{service}=http://127.0.0.1:{port}" for service, port in firsts.items())
        for name, (service, kind) in wanted.items():
            self.members[name] = ServiceProcess(
                service,
                kind,
                program=self._program(service),
                port=ports[name, kind],
                log=self.platform.folder.logs / f"{name}.log",
                env=self.environment(service, name),
            )

    def _program(self, service: str) -> Path:
        """A script that becomes the member: the supervisor's own way of starting stays as it is."""
        path = self.platform.folder.root / "bin" / f"aksu-{service}"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m torture.member {service} "$@"\n')
        path.chmod(0o755)
        return path

    async def _witness(self) -> None:
        for service in SERVICES:
            owner = await asyncpg.connect(self.platform.databases[service].owner)
            try:
                await owner.execute(DDL.format(service=service))
                if planted := DOUBLES[self._double].sql.get(service) if self._double else None:
                    await owner.execute(planted)
            finally:
                await owner.close()

    async def _watch(self) -> None:
        """Start again whatever ended unasked."""
        while True:
            await asyncio.sleep(_WATCH)
            for name, member in self.members.items():
                if name not in self.held:
                    member.revive()

    async def _end(self) -> None:
        for kind in ("api", "worker"):
            await asyncio.gather(*(member.end() for name, member in self.members.items() if f"-{kind}-" in name))


async def _cancel(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
