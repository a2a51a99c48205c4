"""A platform starts whole or not at all, stops in order and leaves nothing running; stand-ins run for the services."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import psutil
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from aksu_local.databases import SERVICES
from aksu_local.folder import Folder, FolderBusy
from aksu_local.platform import Platform
from aksu_local.process import ProcessDied
from aksu_local.refusals import EarlierBuild, OtherBus
from aksu_local.waiting import eventually

pytestmark = pytest.mark.processes


@pytest.fixture(autouse=True)
def _stand_ins(monkeypatch: pytest.MonkeyPatch, stand_in: Callable[[str], Path]) -> None:
    monkeypatch.setattr("aksu_local.platform.program", stand_in)
    monkeypatch.setattr(Platform, "_heard", _knows_already)


async def _knows_already(_platform: Platform, _service: str) -> None:
    """Stand-ins copy nothing of the registry, and so never hear of revoked access."""


def _children() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True)}


def _keys(file: Path) -> KeySet:
    return KeySet.import_key_set(json.loads(file.read_text()))


async def test_a_platform_runs_every_process_of_every_service_and_leaves_nothing_behind() -> None:
    before = _children()
    async with Platform() as platform:
        pids = [process.pid for process in platform.processes()]
        own_children = {child.pid for child in psutil.Process().children()}
        root = platform.folder.root
        assert len(set(pids)) == 2 * len(SERVICES)
        assert own_children >= {*pids, platform.postgres.pid}
        assert platform.folder.running() == json.loads(json.dumps(platform.describe()))

    assert _children() <= before
    assert not root.exists()


async def test_each_service_is_told_its_own_databases_and_what_all_share() -> None:
    async with Platform(services=("registry", "licensing"), environment={"AKSU_LOG_LEVEL": "DEBUG"}) as platform:
        told = {process.name: psutil.Process(process.pid).environ() for process in platform.processes()}

        for service in ("registry", "licensing"):
            for role, name in (("runtime", "AKSU_DATABASE_URL"), ("worker", "AKSU_WORKER_DATABASE_URL")):
                connection = await asyncpg.connect(told[f"{service}-api"][name])
                found = await connection.fetchrow("SELECT current_user::text, current_database()::text")
                await connection.close()
                assert tuple(found) == (f"{service}_{role}", service)
        for shared in ("AKSU_BUS_URL", "AKSU_OIDC_JWKS_FILE", "AKSU_CLOCK_FILE", "AKSU_LOG_LEVEL"):
            assert len({environment[shared] for environment in told.values()}) == 1
        assert told["registry-api"]["AKSU_ENVIRONMENT"] == "local"


async def test_what_the_developer_has_exported_does_not_reach_the_services(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AKSU_FAILPOINT", "before_commit")
    async with Platform(services=("registry",)) as platform:
        assert "AKSU_FAILPOINT" not in psutil.Process(platform.process("registry", "api").pid).environ()


async def test_a_token_is_signed_with_the_key_that_the_services_know() -> None:
    async with Platform(services=("registry",)) as platform:
        environment = psutil.Process(platform.process("registry", "api").pid).environ()
        keys = _keys(Path(environment["AKSU_OIDC_JWKS_FILE"]))
        claims = jwt.decode(platform.token("inspector", "AKSU"), keys, algorithms=["ES256"]).claims

    assert claims["iss"] == environment["AKSU_OIDC_ISSUER"]
    assert claims["roles"] == ["inspector"]
    assert claims["body"] == "AKSU"


async def test_a_killed_process_comes_back_and_the_description_names_the_new_one() -> None:
    async with Platform(services=("registry",)) as platform:
        worker = platform.process("registry", "worker")
        first = worker.pid
        await worker.kill()

        async def described() -> int:
            description = platform.folder.running()
            assert description is not None
            return int(description["services"]["registry"]["worker"]["pid"])

        assert await eventually(described, lambda pid: pid != first) == worker.pid


async def test_a_service_that_cannot_start_ends_the_whole_start_with_its_log() -> None:
    before = _children()
    with pytest.raises(ProcessDied, match="told to fail"):
        async with Platform(environment={"STAND_IN_FAILS": "worker"}):
            pass
    assert _children() <= before


async def test_a_failed_migration_ends_the_start_and_is_tried_again_at_the_next(tmp_path: Path) -> None:
    with pytest.raises(ProcessDied, match="migrating registry failed"):
        async with Platform(tmp_path / "home", services=("registry",), environment={"STAND_IN_FAILS": "migrate"}):
            pass
    async with Platform(tmp_path / "home", services=("registry",)) as platform:
        log = platform.folder.logs / "registry-migrate.log"
        assert log.read_text().count("migrate") >= 2


async def test_migrations_run_once_until_they_change(tmp_path: Path) -> None:
    for _ in range(2):
        async with Platform(tmp_path / "home", services=("registry",)) as platform:
            log = platform.folder.logs / "registry-migrate.log"
    assert log.read_text().count("migrate") == 1


@pytest.mark.parametrize("applied", ["one checksum of all", {"20261122_first.py": "one that is gone"}])
async def test_data_made_by_migrations_that_are_no_more_is_not_run(tmp_path: Path, applied: object) -> None:
    Folder(tmp_path).remember(migrations={"registry": applied})
    with pytest.raises(EarlierBuild, match="earlier build: start over with FRESH=1"):
        async with Platform(tmp_path, services=()):
            pass


async def test_cancelled_while_starting_it_leaves_nothing_behind() -> None:
    before = _children()
    stages: asyncio.Queue[str] = asyncio.Queue()

    async def session() -> None:
        async with Platform(report=stages.put_nowait):
            pass

    starting = asyncio.create_task(session())
    await stages.get()
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert _children() <= before


async def test_data_stays_in_a_named_folder_and_goes_with_a_fresh_start(tmp_path: Path) -> None:
    home = tmp_path / "home"

    async def tables(*, fresh: bool) -> int:
        async with Platform(home, services=("registry",), fresh=fresh) as platform:
            connection = await asyncpg.connect(platform.databases["registry"].owner)
            await connection.execute("CREATE TABLE IF NOT EXISTS kept (number integer); INSERT INTO kept VALUES (1)")
            count = await connection.fetchval("SELECT count(*) FROM kept")
            await connection.close()
            return int(count)

    assert [await tables(fresh=fresh) for fresh in (False, False, True)] == [1, 2, 1]


async def test_two_platforms_share_a_machine_but_not_a_folder(tmp_path: Path) -> None:
    async with Platform(tmp_path / "home", services=("registry",)) as one, Platform(services=("registry",)) as other:
        assert one.url("registry") != other.url("registry")
        with pytest.raises(FolderBusy):
            async with Platform(tmp_path / "home", services=("registry",)):
                pass
        assert one.process("registry", "api").running


async def test_data_made_with_one_bus_is_not_run_with_the_other(tmp_path: Path) -> None:
    async with Platform(tmp_path / "home", services=()):
        pass
    with pytest.raises(OtherBus, match="embedded"):
        async with Platform(tmp_path / "home", services=(), bus="kafka"):
            pass


async def test_a_platform_over_kafka_tells_the_services_the_brokers_address() -> None:
    async with Platform(services=("registry",), bus="kafka") as platform:
        assert platform.broker is not None
        environment = psutil.Process(platform.process("registry", "worker").pid).environ()
        assert environment["AKSU_BUS_URL"] == platform.broker.url


async def test_a_dead_database_server_is_started_again() -> None:
    async with Platform(services=("registry",)) as platform:
        keeping = asyncio.create_task(platform.keep_servers())
        first = platform.postgres.pid
        psutil.Process(first).kill()

        async def back() -> bool:
            try:
                return platform.postgres.pid != first
            except ProcessDied:
                return False

        await eventually(back, within=30.0)
        keeping.cancel()


async def test_legal_time_of_the_platform_moves() -> None:
    async with Platform(services=()) as platform:
        moved = platform.advance_clock("57mo")
        assert (moved - datetime.now(UTC)).days > 57 * 30
        platform.reset_clock()
        assert not platform.folder.clock.read_text().strip("0\n")
