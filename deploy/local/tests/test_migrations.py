"""What `make check` says of migrations and what `make migration` writes."""

import asyncio
import shutil
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import ARRAY, Column, Date, MetaData, Table, Text, Uuid

import aksu_registry.migrations
from aksu_local import migrations
from aksu_local.databases import SERVICES, ServiceUrls
from aksu_local.served import SCHEMAS
from aksu_shared.db import migrate
from aksu_shared.db.fitness import ForeignDatabase
from aksu_shared.db.schema import migrations_of

NOW = datetime(2027, 1, 5, 9, 30, tzinfo=UTC)


def test_no_two_services_have_a_revision_of_the_same_name() -> None:
    revisions = Counter(file.stem for service in SERVICES for file in migrations_of(service).glob("versions/*.py"))
    assert [*migrations.statements()] == [*revisions]
    assert max(revisions.values()) == 1


async def test_a_service_does_not_migrate_the_database_of_another(
    fresh_database: Callable[..., Awaitable[ServiceUrls]],
) -> None:
    url = (await fresh_database("licensing", prepare=SCHEMAS["licensing"])).owner
    with pytest.raises(ForeignDatabase, match="that of aksu-licensing"):
        await asyncio.to_thread(migrate.upgrade, "registry", url)


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("CREATE INDEX ix_place_address ON place (address);", "require-concurrent-index-creation"),
        ("ALTER TABLE place ADD COLUMN floor text NOT NULL;", "adding-required-field"),
        ("ALTER TABLE place DROP COLUMN address;", "ban-drop-column"),
    ],
)
def test_what_would_stop_a_running_platform_is_named(statement: str, rule: str) -> None:
    timeouts = "SET LOCAL lock_timeout = '5s';\nSET LOCAL statement_timeout = '60s';\n"
    assert rule in migrations.risks({"adds_it": f"BEGIN;\n{timeouts}{statement}\nCOMMIT;\n"})


def test_locks_without_a_time_out_are_named() -> None:
    assert "require-lock-timeout" in migrations.risks({"adds_it": "ALTER TABLE place ADD COLUMN floor text;\n"})


@pytest.fixture
def versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The registry's migrations in a folder of the test, and a column in code that none of them makes."""
    shutil.copytree(migrations_of("registry"), tmp_path / "migrations")
    monkeypatch.setattr(migrate, "migrations_of", lambda _service: tmp_path / "migrations")
    declared = MetaData(naming_convention=aksu_registry.migrations.METADATA.naming_convention)
    for table in aksu_registry.migrations.METADATA.tables.values():
        table.to_metadata(declared)
    declared.tables["place"].append_column(Column("floor", Text))
    monkeypatch.setattr(aksu_registry.migrations, "METADATA", declared)
    return tmp_path / "migrations/versions"


async def test_a_column_in_code_that_no_migration_makes_is_named_and_the_next_migration_makes_it(
    versions: Path, fresh_database: Callable[..., Awaitable[ServiceUrls]]
) -> None:
    url = (await fresh_database("registry", prepare=SCHEMAS["registry"])).owner
    assert "floor" in await asyncio.to_thread(migrate.differences, "registry", url)

    file = await asyncio.to_thread(migrate.write_migration, "registry", url, slug="adds_floor", now=NOW)

    assert file == versions / "20270105_0930_adds_floor.py"
    *_, (revision, sql) = migrate.statements_of("registry")
    assert revision == file.stem
    assert sql.index("lock_timeout") < sql.index("ALTER TABLE place ADD COLUMN floor TEXT")
    assert migrations.risks({revision: sql}) == ""
    await asyncio.to_thread(migrate.upgrade, "registry", url)
    assert await asyncio.to_thread(migrate.differences, "registry", url) == ""


async def test_a_new_table_with_scope_keys_is_guarded_by_the_migration_that_makes_it(
    versions: Path, fresh_database: Callable[..., Awaitable[ServiceUrls]]
) -> None:
    url = (await fresh_database("registry", prepare=SCHEMAS["registry"])).owner
    declared: MetaData = aksu_registry.migrations.METADATA
    Table("room", declared, Column("id", Uuid, primary_key=True), Column("scope", ARRAY(Text), nullable=False))
    Table("calendar", declared, Column("day", Date, primary_key=True))

    file = await asyncio.to_thread(migrate.write_migration, "registry", url, slug="adds_room", now=NOW)

    assert file.parent == versions
    await asyncio.to_thread(migrate.upgrade, "registry", url)
    assert await migrations.unguarded(url) == []
    assert file.read_text(encoding="utf-8").count("scoped_v1") == 1


async def test_a_table_with_scope_keys_that_everybody_sees_is_named(
    fresh_database: Callable[..., Awaitable[ServiceUrls]],
) -> None:
    url = (await fresh_database("registry", prepare=SCHEMAS["registry"])).owner
    assert await migrations.unguarded(url) == []
    owner = await asyncpg.connect(url)
    await owner.execute("CREATE TABLE room (id uuid, scope text[]); ALTER TABLE place NO FORCE ROW LEVEL SECURITY")
    await owner.close()
    assert await migrations.unguarded(url) == ["place", "room"]
