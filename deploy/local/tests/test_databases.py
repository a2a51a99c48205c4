"""One database per service, four roles each, none of which can do more than its part."""

from collections.abc import Awaitable, Callable

import asyncpg
import pytest

from aksu_local.databases import SERVICES, ServiceUrls, create_service_database
from aksu_local.postgres import Postgres

Fresh = Callable[..., Awaitable[ServiceUrls]]


async def run(url: str, statement: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def with_a_table(urls: ServiceUrls) -> None:
    await run(urls.owner, "CREATE TABLE prepared (number integer)")


@pytest.mark.parametrize("service", SERVICES)
async def test_no_role_of_a_service_is_superuser_or_passes_row_level_security(
    fresh_database: Fresh, service: str
) -> None:
    urls = await fresh_database(service)
    for url in (urls.owner, urls.runtime, urls.worker, urls.reader):
        mighty = "rolsuper OR rolbypassrls OR rolcreatedb OR rolcreaterole"
        assert await run(url, f"SELECT {mighty} FROM pg_roles WHERE rolname = current_user") is False


async def test_only_the_owner_makes_tables(fresh_database: Fresh) -> None:
    urls = await fresh_database("registry")
    await with_a_table(urls)
    for url in (urls.runtime, urls.worker, urls.reader):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await run(url, "CREATE TABLE mine (number integer)")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await run(url, "SELECT count(*) FROM prepared")


async def test_no_role_enters_another_services_database_or_the_bus(
    fresh_database: Fresh, fresh_bus: Callable[[], Awaitable[str]], postgres: Postgres
) -> None:
    registry, licensing = await fresh_database("registry"), await fresh_database("licensing")
    bus = (await fresh_bus()).split("/")[3].partition("?")[0]
    for database in (licensing.database, bus):
        for role in ("owner", "runtime", "worker", "reader"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await run(postgres.url(database, role=f"registry_{role}"), "SELECT 1")
    assert await run(registry.reader, "SELECT 1") == 1


async def test_a_worker_can_end_another_session_of_its_role_and_none_of_other_roles(fresh_database: Fresh) -> None:
    urls = await fresh_database("registry")
    paused, foreign = await asyncpg.connect(urls.worker), await asyncpg.connect(urls.runtime)
    assert await run(urls.worker, f"SELECT pg_terminate_backend({paused.get_server_pid()})") is True
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await run(urls.worker, f"SELECT pg_terminate_backend({foreign.get_server_pid()})")
    paused.terminate()
    await foreign.close()


async def test_every_role_but_the_owner_has_its_statements_and_idle_transactions_bounded(fresh_database: Fresh) -> None:
    urls = await fresh_database("registry")
    for url in (urls.runtime, urls.worker, urls.reader):
        for setting in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
            assert await run(url, f"SHOW {setting}") != "0"


async def test_making_a_service_database_again_keeps_it(fresh_database: Fresh, postgres: Postgres) -> None:
    urls = await fresh_database("registry")
    await with_a_table(urls)
    assert await create_service_database(postgres, "registry", database=urls.database) == urls
    assert await run(urls.owner, "SELECT count(*) FROM prepared") == 0


async def test_fresh_databases_start_from_the_prepared_state_and_share_nothing(fresh_database: Fresh) -> None:
    first = await fresh_database("registry", prepare=with_a_table)
    second = await fresh_database("registry", prepare=with_a_table)
    await run(first.owner, "INSERT INTO prepared VALUES (1)")
    assert await run(second.owner, "SELECT count(*) FROM prepared") == 0
    assert first.database != second.database
