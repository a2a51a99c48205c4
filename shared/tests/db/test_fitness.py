"""Whose a database is, and who may be what to it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

import asyncpg
import pytest
import pytest_asyncio

from aksu_local.databases import ServiceUrls
from aksu_local.templates import Databases
from aksu_local.worker_rig import Registry, prepare_registry, worker_pool
from aksu_shared.db.fitness import (
    ForeignDatabase,
    Role,
    WrongRole,
    claim,
    require_fit,
    require_role,
    scoped_tables,
)

Fresh = Callable[..., Awaitable[ServiceUrls]]


@pytest_asyncio.fixture
async def urls(fresh_database: Fresh) -> ServiceUrls:
    """A registry's database with a place in it."""
    made = await fresh_database("registry", prepare=prepare_registry)
    async with await worker_pool(made) as pool:
        await Registry(pool).register()
    return made


@pytest_asyncio.fixture
async def superuser(urls: ServiceUrls, databases: Databases) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(databases.server.url(urls.database))
    yield connection
    await connection.close()


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def refusal(role: Role, url: str) -> str:
    """Why a process of the registry is not run on that URL; empty if it is."""
    async with connected(url) as connection:
        try:
            await require_fit("registry", role, connection)
        except WrongRole as obstacle:
            return str(obstacle)
    return ""


async def test_each_process_has_the_role_that_is_its_own_and_no_other(urls: ServiceUrls, databases: Databases) -> None:
    roles: dict[Role, str] = {"owner": urls.owner, "runtime": urls.runtime, "worker": urls.worker}
    every = [*roles.items(), ("reader", urls.reader)]
    for role, url in roles.items():
        assert await refusal(role, url) == ""
        for other, theirs in every:
            if other != role:
                assert f"it is not registry_{role}" in await refusal(role, theirs)
        assert "passes by row-level security" in await refusal(role, databases.server.url(urls.database))


@pytest.mark.parametrize("right", ["registry_worker", "registry_owner", "registry_reader"])
async def test_an_api_whose_role_was_given_another_does_not_run(
    urls: ServiceUrls, superuser: asyncpg.Connection, right: str
) -> None:
    await superuser.execute(f"GRANT {right} TO registry_runtime")
    try:
        assert f"it is {right} too" in await refusal("runtime", urls.runtime)
    finally:
        await superuser.execute(f"REVOKE {right} FROM registry_runtime")  # roles are the server's: other tests' too


async def test_an_api_whose_role_passes_by_row_level_security_does_not_run(
    urls: ServiceUrls, superuser: asyncpg.Connection
) -> None:
    await superuser.execute("ALTER ROLE registry_runtime BYPASSRLS")
    try:
        assert "passes by row-level security" in await refusal("runtime", urls.runtime)
    finally:
        await superuser.execute("ALTER ROLE registry_runtime NOBYPASSRLS")


_GRANT_PARTITION: Final = """
DO $$ BEGIN EXECUTE (SELECT 'GRANT SELECT ON ' || inhrelid::regclass || ' TO registry_runtime'
  FROM pg_inherits WHERE inhparent = 'change_log'::regclass LIMIT 1); END $$"""


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("ALTER TABLE place OWNER TO registry_runtime", "it owns"),
        ("ALTER TABLE place DISABLE ROW LEVEL SECURITY", "does not hide place"),
        ("ALTER TABLE place NO FORCE ROW LEVEL SECURITY", "does not hide place"),
        ("ALTER TABLE change_log DISABLE ROW LEVEL SECURITY", "does not hide change_log"),
        ("ALTER TABLE read_log DISABLE ROW LEVEL SECURITY", "does not hide read_log"),  # before anything is in it
        ("CREATE POLICY lax ON place FOR SELECT USING (true)", "does not hide place"),
        ("CREATE TABLE loose (scope text[]); GRANT SELECT ON loose TO registry_runtime", "does not hide loose"),
        (_GRANT_PARTITION, "does not hide change_log_"),
    ],
)
async def test_an_api_that_would_see_what_is_not_its_callers_does_not_run(
    urls: ServiceUrls, superuser: asyncpg.Connection, change: str, why: str
) -> None:
    await superuser.execute(change)
    assert why in await refusal("runtime", urls.runtime)


async def test_a_scope_said_once_for_a_role_is_nobody_asking(urls: ServiceUrls, superuser: asyncpg.Connection) -> None:
    await superuser.execute(f"ALTER ROLE registry_runtime IN DATABASE \"{urls.database}\" SET app.scope = 'public'")
    assert "does not hide place" in await refusal("runtime", urls.runtime)


async def test_a_large_table_is_not_read_to_see_that_nothing_of_it_shows(
    urls: ServiceUrls, superuser: asyncpg.Connection
) -> None:
    await superuser.execute(
        "INSERT INTO place (id, version, scope) SELECT gen_random_uuid(), 1, '{public}' FROM generate_series(1, 50000)"
    )
    async with connected(urls.runtime) as runtime:
        read = "SELECT coalesce(sum(seq_tup_read), 0) FROM pg_stat_xact_user_tables WHERE relname = 'place'"
        async with runtime.transaction():
            await require_role("registry", "runtime", runtime)
            assert await runtime.fetchval(read) < 10_000
    await superuser.execute("CREATE POLICY lax ON place FOR SELECT USING (true)")
    assert "does not hide place" in await refusal("runtime", urls.runtime)


async def test_tables_are_scoped_by_their_column_and_not_by_hand(urls: ServiceUrls) -> None:
    async with connected(urls.runtime) as runtime:
        assert await scoped_tables(runtime) == {"change_log", "dead_letter_repair", "place", "read_log"}


async def test_a_database_is_of_the_service_that_made_it_whatever_its_role_may(
    fresh_database: Fresh, urls: ServiceUrls
) -> None:
    async with connected(urls.owner) as owner:
        for check in (require_fit("licensing", "runtime", owner), claim("licensing", owner)):
            with pytest.raises(ForeignDatabase, match="that of aksu-registry, not of aksu-licensing"):
                await check
        await claim("registry", owner)  # as often as it is migrated
    empty = await fresh_database("licensing")
    async with connected(empty.runtime) as runtime:
        with pytest.raises(ForeignDatabase, match="does not say"):
            await require_fit("licensing", "runtime", runtime)


async def test_tables_that_nobody_answers_for_are_left_alone(fresh_database: Fresh) -> None:
    urls = await fresh_database("licensing")
    async with connected(urls.owner) as owner:
        await owner.execute("CREATE TABLE something ()")
        with pytest.raises(ForeignDatabase, match="does not say"):
            await claim("licensing", owner)


async def test_only_its_owner_claims_a_database(fresh_database: Fresh, databases: Databases) -> None:
    urls = await fresh_database("licensing")
    for url in (urls.runtime, urls.worker, databases.server.url(urls.database)):
        async with connected(url) as connection:
            with pytest.raises(WrongRole):
                await claim("licensing", connection)
