"""`aksu-reporting rebuild registry`: read models made anew from the registry's change feed, into empty tables."""

import asyncio
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import psutil

from aksu_local.bench.line import Bar, Line, ScenarioFailed
from aksu_local.bench.rig import Rig
from aksu_local.waiting import eventually

SERVICES = 500_000
"""Each told of twice: the 1,000,000 events that the bar is about."""
_PATIENCE = 900
"""Seconds until they are sequenced, shipped and applied."""
_MINUTES = 5
_MEGABYTES = 400
_PAGE = 1_000

_FILL = """
INSERT INTO change_log (event_id, type, topic, aggregate_id, version, state, changed, scope, legal_time, actor)
SELECT gen_random_uuid(), 'bg.aksu.registry.service.' || CASE v WHEN 1 THEN 'registered' ELSE 'amended' END || '.v1',
       'aksu.registry.service.v1', s.id, v,
       jsonb_build_object(
         'id', s.id, 'name', 'Дом за стари хора № ' || n, 'kind', 'HOME_ELDERLY',
         'activity_groups', ARRAY['RESIDENTIAL_CARE'], 'target_groups', ARRAY['ELDERLY'], 'financing', 'PRIVATE',
         'management', NULL, 'capacity', 20 + v, 'state', 'ACTIVE', 'licence_required', true, 'provider_id', s.id,
         'provider_body', 'PROVIDER:130007884', 'provider_name', 'Фондация Надежда', 'operator_id', NULL,
         'operator_body', NULL, 'operator_name', NULL, 'place_id', s.id, 'municipality', 'BLG03',
         'settlement', 'гр. Благоевград', 'address', 'ул. Примерна ' || n, 'started_on', NULL),
       jsonb_build_object('capacity', ARRAY[19 + v, 20 + v]), '{public,BG,BLG,BLG03,b:PROVIDER:130007884}', now(),
       'bench'
  FROM generate_series(1, 2) v, generate_series(1, $1::int) n,
       LATERAL (SELECT md5(n::text)::uuid::text AS id) s
 ORDER BY v, n"""
_ROWS = "SELECT position, aggregate_id, state::text FROM change_log WHERE position > $1 ORDER BY position LIMIT $2"
_KEEP = """
INSERT INTO floor_service (id, state) SELECT id, state::jsonb FROM unnest($1::text[], $2::text[]) AS r(id, state)
ON CONFLICT (id) DO UPDATE SET state = EXCLUDED.state"""


@dataclass(frozen=True, slots=True)
class Done:
    """One rebuild: its seconds, and the most memory it had, in megabytes."""

    seconds: float
    megabytes: float


async def rebuild(rig: Rig) -> AsyncIterator[Line]:
    """Against the same changes read row by row from the owner's database and kept as they are, in the same pages."""
    events = await _fill(rig)
    await rig.settled()
    floor = await _floor(rig)
    await rig.settled()
    done = await _rebuild(rig)
    yield Line(
        name="rebuild of 1,000,000 events",
        value=done.seconds / 60,
        unit="min",
        floor=floor / 60,
        ratio=done.seconds / floor,
        bar=Bar(at_most=_MINUTES),
        details={"events": events, "seconds": round(done.seconds, 1)},
    )
    yield Line(
        name="rebuild memory",
        value=done.megabytes,
        unit="MB",
        floor=_MEGABYTES,
        ratio=done.megabytes / _MEGABYTES,
        bar=Bar(at_most=_MEGABYTES),
        details={"events": events},
    )


async def _fill(rig: Rig) -> int:
    """Tell so many changes, sequenced, shipped and applied; give how many the whole log has."""
    owner = await asyncpg.connect(rig.platform.databases["registry"].worker)
    keeper = await asyncpg.connect(rig.platform.databases["reporting"].worker)
    try:
        await owner.execute("SET statement_timeout = '15min'")
        await owner.execute(_FILL, SERVICES)
        unsequenced = "SELECT EXISTS (SELECT FROM change_log WHERE position IS NULL)"
        await eventually(lambda: owner.fetchval(unsequenced), lambda there: not there, within=_PATIENCE, every=0.5)
        head: int = await owner.fetchval("SELECT position FROM log_state")
        applied = "SELECT count(*) FROM inbox WHERE source = 'registry'"
        await eventually(lambda: keeper.fetchval(applied), lambda count: count >= head, within=_PATIENCE, every=0.5)
    finally:
        await owner.close()
        await keeper.close()
    return head


async def _floor(rig: Rig) -> float:
    owner = await asyncpg.connect(rig.platform.databases["registry"].worker)
    keeper = await asyncpg.connect(rig.platform.databases["reporting"].owner)
    try:
        await keeper.execute("CREATE TABLE floor_service (id text PRIMARY KEY, state jsonb)")
        started, position = time.perf_counter(), 0
        while rows := await owner.fetch(_ROWS, position, _PAGE):
            position = rows[-1]["position"]
            newest = {row["aggregate_id"]: row["state"] for row in rows}
            await keeper.execute(_KEEP, list(newest), list(newest.values()))
        return time.perf_counter() - started
    finally:
        await keeper.execute("DROP TABLE floor_service")
        await owner.close()
        await keeper.close()


async def _rebuild(rig: Rig) -> Done:
    worker = await asyncpg.connect(rig.platform.databases["reporting"].worker)
    await worker.execute("DELETE FROM service; DELETE FROM inbox")
    await worker.close()
    program = Path(sys.executable).with_name("aksu-reporting")
    environment = rig.platform.service_environment("reporting")
    started = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        program, "rebuild", "registry", env=environment, stdout=PIPE, stderr=DEVNULL
    )
    peak = Peak(process.pid)
    async with peak:
        said, _ = await process.communicate()
    seconds = time.perf_counter() - started
    if process.returncode or " 0 unreadable" not in said.decode():
        raise ScenarioFailed(f"rebuild ended with {process.returncode}: {said.decode()}")
    return Done(seconds, peak.megabytes)


class Peak:
    """The most memory a process has while this is entered."""

    def __init__(self, pid: int) -> None:
        self.megabytes = 0.0
        self._process = psutil.Process(pid)

    async def __aenter__(self) -> None:
        """Begin to look, twenty times a second."""
        self._looking = asyncio.create_task(self._look())

    async def __aexit__(self, *_: object) -> None:
        """Look no more."""
        self._looking.cancel()
        await asyncio.wait([self._looking])

    async def _look(self) -> None:
        with suppress(psutil.NoSuchProcess):
            while True:
                self.megabytes = max(self.megabytes, self._process.memory_info().rss / 1e6)
                await asyncio.sleep(0.05)
