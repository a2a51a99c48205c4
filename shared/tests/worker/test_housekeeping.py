"""Partitions ahead of time, and stored answers that are old enough."""

from aksu_local.worker_rig import Registry
from aksu_shared.worker.housekeeping import make_partitions, purge_idempotency

PARTITIONS = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'change_log'::regclass"


async def test_partitions_are_made_ahead_by_the_worker_which_may_not_create_tables(registry: Registry) -> None:
    before = await registry.pool.fetchval(PARTITIONS)
    await make_partitions(registry.pool)
    assert await registry.pool.fetchval(PARTITIONS) == before == 4
    await registry.pool.execute("SELECT change_log_partition((now() + interval '3 months')::date)")
    assert await registry.pool.fetchval(PARTITIONS) == 5
    await registry.register()
    month = await registry.pool.fetchval("SELECT 'change_log_' || to_char(now(), 'YYYYMM')")
    assert await registry.pool.fetchval("SELECT tableoid::regclass::text FROM change_log") == month


async def test_stored_answers_are_kept_for_seven_days(registry: Registry) -> None:
    await registry.pool.execute("""
        INSERT INTO idempotency (client, key, fingerprint, scope, status, headers, body, created_at)
        SELECT 'c', n::text, '', '', 200, '{}', '', now() - make_interval(days => n) + interval '1 minute'
          FROM generate_series(1, 20) AS n""")
    assert await purge_idempotency(registry.pool) == 13
    assert await registry.pool.fetchval("SELECT max(key::int) FROM idempotency") == 7
