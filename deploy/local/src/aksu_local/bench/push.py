"""`POST /v1/inspection-events` in batches of 100: examined one by one, durable when answered."""

import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import count
from uuid import uuid4

import asyncpg

from aksu_local.bench.line import Bar, Line
from aksu_local.bench.load import Build, Connection, Load, request, run
from aksu_local.bench.pushed import BATCH, BATCH_TYPE, PATH, SYSTEM, batch, encoded
from aksu_local.bench.rig import Rig, alone
from aksu_local.bench.rounds import Contender
from aksu_local.legal_clock import legal_now
from aksu_local.waiting import eventually
from aksu_shared.kernel.clock import legal_day

CONNECTIONS = 8
_NOTHING_PENDING = "SELECT NOT EXISTS (SELECT FROM ingest_event WHERE state = 'PENDING')"
_PATIENCE = 300.0
_AHEAD = 150
"""Batches made before each run per second of it, so that making them costs the measured processes nothing."""


async def push(rig: Rig) -> AsyncIterator[Line]:
    """Against the same batches inserted as they come, by one `jsonb_to_recordset` in a bare handler.

    Accepting is measured while the worker stands still, as the floor applies nothing either; then both together, until
    the last event has taken effect.
    """
    places = await known_places(rig)
    system = BATCH_TYPE | rig.headers("integration", subject=SYSTEM)
    ours = _contender(rig, rig.platform.url("monitoring"), places, path=PATH, headers=system)
    floor = _contender(rig, rig.floors.url, places, path="/raw/events", headers={})
    done = await rig.compare({"raw": floor, "push": alone(rig, "monitoring", ours), "applied": _applying(rig, ours)})
    yield done.line(
        "push",
        of="push",
        against="raw",
        unit="events/s",
        bar=Bar(ratio_at_least=0.2, at_least=4_000),
        per=BATCH,
        batch=BATCH,
    )
    yield done.line("push applied", of="applied", against="raw", unit="events/s", bar=None, per=BATCH, batch=BATCH)


def _applying(rig: Rig, ours: Contender) -> Contender:
    async def contend(seconds: float) -> Load:
        started = time.perf_counter()
        load = await ours(seconds)
        connection = await asyncpg.connect(rig.platform.postgres.url("monitoring"))
        try:
            await eventually(lambda: connection.fetchval(_NOTHING_PENDING), within=_PATIENCE)
        finally:
            await connection.close()
        return replace(load, seconds=time.perf_counter() - started)

    return contend


async def known_places(rig: Rig) -> list[str]:
    """Ids of places that have services."""
    async with Connection(rig.platform.url("registry")) as connection:
        page = json.loads(await connection.ask(request("GET", "/v1/places?limit=200"), expect=200))
    return [place["id"] for place in page["items"]]


def _contender(rig: Rig, url: str, places: list[str], *, path: str, headers: dict[str, str]) -> Contender:
    run_id, numbers = uuid4().hex[:12], count()
    today = legal_day(legal_now(rig.platform.folder.clock))

    async def contend(seconds: float) -> Load:
        made = [
            request(
                "POST", path, headers=headers, body=encoded(batch(next(numbers), run_id, places=places, today=today))
            )
            for _ in range(int(_AHEAD * seconds) + 1)
        ]
        build: Build = made.__getitem__
        return await run(url, build, seconds=seconds, expect=202, connections=CONNECTIONS, numbers=range(len(made)))

    return contend
