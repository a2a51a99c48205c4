"""Whole worker processes: killed at every seam, paused, told to leave, left without what they stand on."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import httpx
import pytest
import pytest_asyncio

from aksu_local.databases import ServiceUrls
from aksu_local.templates import Databases
from aksu_local.testing import emptied
from aksu_local.waiting import eventually
from aksu_local.worker_process import WorkerProcess
from aksu_local.worker_rig import Registry
from aksu_shared.db.deadlines import Deadline, schedule
from aksu_shared.db.log_keys import LogKeys
from aksu_shared.kernel.clock import write_offset
from aksu_shared.worker.verify import verify
from aksu_shared.worker.watchdog import EXIT_STUCK

pytestmark = pytest.mark.processes

Start = Callable[[str], WorkerProcess]


@pytest.fixture(params=["embedded", "kafka"])
def kafka_url(request: pytest.FixtureRequest) -> str | None:
    """The session's broker, started outside any event loop; None for the embedded bus."""
    return None if request.param == "embedded" else request.getfixturevalue("kafka").url


@pytest_asyncio.fixture
async def bus_url(kafka_url: str | None, fresh_bus: Callable[[], Awaitable[str]]) -> str:
    if kafka_url is None:
        return await fresh_bus()
    return await emptied(kafka_url)


only_embedded = pytest.mark.parametrize("kafka_url", ["embedded"], indirect=True)


@pytest_asyncio.fixture
async def worker(
    registry_urls: ServiceUrls, monitoring_urls: ServiceUrls, bus_url: str, tmp_path: Path
) -> AsyncIterator[Start]:
    """Makes worker processes, not yet started; those that run at the end are killed."""
    made: list[WorkerProcess] = []
    urls = {"registry": registry_urls, "monitoring": monitoring_urls}

    def make(service: str) -> WorkerProcess:
        made.append(WorkerProcess(service, urls[service], bus_url=bus_url, log=tmp_path / f"{service}{len(made)}.log"))
        return made[-1]

    yield make
    for process in made:
        await process.end()
        print(f"--- {process.log.name}\n{process.log.read_text()}")  # noqa: T201 - shown when the test failed


async def sequenced(registry: Registry, count: int, *, within: float = 20) -> None:
    sql = "SELECT count(*) FROM change_log WHERE position IS NOT NULL"
    await eventually(lambda: registry.pool.fetchval(sql), lambda seen: seen == count, within=within)


async def effects(pool: asyncpg.Pool, keys: list[str]) -> list[tuple[str, int]]:
    sql = "SELECT place, version FROM effect WHERE place = ANY ($1) ORDER BY place, n"
    return [tuple(row) for row in await pool.fetch(sql, keys)]


async def ready(process: WorkerProcess) -> int:
    async with httpx.AsyncClient() as client:
        try:
            return (await client.get(f"{process.health}/readyz")).status_code
        except httpx.TransportError:
            return 0


@pytest.mark.parametrize(
    ("kafka_url", "dying", "seam"),
    [
        ("embedded", "registry", "after_sequence"),
        ("embedded", "registry", "after_sequence:3"),
        ("embedded", "registry", "after_send_before_mark:2"),
        ("embedded", "monitoring", "after_effect_before_offset_commit"),
        ("embedded", "monitoring", "after_effect_before_offset_commit:3"),
        ("kafka", "registry", "after_sequence:2"),
        ("kafka", "registry", "after_send_before_mark:3"),
        ("kafka", "monitoring", "after_effect_before_offset_commit:2"),
    ],
    indirect=["kafka_url"],
)
async def test_killed_at_a_seam_every_change_still_takes_effect_once_and_in_order(
    registry: Registry, monitoring_pool: asyncpg.Pool, worker: Start, dying: str, seam: str
) -> None:
    workers = {service: worker(service) for service in ("registry", "monitoring")}
    for service, process in workers.items():
        await process.start(**({"AKSU_FAILPOINT": seam} if service == dying else {}))
    keys: list[str] = []
    while workers[dying].runs:
        keys.append(await registry.register())
        await registry.amend(keys[-1], address="ул. Втора 2")
        await asyncio.sleep(0.05)
    assert await workers[dying].ended(within=10) == -signal.SIGKILL
    await workers[dying].start()
    keys += [await registry.register() for _ in range(3)]

    expected = sorted([(key, 1) for key in keys] + [(key, 2) for key in keys[:-3]])
    await eventually(
        lambda: effects(monitoring_pool, keys), lambda seen: len(seen) >= len(expected), within=40, every=0.2
    )
    assert await effects(monitoring_pool, keys) == expected
    assert await monitoring_pool.fetchval("SELECT count(*) FROM dead_letter") == 0
    findings = "SELECT count(*) FROM change_log"
    assert await monitoring_pool.fetchval(findings) == await monitoring_pool.fetchval(
        "SELECT count(*) FROM effect WHERE version = 1"
    )
    await eventually(lambda: _nothing_unsequenced(monitoring_pool))
    for pool in (registry.pool, monitoring_pool):
        assert (await verify(pool)).ok


