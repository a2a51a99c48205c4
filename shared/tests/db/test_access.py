"""Revoked access: kept from the registry's events, asked by every statement, and never missed for long."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
import pytest_asyncio

from aksu_local.databases import ServiceUrls
from aksu_local.worker_rig import monitoring, prepare_monitoring, prepare_registry, worker_pool
from aksu_shared.auth.principal import Principal, Role
from aksu_shared.db.access import keep_revocations
from aksu_shared.db.pool import create_pool
from aksu_shared.db.work import Actor, UnitOfWork
from aksu_shared.events.registry.access import AccessRevoked, AccessState
from aksu_shared.kernel.clock import Clock
from aksu_shared.kernel.errors import TokenRevoked, Unavailable

NOON = datetime(2026, 5, 5, 12, tzinfo=UTC)
Fresh = Callable[..., Awaitable[ServiceUrls]]


@pytest_asyncio.fixture
async def urls(fresh_database: Fresh) -> ServiceUrls:
    return await fresh_database("monitoring", prepare=prepare_monitoring)


@pytest_asyncio.fixture
async def pool(urls: ServiceUrls) -> AsyncIterator[asyncpg.Pool]:
    async with await create_pool(urls.runtime, application="test") as pool:
        yield pool


@pytest_asyncio.fixture
async def copy(urls: ServiceUrls) -> AsyncIterator[asyncpg.Pool]:
    """The worker's."""
    async with await worker_pool(urls) as pool:
        yield pool


def holder(subject: str = "s-1", *, issued: datetime = NOON) -> Principal:
    return Principal(subject, frozenset({Role.INSPECTOR}), "AKSU", issued_at=int(issued.timestamp()))


def revoked(subject: str, not_before: datetime, *, version: int = 1) -> AccessRevoked:
    return AccessRevoked(id=subject, version=version, state=AccessState(not_before=not_before), scope=("access",))


async def told(copy: asyncpg.Pool, events: Sequence[AccessRevoked]) -> None:
    async with copy.acquire() as connection, connection.transaction():
        await keep_revocations(monitoring(copy).work(connection), events)


async def begins(pool: asyncpg.Pool, principal: Principal) -> None:
    """Open and end a transaction in which the principal could write."""
    async with pool.acquire() as connection:
        actor = Actor(subject=principal.subject, scope=principal.scope_keys)
        work = UnitOfWork(connection=connection, actor=actor, clock=Clock(), source="monitoring")
        try:
            await work.begin()
        finally:
            await work.rollback()


async def hears(copy: asyncpg.Pool, *, ago: float) -> None:
    await copy.execute(
        "INSERT INTO source_state (source, heard_at) VALUES ('registry', now() - make_interval(secs => $1))"
        " ON CONFLICT (source) DO UPDATE SET heard_at = EXCLUDED.heard_at",
        ago,
    )


async def test_a_token_issued_before_its_subject_was_revoked_opens_nothing(
    pool: asyncpg.Pool, copy: asyncpg.Pool
) -> None:
    await hears(copy, ago=0)
    await told(copy, [revoked("s-1", NOON)])
    with pytest.raises(TokenRevoked):
        await begins(pool, holder(issued=NOON - timedelta(seconds=1)))
    await begins(pool, holder(issued=NOON))
    await begins(pool, holder("s-2", issued=NOON - timedelta(days=1)))
    await begins(pool, Principal("s-1"))


async def test_the_newest_revocation_of_a_subject_counts_in_whatever_order_they_come(
    pool: asyncpg.Pool, copy: asyncpg.Pool
) -> None:
    await hears(copy, ago=0)
    later = revoked("s-1", NOON + timedelta(hours=1), version=2)
    await told(copy, [later])
    await told(copy, [revoked("s-1", NOON)])
    with pytest.raises(TokenRevoked):
        await begins(pool, holder(issued=NOON + timedelta(minutes=30)))
    await begins(pool, holder(issued=NOON + timedelta(hours=1)))


@pytest.mark.parametrize(("ago", "known"), [(None, False), (0, True), (55, True), (65, False)])
async def test_who_may_have_missed_a_revocation_does_not_write(
    pool: asyncpg.Pool, copy: asyncpg.Pool, ago: float | None, *, known: bool
) -> None:
    if ago is not None:
        await hears(copy, ago=ago)
    if known:
        await begins(pool, holder())
    else:
        with pytest.raises(Unavailable):
            await begins(pool, holder())
    await begins(pool, Principal("anonymous"))  # there is no token to revoke


async def test_the_patience_is_a_setting_of_the_session(urls: ServiceUrls, copy: asyncpg.Pool) -> None:
    await hears(copy, ago=20)
    for patience, known in (("10", False), ("30", True), ("off", True)):
        settings = {"app.access_patience": patience}
        async with await create_pool(urls.runtime, application="test", settings=settings) as pool:
            if known:
                await begins(pool, holder())
            else:
                with pytest.raises(Unavailable):
                    await begins(pool, holder())


async def test_the_registry_who_owns_revocations_never_misses_one(fresh_database: Fresh) -> None:
    urls = await fresh_database("registry", prepare=prepare_registry)
    async with await create_pool(urls.runtime, application="test") as pool:
        await begins(pool, holder())
