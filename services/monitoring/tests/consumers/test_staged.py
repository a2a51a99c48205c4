"""Staged events take effect in the order of their sequences, however they came."""

import pytest
from monitoring_builders import (
    INSPECTOR,
    SOURCE,
    count,
    inspection,
    push,
)
from monitoring_worker import apply_all, applying, worker_of

from aksu_local.served import Serve, Served
from aksu_shared.testing import eventually


@pytest.fixture
async def monitoring(serve: Serve) -> Served:
    return await serve("monitoring")


async def apply(monitoring: Served) -> int:
    async with worker_of(monitoring) as worker:
        return await apply_all(worker)


async def states(monitoring: Served) -> dict[int, str]:
    rows = await monitoring.worker.fetch("SELECT sequence, state FROM ingest_event ORDER BY sequence")
    return {row["sequence"]: row["state"] for row in rows}


async def test_a_whole_inspection_becomes_its_aggregates_and_their_changes(monitoring: Served) -> None:
    await push(monitoring, inspection())
    assert await apply(monitoring) == 4
    row = await monitoring.worker.fetchrow("SELECT * FROM inspection")
    assert (row["source"], row["reference"], row["state"], row["outcome"]) == (
        SOURCE, "R-1", "CLOSED_WITH_PRESCRIPTIONS", "PRESCRIPTIONS",
    )  # fmt: skip
    assert (row["failed_criteria"], row["prescriptions"], row["version"]) == (1, 1, 2)
    types = await monitoring.worker.fetch("SELECT type FROM change_log ORDER BY seq")
    assert [each["type"].split(".")[3:5] for each in types] == [
        ["inspection", "started"], ["finding", "recorded"], ["prescription", "issued"], ["inspection", "closed"],
    ]  # fmt: skip
    assert set((await states(monitoring)).values()) == {"APPLIED"}


async def test_a_push_wakes_the_worker(monitoring: Served) -> None:
    async with applying(monitoring):
        await push(monitoring, inspection())
        await eventually(lambda: count(monitoring, "finding"), within=0.9)


async def test_what_comes_early_is_held_and_says_what_it_waits_for(monitoring: Served) -> None:
    whole = inspection()
    await push(monitoring, [whole[1], whole[3]])
    await apply(monitoring)
    assert await states(monitoring) == {2: "HELD", 4: "HELD"}
    held = (await monitoring.get("/v1/inspection-events?state=HELD", **INSPECTOR)).json()["items"]
    assert [item["awaiting"] for item in held] == [[1], [1, 3]]
    (waiting,) = (await monitoring.get("/v1/ingest/awaiting", **INSPECTOR)).json()["items"]
    assert (waiting["missing"], waiting["held"], waiting["applied"]) == ([1, 3], 2, 0)
    await push(monitoring, [whole[0]])
    await apply(monitoring)
    assert await states(monitoring) == {1: "APPLIED", 2: "APPLIED", 4: "HELD"}
    await push(monitoring, [whole[2]])
    await apply(monitoring)
    assert set((await states(monitoring)).values()) == {"APPLIED"}
    assert (await monitoring.get("/v1/ingest/awaiting", **INSPECTOR)).json()["items"] == []