async def _nothing_unsequenced(pool: asyncpg.Pool) -> bool:
    return bool(await pool.fetchval("SELECT count(*) = 0 FROM change_log WHERE position IS NULL"))


@only_embedded
async def test_a_worker_verifies_and_signs_with_its_own_keys(
    registry: Registry, monitoring_pool: asyncpg.Pool, worker: Start
) -> None:
    """Not with the keys of development, which serve where nothing is said: what is signed with those is held."""
    new = "new:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
    key = await registry.register(log_keys=LogKeys.parse(new))
    await registry.register()
    for process in (worker("registry"), worker("monitoring")):
        await process.start(AKSU_LOG_KEY=new)
    told = "SELECT mac, position FROM change_log WHERE position IS NOT NULL"
    finding = await eventually(lambda: monitoring_pool.fetchrow(told), within=30)
    assert finding["mac"].startswith("new:")
    assert await registry.pool.fetchval("SELECT aggregate_id FROM change_log WHERE position = 1") == key
    await eventually(lambda: registry.pool.fetchval("SELECT reason = 'UNKNOWN_KEY' FROM held_change"))


@only_embedded
async def test_a_paused_holder_is_replaced_within_five_seconds_and_does_no_harm_when_it_wakes(
    registry: Registry, worker: Start
) -> None:
    first, second = worker("registry"), worker("registry")
    await first.start()
    await registry.register()
    await sequenced(registry, 1)
    await second.start()
    await eventually(lambda: ready(second), lambda status: status == 200, within=20)
    first.signal(signal.SIGSTOP)
    paused = time.monotonic()
    await registry.register()
    await sequenced(registry, 2, within=5.5)
    assert time.monotonic() - paused < 5.5
    first.signal(signal.SIGCONT)
    for count in range(3, 13):
        await registry.register()
        await sequenced(registry, count)
    await eventually(lambda: ready(first), lambda status: status == 200, within=20)
    await eventually(lambda: registry.pool.fetchval("SELECT shipped = 12 FROM log_state"))
    assert first.runs
    assert (await verify(registry.pool)).ok


@only_embedded
async def test_deadlines_fire_once_though_the_worker_dies_among_them_and_is_down_when_the_clock_jumps_five_years(
    registry: Registry, worker: Start, tmp_path: Path
) -> None:
    clock, now = tmp_path / "clock", datetime.now(UTC)
    deadlines = [
        Deadline(term="validity", subject=f"s{n}", revision=1, kind="EXPIRY", due_at=now + timedelta(days=5 * n - 1000))
        for n in range(500)
    ]
    async with registry.pool.acquire() as connection:
        await schedule(connection, deadlines)
    fired = "SELECT count(*) FROM effect"
    first, second = worker("registry"), worker("registry")
    await first.start(AKSU_CLOCK_FILE=str(clock))
    await eventually(lambda: registry.pool.fetchval(fired), lambda count: count > 20, within=30)
    first.signal(signal.SIGKILL)
    await first.ended(within=5)
    write_offset(clock, timedelta(days=5 * 366))
    await first.start(AKSU_CLOCK_FILE=str(clock))
    await second.start(AKSU_CLOCK_FILE=str(clock))
    await eventually(lambda: registry.pool.fetchval(fired), lambda count: count >= 500, within=60)
    subjects = [row[0] for row in await registry.pool.fetch("SELECT place FROM effect")]
    assert sorted(subjects) == sorted(deadline.subject for deadline in deadlines)
    assert await registry.pool.fetchval("SELECT count(*) FROM deadline WHERE fired_at IS NULL") == 0


