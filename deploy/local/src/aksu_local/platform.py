"""The whole platform on one machine: PostgreSQL, the bus, and the processes of the services, all our direct children.

    async with Platform() as platform:                  # a temporary folder, free ports
        registry = platform.url("registry")
        token = platform.token("inspector", "AKSU")
        await platform.process("registry", "worker").kill()

`make run` holds one in `.run`; demo, e2e tests, bench and torture rig hold their own.
"""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self

import asyncpg

from aksu_local import frozen, legal_clock
from aksu_local.databases import SERVICES, ServiceUrls, bus_url, create_bus_database, create_service_database
from aksu_local.folder import Folder
from aksu_local.kafka import Kafka
from aksu_local.ports import KINDS, Kind, Ports, any_ports
from aksu_local.postgres import Postgres
from aksu_local.process import ProcessDied
from aksu_local.refusals import EarlierBuild, OtherBus
from aksu_local.service_process import ServiceProcess, migrate, program
from aksu_local.together import together
from aksu_local.tokens import development_token, feed_token

BusKind = Literal["embedded", "kafka"]
_WATCH: Final = 0.2
_HEARD_WITHIN: Final = 60.0
MADE_HERE: Final = frozenset(
    f"AKSU_{name}"
    for name in (
        *("HOME", "ENVIRONMENT", "DATABASE_URL", "WORKER_DATABASE_URL", "OWNER_DATABASE_URL", "BUS_URL"),
        *("OIDC_ISSUER", "OIDC_JWKS_FILE", "CLOCK_FILE", "FEEDS", "FEED_TOKEN_FILE", "ACCESS_PATIENCE_SECONDS"),
    )
)
"""Settings of services that the platform makes, and its own: what somebody exported for a service run by hand."""
_HEARD: Final = "SELECT heard_at IS NOT NULL FROM source_state WHERE source = 'registry'"


