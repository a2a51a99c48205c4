"""A registry, the service that copies it and the broker between, for measuring the way of a change."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from aksu_local.databases import ServiceUrls, create_service_database
from aksu_local.platform import Platform
from aksu_local.worker_rig import (
    prepare_monitoring,
    prepare_registry,
)
from aksu_shared.bus import Bus, connect
from aksu_shared.db.notify import Notifier
from aksu_shared.db.pool import create_pool


@dataclass(frozen=True, kw_only=True)
class Stream:
    """A registry that tells of places, a service that copies them, and the broker between."""

    registry: ServiceUrls
    pool: asyncpg.Pool
    monitoring: ServiceUrls
    copies: asyncpg.Pool
    notifier: Notifier
    bus: Bus
    servers: str


@asynccontextmanager
async def opened() -> AsyncIterator[Stream]:
    """A stream on servers of its own, until the block ends."""
    platform = Platform(bus="kafka", services=("registry",), durable=True)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(platform.servers())
        urls = {}
        for service, prepare in (("registry", prepare_registry), ("monitoring", prepare_monitoring)):
            urls[service] = await create_service_database(platform.postgres, service, database=f"bench_{service}")
            await prepare(urls[service])
        registry, monitoring = urls["registry"], urls["monitoring"]
        copies = await stack.enter_async_context(await _patient(monitoring))
        yield Stream(
            registry=registry,
            pool=await stack.enter_async_context(await _patient(registry)),
            monitoring=monitoring,
            copies=copies,
            notifier=await stack.enter_async_context(Notifier(registry.worker)),
            bus=await stack.enter_async_context(connect(platform.bus_url, cursors=copies)),
            servers=urlsplit(platform.bus_url).netloc,
        )


async def _patient(urls: ServiceUrls) -> Any:  # noqa: ANN401 - an asyncpg pool
    return await create_pool(urls.worker, application="bench", statement_timeout=timedelta(minutes=3))