@only_embedded
async def test_a_killed_holder_is_replaced_within_five_seconds(registry: Registry, worker: Start) -> None:
    first, second = worker("registry"), worker("registry")
    await first.start()
    await registry.register()
    await sequenced(registry, 1)
    await second.start()
    await eventually(lambda: ready(second), lambda status: status == 200, within=20)
    first.signal(signal.SIGKILL)
    await registry.register()
    await sequenced(registry, 2, within=5)


async def test_told_to_leave_it_finishes_and_leaves_with_zero_within_ten_seconds(
    registry: Registry, monitoring_pool: asyncpg.Pool, worker: Start
) -> None:
    workers = [worker("registry"), worker("monitoring")]
    for process in workers:
        await process.start()
    key = await registry.register()
    await eventually(lambda: effects(monitoring_pool, [key]), within=40)
    for process in workers:
        assert await ready(process) == 200
        process.signal(signal.SIGTERM)
        assert await process.ended(within=10) == 0
        assert "cut off" not in process.log.read_text()
        assert "never awaited" not in process.log.read_text()


@only_embedded
async def test_with_its_database_away_it_stays_not_ready_and_goes_on_when_it_is_back(
    registry: Registry, registry_urls: ServiceUrls, databases: Databases, worker: Start
) -> None:
    process = worker("registry")
    name, hidden = registry_urls.database, f"{registry_urls.database}_away"
    await registry.pool.close()
    async with _superuser(databases) as connection:
        await _rename(connection, name, hidden)
        await process.start()
        await eventually(lambda: ready(process), lambda status: status == 503, within=20)
        await _rename(connection, hidden, name)
        await eventually(lambda: ready(process), lambda status: status == 200, within=20)
        await _rename(connection, name, hidden)
        await eventually(lambda: ready(process), lambda status: status == 503, within=20)
        await _rename(connection, hidden, name)
        await eventually(lambda: ready(process), lambda status: status == 200, within=20)
    pool = await asyncpg.create_pool(registry_urls.worker, min_size=1, max_size=2)
    async with pool:
        await eventually(lambda: pool.fetchval("SELECT seen_alive_at > now() - interval '2 seconds' FROM log_state"))
    assert process.runs


@only_embedded
async def test_a_process_whose_loop_is_blocked_ends_itself(registry: Registry, worker: Start) -> None:
    registry_worker, monitoring_worker = worker("registry"), worker("monitoring")
    await registry_worker.start()
    await monitoring_worker.start()
    await registry.register(address="block")
    assert await monitoring_worker.ended(within=30) == EXIT_STUCK
    assert "copy_or_block" in monitoring_worker.log.read_text()


@only_embedded
async def test_a_failpoint_is_refused_in_production(worker: Start) -> None:
    process = worker("registry")
    await process.start(AKSU_FAILPOINT="after_sequence", AKSU_ENVIRONMENT="production")
    assert await process.ended(within=20) == 1
    assert "AKSU_FAILPOINT kills processes" in process.log.read_text()


@asynccontextmanager
async def _superuser(databases: Databases) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(databases.server.url())
    try:
        yield connection
    finally:
        await connection.close()


async def _rename(connection: asyncpg.Connection, old: str, new: str) -> None:
    """A database renamed is away for whoever knows its old name; nobody comes back between the last end and that."""
    await connection.execute(f'ALTER DATABASE "{old}" ALLOW_CONNECTIONS false')
    async with asyncio.timeout(30):
        while True:
            await connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", old)
            try:
                await connection.execute(f'ALTER DATABASE "{old}" RENAME TO "{new}"')
            except asyncpg.ObjectInUseError:
                continue
            break
    await connection.execute(f'ALTER DATABASE "{new}" ALLOW_CONNECTIONS true')
