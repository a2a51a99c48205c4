"""`aksu-reporting rebuild registry`: read models made anew from the registry's change feed, into empty tables."""

import asyncio
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import psutil

from aksu_local.bench.line import Bar, Line, ScenarioFailed
from aksu_local.bench.rig import Rig
from aksu_local.changes import change, insert_changes
from aksu_local.waiting import eventually
from aksu_shared.events.registry.services import ServiceAmended, ServiceRegistered

SERVICES = 500_000
"""Each told of twice: the 1,000,000 events that the bar is about."""
_PATIENCE = 900
"""Seconds until they are sequenced, shipped and applied."""
_MINUTES = 5
_MEGABYTES = 400
_PAGE = 1_000

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
        async with owner.transaction():
            await insert_changes(owner, (_told(number, version) for version in (1, 2) for number in range(SERVICES)))
        unsequenced = "SELECT EXISTS (SELECT FROM change_log WHERE position IS NULL)"
        await eventually(lambda: owner.fetchval(unsequenced), lambda there: not there, within=_PATIENCE, every=0.5)
        head: int = await owner.fetchval("SELECT position FROM log_state")
        applied = "SELECT count(*) FROM inbox WHERE source = 'registry'"
        await eventually(lambda: keeper.fetchval(applied), lambda count: count >= head, within=_PATIENCE, every=0.5)
    finally:
        await owner.close()
        await keeper.close()
    return head


def _told(number: int, version: int) -> dict[str, Any]:
    """A social service as it is registered, and as it is amended."""
    fact, key = (ServiceRegistered, ServiceAmended)[version - 1], str(UUID(int=number + 1))
    state = {
        "id": key, "name": f"Дом за стари хора № {number}", "kind": "HOME_ELDERLY",
        "activity_groups": ["RESIDENTIAL_CARE"], "target_groups": ["ELDERLY"], "financing": "PRIVATE",
        "management": None, "capacity": 20 + version, "state": "ACTIVE", "licence_required": True, "provider_id": key,
        "provider_body": "PROVIDER:130007884", "provider_name": "Фондация Надежда", "operator_id": None,
        "operator_body": None, "operator_name": None, "place_id": key, "municipality": "BLG03",
        "settlement": "гр. Благоевград", "address": f"ул. Примерна {number}", "started_on": None,
    }  # fmt: skip
    return change(
        "registry",
        type=fact.type,
        topic=fact.topic,
        aggregate_id=key,
        version=version,
        state=state,
        changed={"capacity": [19 + version, 20 + version]},
        scope=["public", "BG", "BLG", "BLG03", "b:PROVIDER:130007884"],
        actor="bench",
    )


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
