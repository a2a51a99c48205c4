"""The API process of a service: its pools, its edge for commands and its hot reads, opened when it starts."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version
from types import MappingProxyType
from typing import Any, Generic, TypeVar

import asyncpg
import structlog
from fastapi import APIRouter, FastAPI

from aksu_shared.auth.permissions import Rights
from aksu_shared.clock import Clock
from aksu_shared.codelists import CODELISTS
from aksu_shared.config import BaseConfig
from aksu_shared.db.fitness import require_fit, require_role
from aksu_shared.db.notify import APPLIED, SEQUENCED, Listener, Notifier
from aksu_shared.db.pool import create_pool
from aksu_shared.db.reads import Reads
from aksu_shared.db.schema import require_known_schema
from aksu_shared.db.work import UnitOfWork
from aksu_shared.privacy.keys import KeyRing
from aksu_shared.unfit import Unfit
from aksu_shared.web import audit, dead_letters, vanished
from aksu_shared.web.app import create_app
from aksu_shared.web.commands import CommandEdge
from aksu_shared.web.digest import digest_router
from aksu_shared.web.fingerprints import Fingerprints
from aksu_shared.web.health import Health
from aksu_shared.web.reconcile import reconcile_router
from aksu_shared.worker.copies import Copies

F = TypeVar("F")

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Api(Generic[F]):
    """What routes of a running service use, as `app.state.api`."""

    pool: "asyncpg.Pool[Any]"
    reads: Reads
    commands: CommandEdge[F]
    clock: Clock
    rights: Rights
    news: Listener
    """Hears when changes were sequenced and events applied."""
    keys: KeyRing
    """What opens restricted personal data; empty in a service that holds none."""


def service_app(
    service: str,
    config: BaseConfig,
    *,
    title: str,
    routers: Sequence[APIRouter],
    factory: Callable[[UnitOfWork], Any],
    copies: Copies = MappingProxyType({}),
) -> FastAPI:
    """The application of `service`; it refuses to start where it would be Unfit. `copies` of others' data."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_api(service, config, factory=factory) as api:
            app.state.api = api
            health.check("database", lambda: api.pool.fetchval("SELECT 1"))
            health.check("role", lambda: require_role(service, "runtime", api.pool))
            yield

    health = Health()
    return create_app(
        title=title,
        version=version(f"aksu-{service}"),
        config=config,
        routers=[*routers, *_platform_routers(service, copies)],
        health=health,
        lifespan=lifespan,
        codelists=CODELISTS,
    )


def _platform_routers(service: str, copies: Copies) -> list[APIRouter]:
    """What every service answers to whoever runs the platform."""
    every = [dead_letters.router, audit.router, digest_router(service)]
    return [*every, reconcile_router(copies), vanished.router] if copies else every


@asynccontextmanager
async def open_api(service: str, config: BaseConfig, *, factory: Callable[[UnitOfWork], F]) -> AsyncIterator[Api[F]]:
    """Pools and edges of an API process. Raises Unfit."""
    async with AsyncExitStack() as stack:
        url = config.database_url.get_secret_value()
        pool = await stack.enter_async_context(
            await create_pool(
                url,
                application=f"aksu-{service}-api",
                size=config.database_pool_size,
                settings={"app.access_patience": str(config.access_patience_seconds)},
            )
        )
        await _require_fit(service, pool)
        notifier = await stack.enter_async_context(Notifier(url))
        clock = Clock(config.clock_file)
        commands = CommandEdge(
            source=service,
            pool=pool,
            clock=clock,
            notifier=notifier,
            factory=factory,
            fingerprints=Fingerprints(config.pseudonym_key.get_secret_value()),
        )
        news = await stack.enter_async_context(Listener(url, SEQUENCED, APPLIED))
        yield Api(
            pool=pool,
            reads=await Reads.of(pool),
            commands=commands,
            clock=clock,
            rights=Rights.load(),
            news=news,
            keys=config.key_ring,
        )


async def _require_fit(service: str, pool: "asyncpg.Pool[Any]") -> None:
    try:
        await require_fit(service, "runtime", pool)
        await require_known_schema(service, pool)
    except Unfit as obstacle:
        _log.critical("Not started", why=str(obstacle))  # what is raised is a page of traceback
        raise


@asynccontextmanager
async def open_commands(
    service: str, config: BaseConfig, *, factory: Callable[[UnitOfWork], F]
) -> AsyncIterator[CommandEdge[F]]:
    """The edge for commands alone, for a service's command line."""
    async with open_api(service, config, factory=factory) as api:
        yield api.commands
