"""The API process of a service: its pools, its edge for commands and its hot reads, opened when it starts."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from types import MappingProxyType
from typing import Any, Final

import asyncpg
import structlog
from fastapi import APIRouter, FastAPI

from aksu_shared.auth.permissions import Rights
from aksu_shared.auth.pseudonym import Pseudonyms
from aksu_shared.config.base import BaseConfig
from aksu_shared.db.aggregate import Aggregate
from aksu_shared.db.fitness import require_fit, require_role
from aksu_shared.db.notify import APPLIED, SEQUENCED, Listener, Notifier
from aksu_shared.db.pool import create_pool
from aksu_shared.db.reads import Reads
from aksu_shared.db.schema import require_known_schema
from aksu_shared.kernel.clock import Clock
from aksu_shared.kernel.codelists import CODELISTS
from aksu_shared.kernel.unfit import Unfit
from aksu_shared.operations import audit, dead_letters, digest, reconcile, repairs, vanished
from aksu_shared.procedures.context import legal_terms
from aksu_shared.serving.health import Health
from aksu_shared.web.api import Api
from aksu_shared.web.app import create_app
from aksu_shared.web.commands import CommandEdge
from aksu_shared.web.fingerprints import Fingerprints
from aksu_shared.worker.copies import Copies

_EVERY: Final = (dead_letters.router, audit.router, digest.router)
"""What every service answers to whoever runs the platform."""
_OF_COPIES: Final = (reconcile.router, vanished.router)
"""What a service answers besides that keeps copies of others' data."""
_log = structlog.get_logger(__name__)


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

    It refuses to start where it would be Unfit.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_api(service, config) as api:
            app.state.api = api
            health.check("database", lambda: api.pool.fetchval("SELECT 1"))
            health.check("role", lambda: require_role(service, "runtime", api.pool))
            yield

    health = Health()
    app = create_app(
        title=title,
        version=version(f"aksu-{service}"),
        config=config,
        routers=[*routers, *_EVERY, *((*_OF_COPIES, repairs.repairs_router(service)) if copies else ())],
        health=health,
        lifespan=lifespan,
        codelists=CODELISTS,
    )
    app.state.aggregates = aggregates
    app.state.copies = copies
    return app


@asynccontextmanager
async def open_api(service: str, config: BaseConfig) -> AsyncIterator[Api]:
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
            log_keys=config.log_keys,
        )
        news = await stack.enter_async_context(Listener(url, SEQUENCED, APPLIED))
        yield Api(
            service=service,
            pool=pool,
            reads=await Reads.of(pool),
            commands=commands,
            clock=clock,
            rights=rights,
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
async def open_commands(service: str, config: BaseConfig) -> AsyncIterator[CommandEdge]:
    """The edge for commands alone, for a service's command line."""
    async with open_api(service, config) as api:
        yield api.commands
