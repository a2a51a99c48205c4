"""Staged events take effect in the order of their sequences, however they came."""

import asyncio
from typing import Any

import asyncpg
import pytest
from monitoring_builders import (
    ANALYST,
    INSPECTOR,
    SOURCE,
    closed,
    count,
    finding,
    inspection,
    prescription,
    push,
    started,
)
from monitoring_worker import apply, apply_all, applying, worker_of

from aksu_local.served import Serve, Served
from aksu_local.waiting import eventually
from aksu_monitoring.ingest.applying import loop as staged
from aksu_monitoring.ingest.applying.loop import StagedLoop


@pytest.fixture
async def monitoring(serve: Serve) -> Served:
    return await serve("monitoring")


async def states(monitoring: Served) -> dict[int, str]:
    rows = await monitoring.worker.fetch("SELECT sequence, state FROM ingest_event ORDER BY sequence")
    return {row["sequence"]: row["state"] for row in rows}


async def quarantined(monitoring: Served) -> list[dict[str, Any]]:
    answer = await monitoring.get("/v1/inspection-events?state=QUARANTINED", **INSPECTOR)
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_a_whole_inspection_becomes_its_aggregates_and_their_changes(monitoring: Served) -> None:
    await push(monitoring, inspection())
    assert await apply(monitoring) == 4
    row = await monitoring.worker.fetchrow("SELECT * FROM inspection")
    assert (row["source"], row["reference"], row["state"], row["outcome"]) == (
        SOURCE, "R-1", "CLOSED_WITH_PRESCRIPTIONS", "PRESCRIPTIONS",
    )  # fmt: skip
    assert (row["failed_criteria"], row["prescriptions"], row["version"]) == (1, 1, 2)
    log = await monitoring.worker.fetch("SELECT type, actor FROM change_log ORDER BY seq")
    assert [each["type"].split(".")[3:5] for each in log] == [
        ["inspection", "started"], ["finding", "recorded"], ["prescription", "issued"], ["inspection", "closed"],
    ]  # fmt: skip
    assert {each["actor"] for each in log} == {SOURCE}
    assert set((await states(monitoring)).values()) == {"APPLIED"}


async def test_the_cause_of_a_push_travels_to_the_changes(monitoring: Served) -> None:
    trace = f"00-{'a' * 32}-{'b' * 16}-01"
    await push(monitoring, [started(attributes={"traceparent": trace})])
    await apply(monitoring)
    row = await monitoring.worker.fetchrow("SELECT correlation_id, traceparent FROM change_log")
    assert row["traceparent"] == trace
    assert row["correlation_id"] == await monitoring.worker.fetchval("SELECT correlation_id FROM ingest_event")


async def test_a_push_wakes_the_worker(monitoring: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staged, "_POLL", 600.0)  # or it would look by itself
    async with applying(monitoring):
        await push(monitoring, [started()])
        await eventually(lambda: count(monitoring, "inspection"))
        await push(monitoring, [finding(2)])
        await eventually(lambda: count(monitoring, "finding"), within=20)


async def test_what_comes_early_is_held_and_says_what_it_waits_for(monitoring: Served) -> None:
    whole = inspection()
    await push(monitoring, [whole[1], whole[3]])
    await apply(monitoring)
    assert await states(monitoring) == {2: "HELD", 4: "HELD"}
    held = (await monitoring.get("/v1/inspection-events?state=HELD", **INSPECTOR)).json()["items"]
    assert [item["awaiting"] for item in held] == [[1], [1, 3]]
    (waiting,) = (await monitoring.get("/v1/ingest/awaiting", **INSPECTOR)).json()["items"]
    assert (waiting["missing"], waiting["held"], waiting["applied"]) == ([1, 3], 2, 0)
    assert waiting["since"] == held[0]["received_at"]
    await push(monitoring, [whole[0]])
    await apply(monitoring)
    assert await states(monitoring) == {1: "APPLIED", 2: "APPLIED", 4: "HELD"}
    await push(monitoring, [whole[2]])
    await apply(monitoring)
    assert set((await states(monitoring)).values()) == {"APPLIED"}
    assert (await monitoring.get("/v1/ingest/awaiting", **INSPECTOR)).json()["items"] == []


async def test_a_gap_of_thousands_is_counted_and_its_first_hundred_listed(monitoring: Served) -> None:
    await push(monitoring, [started(), finding(10_000)])
    await apply(monitoring)
    (waiting,) = (await monitoring.get("/v1/ingest/awaiting", **INSPECTOR)).json()["items"]
    assert (waiting["missing_count"], waiting["missing"]) == (9_998, list(range(2, 102)))


CONTRADICTIONS = [
    ([finding(1)], 1, "NOT_STARTED"),
    ([started(), started(2)], 2, "ALREADY_STARTED"),
    ([started(), closed(2, outcome="NO_FINDINGS"), finding(3)], 3, "ALREADY_CLOSED"),
    ([started(), prescription(2, issued_on="2026-02-01")], 2, "BEFORE_START"),
    ([started(), closed(2, outcome="NO_FINDINGS", closed_on="2026-02-01")], 2, "BEFORE_START"),
    ([started(), prescription(2), prescription(3, reference="П-2")], 3, "REFERENCE_TAKEN"),
    ([started(), closed(2, outcome="PRESCRIPTIONS")], 2, "OUTCOME_CONTRADICTS"),
    ([started(), finding(2), closed(3, outcome="NO_FINDINGS")], 3, "OUTCOME_CONTRADICTS"),
]


