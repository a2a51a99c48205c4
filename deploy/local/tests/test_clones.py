"""Databases of tests: made once, copied ahead, dropped behind; nobody's rows are in another's copy."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from aksu_local import testing
from aksu_local.clones import Clones, Template
from aksu_local.databases import ServiceUrls, connected, drop_database
from aksu_local.postgres import Postgres
from aksu_local.templates import Databases
from aksu_local.testing import server_folder
from aksu_local.waiting import eventually

NAMES = "SELECT array_agg(datname::text) FROM pg_database"


async def names(server: Postgres) -> set[str]:
    async with connected(server) as connection:
        return set(await connection.fetchval(NAMES))


async def execute(url: str, sql: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(sql)
    await connection.close()


async def count(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        return int(await connection.fetchval("SELECT count(*) FROM thing"))
    finally:
        await connection.close()


@pytest.fixture
def clones(postgres: Postgres) -> Iterator[Clones]:
    clones = Clones(postgres)
    yield clones
    clones.close()


@pytest.fixture
async def template(postgres: Postgres) -> AsyncIterator[Template]:
    async with connected(postgres) as connection:
        await connection.execute("CREATE DATABASE template_of_one OWNER postgres")
    await execute(postgres.url("template_of_one"), "CREATE TABLE thing AS SELECT 1 AS id")
    yield Template(database="template_of_one", service="bus")
    await drop_database(postgres, "template_of_one")


@pytest.fixture(autouse=True)
async def bus_role(databases: Databases) -> None:
    """What owns copies of a bus."""
    await databases.drop((await databases.bus()).rpartition("/")[2].partition("?")[0])


async def test_each_copy_holds_what_the_template_holds_and_nothing_of_another(
    postgres: Postgres, clones: Clones, template: Template
) -> None:
    first, second = [postgres.url(await clones.take(template)) for _ in range(2)]
    await execute(first, "INSERT INTO thing VALUES (2)")
    assert (await count(first), await count(second)) == (2, 1)


async def test_the_next_copies_stand_ready_before_anybody_asks(
    postgres: Postgres, clones: Clones, template: Template
) -> None:
    before = await names(postgres)
    taken = await clones.take(template)
    made = await eventually(lambda: names(postgres), lambda seen: len(seen - before) == 3)
    assert taken in made - before
    assert await clones.take(template) in made - before - {taken}


async def test_what_was_dropped_is_gone_at_the_end_though_somebody_was_connected(
    postgres: Postgres, template: Template
) -> None:
    clones = Clones(postgres)
    taken = await clones.take(template)
    connection = await asyncpg.connect(postgres.url(taken))
    clones.drop(taken)
    await asyncio.to_thread(clones.close)
    assert taken not in await names(postgres)
    await connection.close()


async def test_a_copy_that_cannot_be_made_fails_whoever_asked(clones: Clones) -> None:
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await clones.take(Template(database="no_such_template", service="bus"))


PREPARED: list[str] = []


async def prepare(urls: ServiceUrls) -> None:
    PREPARED.append(urls.database)


async def test_processes_of_one_run_prepare_once_and_those_of_another_for_themselves(
    postgres: Postgres, tmp_path: Path
) -> None:
    one, two, other = (Databases(postgres, sharing=f"{tmp_path}{run}") for run in ("run", "run", "another"))
    made = await asyncio.gather(*(each.service("registry", prepare=prepare) for each in (one, two, one, other)))
    assert len(PREPARED) == 2
    assert len({urls.database for urls in made}) == 4
    for database in (*PREPARED, *(urls.database for urls in made)):
        await drop_database(postgres, database)


def test_the_folder_of_a_killed_run_is_given_back_and_a_living_ones_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(testing, "_MEMORY", tmp_path)
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    dead = tmp_path / f"aksu-test-{ended.pid}-pg-x"
    dead.mkdir()
    with server_folder("pg") as mine, server_folder("kafka"):
        assert mine.is_dir()
        assert not dead.exists()
    assert not mine.exists()
