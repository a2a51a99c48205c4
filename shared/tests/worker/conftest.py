"""A registry and a monitoring with their databases, for tests of the worker."""

from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import pytest_asyncio

from aksu_local.databases import ServiceUrls
from aksu_local.worker_rig import Registry, prepare_monitoring, prepare_registry, worker_pool
from aksu_shared.db.notify import Notifier

Fresh = Callable[..., Awaitable[ServiceUrls]]


@pytest_asyncio.fixture
async def registry_urls(fresh_database: Fresh) -> ServiceUrls:
    return await fresh_database("registry", prepare=prepare_registry)


@pytest_asyncio.fixture
async def monitoring_urls(fresh_database: Fresh) -> ServiceUrls:
    return await fresh_database("monitoring", prepare=prepare_monitoring)


@pytest_asyncio.fixture
async def registry_pool(registry_urls: ServiceUrls) -> AsyncIterator[asyncpg.Pool]:
    async with await worker_pool(registry_urls) as pool:
        yield pool


@pytest_asyncio.fixture
async def monitoring_pool(monitoring_urls: ServiceUrls) -> AsyncIterator[asyncpg.Pool]:
    async with await worker_pool(monitoring_urls) as pool:
        yield pool


@pytest_asyncio.fixture
async def notifier(registry_urls: ServiceUrls) -> AsyncIterator[Notifier]:
    """Wakes the registry's sequencer."""
    async with Notifier(registry_urls.worker) as notifier:
        yield notifier


@pytest_asyncio.fixture
async def registry(registry_pool: asyncpg.Pool, notifier: Notifier) -> Registry:
    return Registry(registry_pool, notifier)