async def test_what_contradicts_the_events_before_it_goes_to_quarantine_with_its_reason(monitoring: Served) -> None:
    for number, (events, _, _) in enumerate(CONTRADICTIONS):
        assert (await push(monitoring, [e | {"subject": f"R-{number}"} for e in events])).status_code == 202
    await apply(monitoring)
    found = {item["subject"]: (item["sequence"], item["reason"]) for item in await quarantined(monitoring)}
    assert found == {f"R-{n}": (sequence, reason) for n, (_, sequence, reason) in enumerate(CONTRADICTIONS)}


async def test_the_same_contradictions_are_found_event_by_event(monitoring: Served) -> None:
    for number, (events, _, _) in enumerate(CONTRADICTIONS):
        for event in events:
            await push(monitoring, [event | {"subject": f"R-{number}"}])
            await apply(monitoring)
    found = {item["subject"]: (item["sequence"], item["reason"]) for item in await quarantined(monitoring)}
    assert found == {f"R-{n}": (sequence, reason) for n, (_, sequence, reason) in enumerate(CONTRADICTIONS)}


async def test_a_repaired_event_is_replayed_and_what_waited_behind_it_follows(monitoring: Served) -> None:
    await push(monitoring, [started(), prescription(2, issued_on="2026-02-01"), closed(3)])
    await apply(monitoring)
    assert await states(monitoring) == {1: "APPLIED", 2: "QUARANTINED", 3: "HELD"}
    (waiting,) = (await monitoring.get("/v1/ingest/awaiting", **ANALYST)).json()["items"]
    assert (waiting["quarantined"], waiting["missing"], waiting["held"]) == ([2], [], 1)
    (item,) = await quarantined(monitoring)
    path = f"/v1/inspection-events/{item['id']}"
    detail = await monitoring.get(path, **ANALYST)
    assert detail.json()["actions"] == ["repair", "replay"]
    right = detail.json()["data"] | {"issued_on": "2026-03-05"}
    headers = monitoring.headers(**ANALYST) | {"If-Match": detail.headers["ETag"]}
    bad = await monitoring.client.put(path, json={"data": {"text": 1}, "reason": "х"}, headers=headers)
    assert "/data/text" in {error["pointer"] for error in bad.json()["errors"]}
    repaired = await monitoring.client.put(path, json={"data": right, "reason": "Сгрешена дата"}, headers=headers)
    assert repaired.status_code == 200, repaired.text
    stale = await monitoring.client.put(path, json={"data": right, "reason": "х"}, headers=headers)
    assert stale.status_code == 412
    replayed = await monitoring.post(f"{path}/replay", {}, **ANALYST)
    assert (replayed.status_code, replayed.json()["state"]) == (200, "PENDING")
    await apply(monitoring)
    assert set((await states(monitoring)).values()) == {"APPLIED"}
    after = (await monitoring.get(path, **ANALYST)).json()
    assert (after["data"]["issued_on"], after["repaired_data"]["issued_on"]) == ("2026-02-01", "2026-03-05")
    again = await monitoring.post(f"{path}/replay", {}, **ANALYST)
    assert (again.status_code, again.json()["code"]) == (409, "event_not_quarantined")


async def test_the_sender_may_repeat_a_quarantined_event_as_it_was(monitoring: Served) -> None:
    event = finding(1)
    await push(monitoring, [event])
    await apply(monitoring)
    again = await push(monitoring, [event])
    assert (again.status_code, again.json()["duplicate"]) == (202, 1)


async def test_one_event_that_breaks_the_batch_is_found_and_the_others_take_effect(monitoring: Served) -> None:
    owner = await asyncpg.connect(monitoring.urls.owner)
    await owner.execute("ALTER TABLE finding ADD CONSTRAINT poison CHECK (standard <> 'poison')")
    await owner.close()
    for number in range(5):
        named = {"subject": f"R-{number}"}
        bad = finding(2, standard="poison" if number == 3 else "1", attributes=named)
        await push(monitoring, [started(attributes=named), bad, finding(3, attributes=named)])
    await apply(monitoring)
    assert await count(monitoring, "finding") == 8
    (item,) = await quarantined(monitoring)
    assert (item["subject"], item["sequence"], item["reason"]) == ("R-3", 2, "FAILED")
    assert "poison" in item["detail"]
    assert (
        await monitoring.worker.fetchval("SELECT state FROM ingest_event WHERE subject = 'R-3' AND sequence = 3")
        == "HELD"
    )


async def test_who_judges_late_puts_aside_nothing_that_came_after(
    monitoring: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = await asyncpg.connect(monitoring.urls.owner)
    await owner.execute("ALTER TABLE finding ADD CONSTRAINT poison CHECK (standard <> 'poison')")
    await push(monitoring, [started(), finding(2, standard="poison")])
    put_aside = StagedLoop._quarantine

    async def late(loop: StagedLoop, *judged: Any) -> None:
        await owner.execute("ALTER TABLE finding DROP CONSTRAINT poison")
        monkeypatch.undo()
        await apply(monitoring)  # another worker, while this one stood still
        await put_aside(loop, *judged)
        await push(monitoring, [finding(3)])
        await put_aside(loop, *judged)

    monkeypatch.setattr(StagedLoop, "_quarantine", late)
    await apply(monitoring)
    await owner.close()
    assert await states(monitoring) == {1: "APPLIED", 2: "APPLIED", 3: "APPLIED"}


async def test_two_workers_apply_each_event_once(monitoring: Served) -> None:
    for number in range(20):
        await push(monitoring, inspection(f"R-{number}"))
    async with worker_of(monitoring) as one, worker_of(monitoring) as other:
        await asyncio.gather(apply_all(one), apply_all(other))
    assert await count(monitoring, "inspection") == 20
    assert await count(monitoring, "change_log") == 80