class Platform:
    """A running platform. Enter it to start, leave it to stop; `folder` None is a temporary one, removed at the end.

    `durable` False gives up the crash safety of the machine (not of processes) for speed. `environment` is added to
    that of every service process. `ports` chooses among free ones. `report` is told each stage as it is reached.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        bus: BusKind = "embedded",
        fresh: bool = False,
        services: tuple[str, ...] = SERVICES,
        durable: bool = False,
        environment: Mapping[str, str] | None = None,
        ports: Callable[[tuple[str, ...]], Ports] = any_ports,
        report: Callable[[str], None] = lambda _stage: None,
    ) -> None:
        self._temporary = folder is None
        self.folder = Folder(folder or _temporary_folder())
        self.services = services
        self.bus = bus
        self.postgres = Postgres(self.folder.postgres, durable=durable)
        self.broker = Kafka(self.folder.kafka) if bus == "kafka" else None
        self.bus_url = self.broker.url if self.broker else bus_url(self.postgres)
        self.databases: dict[str, ServiceUrls] = {}
        self._fresh = fresh
        self._environment = dict(environment or {})
        self._ports = ports
        self._report = report
        self._processes: dict[tuple[str, Kind], ServiceProcess] = {}
        self._feeds: dict[str, str] = {}
        self._open = AsyncExitStack()

    def url(self, service: str) -> str:
        """The address of a service's API, `http://127.0.0.1:<port>`."""
        return self.process(service, "api").url

    def process(self, service: str, kind: Kind) -> ServiceProcess:
        """One of the processes."""
        return self._processes[service, kind]

    def processes(self) -> Iterator[ServiceProcess]:
        """All of them, APIs first."""
        yield from (self._processes[service, kind] for kind in KINDS for service in self.services)

    def token(self, role: str, body: str | None = None, *, subject: str | None = None) -> str:
        """An access token of 8 hours for all services. Raises ValueError for an unknown role or body code."""
        return development_token(self.folder.keys, role, body, subject=subject)

    def advance_clock(self, by: str | timedelta) -> datetime:
        """Move legal time forward (`57mo`, `3d`, `2h`); returns the new legal instant."""
        return legal_clock.advance(self.folder.clock, by)

    def reset_clock(self) -> None:
        """Legal time is real time again."""
        legal_clock.reset(self.folder.clock)

    async def __aenter__(self) -> Self:
        """Start everything and wait until every process is ready.

        Raises ProcessDied, FolderBusy, OtherBus, EarlierBuild.
        """
        try:
            await self._start()
        except BaseException:
            await self._open.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop everything in order: APIs, workers, bus, PostgreSQL."""
        await self._open.aclose()

    @asynccontextmanager
    async def servers(self) -> AsyncIterator[Self]:
        """PostgreSQL and the bus up, databases and schemas in place; no service process."""
        async with self._open:
            await self._start_servers()
            yield self

    async def _start_servers(self) -> None:
        if self._temporary:
            self._open.callback(shutil.rmtree, self.folder.root, ignore_errors=True)
        self._open.enter_context(self.folder.held(fresh=self._fresh))
        self._check_bus()
        self._check_migrations()
        self._open.push_async_callback(self.postgres.stop)
        if self.broker is None:
            await self.postgres.start()
        else:
            self._open.push_async_callback(self.broker.stop)
            await together(self.postgres.start(), self.broker.start())
        self._report("PostgreSQL" if self.broker is None else "PostgreSQL and Kafka")
        await together(self._prepare_bus(), *(self._prepare(service) for service in self.services))
        self._report("databases and topics")

    async def _start(self) -> None:
        await self._start_servers()
        ports = self._ports(self.services)
        self._feeds = {service: f"http://127.0.0.1:{port}" for (service, kind), port in ports.items() if kind == "api"}
        for (service, kind), port in ports.items():
            self._processes[service, kind] = ServiceProcess(
                service,
                kind,
                program=program(service),
                port=port,
                log=self.folder.logs / f"{service}-{kind}.log",
                env=self.service_environment(service),
            )
        for kind in reversed(KINDS):
            self._open.push_async_callback(self._end_all, kind)
        for process in self.processes():
            process.start()
        watch = asyncio.create_task(self._watch())
        self._open.push_async_callback(_cancel, watch)
        await together(*(process.wait_ready() for process in self.processes()))
        if "registry" in self.services:
            await together(*(self._heard(service) for service in self.services if service != "registry"))
        self.folder.write_platform(self.describe())
        self._report("services")

    async def _heard(self, service: str) -> None:
        """Wait until a service knows whose access is revoked: before, it refuses writes."""
        connection = await asyncpg.connect(self.databases[service].worker)
        try:
            async with asyncio.timeout(_HEARD_WITHIN):
                while not await connection.fetchval(_HEARD):  # noqa: ASYNC110 - another process writes it
                    await asyncio.sleep(0.05)
        finally:
            await connection.close()

    def describe(self) -> Mapping[str, Any]:
        """Addresses, process ids, folders: what `platform.json` says."""
        return {
            "pid": os.getpid(),
            "folder": str(self.folder.root),
            "bus": self.bus,
            "bus_url": self.bus_url,
            "keys": str(self.folder.keys),
            "clock": str(self.folder.clock),
            "services": {
                service: {
                    "url": self.url(service),
                    "database": self.databases[service].reader,
                    **{kind: self._describe_process(self.process(service, kind)) for kind in KINDS},
                }
                for service in self.services
            },
        }

    @staticmethod
    def _describe_process(process: ServiceProcess) -> Mapping[str, Any]:
        return {"url": process.url, "pid": process.pid, "log": str(process.log)}

    def _check_bus(self) -> None:
        made_with = self.folder.made().get("bus", self.bus)
        if made_with != self.bus:
            msg = f"{self.folder.root} was made with the {made_with} bus: start over (FRESH=1), or run with that one"
            raise OtherBus(msg)
        self.folder.remember(bus=self.bus)

    def _check_migrations(self) -> None:
        for service, applied in self.folder.made().get("migrations", {}).items():
            if not isinstance(applied, dict) or applied.items() - frozen.checksums_of(service).items():
                msg = f"{self.folder.root} was made by an earlier build: start over with FRESH=1"
                raise EarlierBuild(msg)

    async def _prepare_bus(self) -> None:
        from aksu_shared.bus.creation import create_topics  # noqa: PLC0415 - needed at start only

        if self.broker is None:
            await create_bus_database(self.postgres)
        await create_topics(self.bus_url)

    async def _prepare(self, service: str) -> None:
        self.databases[service] = await create_service_database(self.postgres, service)
        migrations = frozen.checksums_of(service)
        applied = self.folder.made().get("migrations", {})
        if applied.get(service) != migrations:
            log = self.folder.logs / f"{service}-migrate.log"
            await migrate(service, program(service), log=log, env=self.service_environment(service))
            self.folder.remember(migrations={**self.folder.made().get("migrations", {}), service: migrations})

    def service_environment(self, service: str) -> dict[str, str]:
        """The environment of a service's processes: for its command line run beside them."""
        from aksu_shared.auth.issuer import DevelopmentIssuer  # noqa: PLC0415 - as above

        issuer = DevelopmentIssuer(self.folder.keys)
        urls = self.databases[service]
        # What a developer has exported for a service run by hand must not leak into this platform.
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("AKSU_")}
        return inherited | {
            "AKSU_ENVIRONMENT": "local",
            "AKSU_DATABASE_URL": urls.runtime,
            "AKSU_WORKER_DATABASE_URL": urls.worker,
            "AKSU_OWNER_DATABASE_URL": urls.owner,
            "AKSU_BUS_URL": self.bus_url,
            "AKSU_OIDC_ISSUER": issuer.issuer,
            "AKSU_OIDC_JWKS_FILE": str(issuer.jwks_file),
            "AKSU_CLOCK_FILE": str(self.folder.clock),
            "AKSU_FEEDS": ",".join(f"{source}={url}" for source, url in self._feeds.items()),
            "AKSU_FEED_TOKEN_FILE": str(feed_token(self.folder.keys, service, issuer)),
            # Services without the registry hear of no revocation, and would write nothing.
            "AKSU_ACCESS_PATIENCE_SECONDS": "60" if "registry" in self.services else "off",
            "MALLOC_ARENA_MAX": "2",  # glibc keeps an arena per thread otherwise; twice the memory for nothing
            **self._environment,
        }

    async def keep_servers(self) -> None:
        """Start PostgreSQL or the broker again whenever it has died; returns only by cancellation."""
        servers: list[Postgres | Kafka] = [self.postgres, *([self.broker] if self.broker else [])]
        while True:
            for server in servers:
                try:
                    _ = server.pid
                except ProcessDied:
                    self._report(f"{type(server).__name__} ended (see {server.log}); starting it again")
                    await server.start()
            await asyncio.sleep(1.0)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_WATCH)
            revived = [process for process in self.processes() if process.revive()]
            if revived and self.folder.platform.exists():
                with suppress(ProcessDied):  # another one is down at this moment; its revival writes again
                    self.folder.write_platform(self.describe())

    async def _end_all(self, kind: Kind) -> None:
        await asyncio.gather(*(self.process(service, kind).end() for service in self.services))


def _temporary_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="aksu-"))
    folder.chmod(0o711)  # PostgreSQL, which does not run as root, must be able to pass through
    return folder


async def _cancel(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
