"""The API process of a service: its pools, its edge for commands and its hot reads, opened when it starts."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from types import MappingProxyType

from fastapi import APIRouter, FastAPI

from aksu_shared.auth.permissions import Rights
from aksu_shared.auth.pseudonym import Pseudonyms
from aksu_shared.config.base import BaseConfig
from aksu_shared.db.aggregate import Aggregate
from aksu_shared.db.notify import APPLIED, SEQUENCED, Listener, Notifier
from aksu_shared.db.pool import create_pool
from aksu_shared.db.reads import Reads
from aksu_shared.db.schema import require_known_schema
from aksu_shared.kernel.clock import Clock
from aksu_shared.kernel.codelists import CODELISTS
from aksu_shared.operations import audit, dead_letters, vanished
from aksu_shared.operations.digest import digest_router
from aksu_shared.operations.reconcile import reconcile_router
from aksu_shared.procedures.context import legal_terms
from aksu_shared.serving.health import Health
from aksu_shared.web.api import Api
from aksu_shared.web.app import create_app
from aksu_shared.web.commands import CommandEdge
from aksu_shared.web.fingerprints import Fingerprints
from aksu_shared.worker.copies import Copies


def service_app(
    service: str,
    config: BaseConfig,
    *,
    title: str,
    routers: Sequence[APIRouter],
    aggregates: Sequence[Aggregate] = (),
    copies: Copies = MappingProxyType({}),
) -> FastAPI:
    """The application of `service`, with its own `aggregates` and its `copies` of others'.

    It refuses to start on a schema it does not know.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_api(service, config) as api:
            app.state.api = api
            health.check("database", lambda: api.pool.fetchval("SELECT 1"))
            yield

    health = Health()
    return create_app(
        title=title,
        version=version(f"aksu-{service}"),
        config=config,
        routers=[*routers, *_platform_routers(aggregates, copies)],
        health=health,
        lifespan=lifespan,
        codelists=CODELISTS,
    )


def _platform_routers(aggregates: Sequence[Aggregate], copies: Copies) -> list[APIRouter]:
    """What every service answers to whoever runs the platform."""
    every = [dead_letters.router, audit.router, digest_router(aggregates)]
    return [*every, reconcile_router(copies), vanished.router] if copies else every


@asynccontextmanager
async def open_api(service: str, config: BaseConfig) -> AsyncIterator[Api]:
    """Pools and edges of an API process. Raises UnknownSchema."""
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
        await require_known_schema(service, pool)
        notifier = await stack.enter_async_context(Notifier(url))
        clock = Clock(config.clock_file)
        rights, key = Rights.load(), config.pseudonym_key.get_secret_value()
        commands = CommandEdge(
            source=service,
            pool=pool,
            clock=clock,
            notifier=notifier,
            rights=rights,
            terms=legal_terms(),
            keys=config.key_ring,
            pseudonyms=Pseudonyms(key),
            fingerprints=Fingerprints(key),
        )
        news = await stack.enter_async_context(Listener(url, SEQUENCED, APPLIED))
        yield Api(
            service=service,
            pool=pool,
            reads=Reads(pool),
            commands=commands,
            clock=clock,
            rights=rights,
            news=news,
            keys=config.key_ring,
        )


@asynccontextmanager
async def open_commands(service: str, config: BaseConfig) -> AsyncIterator[CommandEdge]:
    """The edge for commands alone, for a service's command line."""
    async with open_api(service, config) as api:
        yield api.commands
