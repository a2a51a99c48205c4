"""The hash chain shows every change made to the log behind its back."""

import asyncpg
import pytest
import pytest_asyncio

from aksu_local.databases import ServiceUrls
from aksu_local.templates import Databases
from aksu_local.waiting import eventually
from aksu_local.worker_rig import Log, Registry
from aksu_shared.db.notify import Notifier
from aksu_shared.worker.verify import verify


@pytest_asyncio.fixture
async def log(
    registry: Registry, registry_urls: ServiceUrls, notifier: Notifier, databases: Databases
) -> asyncpg.Connection:
    """A log of twenty changes, and a connection that may do anything to it."""
    for _ in range(10):
        await registry.amend(await registry.register(correlation_id="c"), address="ул. Втора 2")
    async with Log(registry_urls, registry.pool, notifier):
        await eventually(lambda: registry.pool.fetchval("SELECT position = 20 FROM log_state"))
    connection = await asyncpg.connect(databases.server.url(registry_urls.database))
    yield connection
    await connection.close()


async def test_an_untouched_log_verifies_up_to_its_head(registry: Registry, log: asyncpg.Connection) -> None:
    result = await verify(registry.pool)
    assert result.ok
    assert (result.rows, result.position) == (20, 20)
    assert result.hash == await log.fetchval("SELECT hash FROM log_state")


async def test_it_can_begin_at_a_known_head(registry: Registry, log: asyncpg.Connection) -> None:
    known = await log.fetchval("SELECT hash FROM change_log WHERE position = 12")
    assert (await verify(registry.pool, after=12, start=known)).ok
    assert not (await verify(registry.pool, after=12, start=bytes(32))).ok


@pytest.mark.parametrize(
    "column",
    [
        "state = jsonb_set(state::jsonb, '{address}', '\"ул. Трета 3\"')",
        "changed = '{}'",
        "scope = ARRAY['public', 'BG']",
        "scope_before = ARRAY['public,BG']",
        "actor = 'somebody'",
        "reason = ''",
        "legal_basis = 'чл. 1'",
        "legal_time = legal_time + interval '1 microsecond'",
        "version = version + 1",
        "type = type || '2'",
        "correlation_id = NULL",
        "event_id = gen_random_uuid()",
    ],
)
async def test_a_flipped_value_is_found(registry: Registry, log: asyncpg.Connection, column: str) -> None:
    await log.execute(f"UPDATE change_log SET {column} WHERE position = 7")
    findings = (await verify(registry.pool)).findings
    assert [(finding.kind, finding.position) for finding in findings] == [("flipped", 7)]


async def test_a_deleted_row_is_found_at_the_end_too(registry: Registry, log: asyncpg.Connection) -> None:
    await log.execute("DELETE FROM change_log WHERE position IN (5, 20)")
    findings = (await verify(registry.pool)).findings
    assert [(finding.kind, finding.position) for finding in findings] == [("deleted", 5), ("deleted", 20)]


async def test_an_inserted_row_is_found(registry: Registry, log: asyncpg.Connection) -> None:
    copy = """
        INSERT INTO change_log (position, event_id, type, topic, aggregate_id, version, state, changed, scope,
          legal_time, hash)
        SELECT $1, gen_random_uuid(), type, topic, aggregate_id, version, state, changed, scope, legal_time, hash
          FROM change_log WHERE position = $2"""
    await log.execute(copy, 9, 9)
    findings = (await verify(registry.pool)).findings
    assert [(finding.kind, finding.position) for finding in findings] == [("inserted", 9)]
    await log.execute("DELETE FROM change_log WHERE seq = (SELECT max(seq) FROM change_log)")
    await log.execute(copy, 21, 20)
    assert "inserted" in {finding.kind for finding in (await verify(registry.pool)).findings}


async def test_reordered_rows_are_found(registry: Registry, log: asyncpg.Connection) -> None:
    await log.execute(
        "UPDATE change_log SET position = CASE position WHEN 3 THEN 4 ELSE 3 END WHERE position IN (3, 4)"
    )
    findings = (await verify(registry.pool)).findings
    assert {finding.kind for finding in findings} == {"reordered"}
    assert {3, 4} <= {finding.position for finding in findings}


async def test_a_chain_forged_anew_does_not_match_the_head(registry: Registry, log: asyncpg.Connection) -> None:
    await log.execute("UPDATE change_log SET actor = 'somebody', hash = sha256('forged') WHERE position = 20")
    assert not (await verify(registry.pool)).ok
    await log.execute("UPDATE log_state SET hash = sha256('other')")
    assert not (await verify(registry.pool)).ok
