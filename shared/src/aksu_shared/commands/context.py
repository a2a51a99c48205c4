"""What the commands that work on a service's own database share: its settings, its worker's parts, its connections."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from typing import Any, TypeVar

import asyncpg
import typer

from aksu_shared.bus import Bus, connect
from aksu_shared.bus.contract import BusUnavailable
from aksu_shared.commands.settings import load_config
from aksu_shared.config.base import BaseConfig
from aksu_shared.db.fitness import require_fit
from aksu_shared.db.pool import create_pool
from aksu_shared.kernel.clock import Clock
from aksu_shared.kernel.errors import Problem
from aksu_shared.worker.applying import Applier
from aksu_shared.worker.failure import DatabaseAway, FeedUnavailable
from aksu_shared.worker.feed import FeedRestarted
from aksu_shared.worker.parts import WorkerParts

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Context:
    """A service's database as its worker sees it, and its bus."""

    service: str
    config: BaseConfig
    pool: "asyncpg.Pool[Any]"
    bus: Bus
    parts: WorkerParts
    applier: Applier

    @property
    def by(self) -> str:
        """Who acts: whoever may run commands on this host."""
        return f"cli:aksu-{self.service}"


@asynccontextmanager
async def _opened(service: str, config: BaseConfig) -> AsyncIterator[Context]:
    if config.worker_database_url is None:
        typer.echo("AKSU_WORKER_DATABASE_URL is needed", err=True)
        raise typer.Exit(2)
    parts: WorkerParts = import_module(f"aksu_{service}.worker").PARTS
    url = config.worker_database_url.get_secret_value()
    pool = await create_pool(url, application=f"aksu-{service}-cli", size=4, statement_timeout=timedelta(minutes=10))
    async with pool:
        await require_fit(service, "worker", pool)
        applier = Applier(
            pool,
            service=service,
            handlers=parts.handlers,
            clock=Clock(config.clock_file),
            log_keys=config.log_keys,
        )
        async with connect(config.bus_url.get_secret_value(), cursors=pool) as bus:
            yield Context(service=service, config=config, pool=pool, bus=bus, parts=parts, applier=applier)


def run(service: str, config: str, command: Callable[[Context], Awaitable[T]]) -> T:
    """Run `command` with the service's context; what it cannot do it says in a line, and exits with 2."""

    async def main() -> T:
        async with _opened(service, load_config(config)) as context:
            return await command(context)

    try:
        return asyncio.run(main())
    except Problem as problem:
        typer.echo(f"{problem.message('bg')} / {problem.message('en')}", err=True)
    except (OSError, asyncpg.PostgresError, DatabaseAway, BusUnavailable, FeedUnavailable, FeedRestarted) as failure:
        typer.echo(f"{type(failure).__name__}: {failure}", err=True)
    raise typer.Exit(2)
