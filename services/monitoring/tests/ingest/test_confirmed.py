"""Whose word a pushed inspection is; what of it accuses somebody waits for a person of the Agency."""

from typing import Any

import pytest
from inspection_builders import moved, read
from monitoring_builders import (
    ANALYST,
    EIK,
    INSPECTOR,
    MAYOR,
    PROVIDER,
    SOURCE,
    closed,
    finding,
    prescription,
    push,
    started,
)
from monitoring_worker import apply, feed

from aksu_local.served import Serve, Served
from aksu_monitoring.ingest.applying.rules import ACCUSING, OUTCOME_STATES
from aksu_shared.kernel.codelists import CODELISTS

REASON = {"reason": "Проверено от инспектор на място на 11.03.2026"}


@pytest.fixture
async def monitoring(serve: Serve) -> Served:
    return await serve("monitoring")


async def accused(monitoring: Served, outcome: str = "UNLICENSED_ACTIVITY") -> str:
    """A pushed inspection whose last event accuses; the path of that event."""
    await push(monitoring, [started(), closed(2, outcome=outcome)])
    await apply(monitoring)
    (event,) = (await monitoring.get("/v1/inspection-events?reason=NEEDS_CONFIRMATION", **INSPECTOR)).json()["items"]
    return f"/v1/inspection-events/{event['id']}"


async def inspection(monitoring: Served) -> dict[str, Any]:
    (found,) = (await monitoring.get("/v1/inspections")).json()["items"]
    return dict(found)


async def test_what_is_pushed_says_whose_word_it_is(monitoring: Served) -> None:
    await push(monitoring, [started(), finding(2), prescription(3), closed(4)])
    await apply(monitoring)
    found = await inspection(monitoring)
    assert (found["source"], found["stated_by"], found["confirmed_by_agency"]) == (SOURCE, "OTHER_SYSTEM", False)
    assert (found["provider_body"], found["provider_basis"]) == (f"PROVIDER:{EIK}", "SOURCE")
    own = await read(monitoring, await moved(monitoring, "order", "start"))
    assert (own["source"], own["stated_by"], own["confirmed_by_agency"]) == ("/aksu", "AGENCY", True)
    for name in (found["stated_by"], own["stated_by"]):
        text = CODELISTS["inspection_stated_by"][name]
        assert text.bg
        assert text.en


@pytest.mark.parametrize("outcome", sorted(OUTCOME_STATES))
async def test_an_outcome_that_accuses_is_not_public_before_a_person_stands_for_it(
    monitoring: Served, outcome: str
) -> None:
    events = [started(), closed(2, outcome=outcome)]
    if outcome == "PRESCRIPTIONS":
        events = [started(), prescription(2), closed(3)]
    await push(monitoring, events)
    await apply(monitoring)
    told = (await inspection(monitoring))["outcome"]
    assert told == (None if outcome in ACCUSING else outcome)
    for who in ({}, PROVIDER, MAYOR):
        assert (outcome in await feed(monitoring, **who)) is (outcome not in ACCUSING)


@pytest.mark.parametrize("outcome", sorted(ACCUSING))
async def test_an_inspector_confirms_it_and_stands_for_it(monitoring: Served, outcome: str) -> None:
    path = await accused(monitoring, outcome)
    assert (await monitoring.get(path, **INSPECTOR)).json()["actions"] == ["confirm"]
    answer = await monitoring.post(f"{path}/confirm", REASON, **INSPECTOR)
    assert (answer.status_code, answer.json()["state"]) == (200, "PENDING"), answer.text
    await apply(monitoring)
    found = await inspection(monitoring)
    assert (found["outcome"], found["stated_by"], found["confirmed_by_agency"]) == (outcome, "OTHER_SYSTEM", True)
    assert found["confirmed_on"] is not None
    row = await monitoring.worker.fetchrow("SELECT actor FROM change_log WHERE type LIKE '%inspection.closed%'")
    person = monitoring.actor("test-inspector")
    assert row["actor"] == person
    event = (await monitoring.get(path, **INSPECTOR)).json()
    assert (event["state"], event["confirmed_by"], event["confirmation"]) == ("APPLIED", person, REASON["reason"])


async def test_neither_replay_nor_repair_confirms_it(monitoring: Served) -> None:
    path = await accused(monitoring)
    assert (await monitoring.get(path, **ANALYST)).json()["actions"] == ["repair", "replay"]
    await monitoring.post(f"{path}/replay", {}, **ANALYST)
    await apply(monitoring)
    assert (await inspection(monitoring))["outcome"] is None
    detail = await monitoring.get(path, **ANALYST)
    headers = monitoring.headers(**ANALYST) | {"If-Match": detail.headers["ETag"]}
    data = {"data": detail.json()["data"] | {"closed_on": "2026-03-11"}, "reason": "Сгрешена дата"}
    assert (await monitoring.client.put(path, json=data, headers=headers)).status_code == 200
    await monitoring.post(f"{path}/replay", {}, **ANALYST)
    await apply(monitoring)
    assert (await inspection(monitoring))["outcome"] is None


async def test_who_repaired_it_does_not_confirm_it(monitoring: Served) -> None:
    path = await accused(monitoring)
    detail = await monitoring.get(path, **ANALYST)
    headers = monitoring.headers("aksu_analyst", "AKSU", subject="both") | {"If-Match": detail.headers["ETag"]}
    await monitoring.client.put(path, json={"data": detail.json()["data"], "reason": "Проверено"}, headers=headers)
    refused = await monitoring.post(f"{path}/confirm", REASON, **INSPECTOR, subject="both")
    assert (refused.status_code, refused.json()["code"]) == (409, "repaired_it")
    assert (await monitoring.post(f"{path}/confirm", REASON, **INSPECTOR)).status_code == 200


@pytest.mark.parametrize("who", [ANALYST, MAYOR, PROVIDER], ids=lambda who: str(who["role"]))
async def test_nobody_else_confirms_it(monitoring: Served, who: dict[str, Any]) -> None:
    path = await accused(monitoring)
    refused = await monitoring.post(f"{path}/confirm", REASON, **who)
    assert (refused.status_code, refused.json()["right"]) == (403, "monitoring.ingest.confirm")


async def test_what_does_not_wait_for_it_is_not_confirmed(monitoring: Served) -> None:
    await push(monitoring, [started(), finding(2), closed(3, outcome="NO_FINDINGS")])
    await apply(monitoring)
    for item in (await monitoring.get("/v1/inspection-events", **INSPECTOR)).json()["items"]:
        refused = await monitoring.post(f"/v1/inspection-events/{item['id']}/confirm", REASON, **INSPECTOR)
        assert (refused.status_code, refused.json()["code"]) == (409, "nothing_to_confirm")


@pytest.mark.parametrize(
    ("events", "pointer"),
    [
        ([started(started_on="1900-01-01")], "/0/data/started_on"),
        ([started(started_on="2020-06-30")], "/0/data/started_on"),
        ([started(), prescription(2, issued_on="2020-06-30")], "/1/data/issued_on"),
        ([started(), closed(2, closed_on="1900-01-01")], "/1/data/closed_on"),
    ],
)
async def test_what_happened_before_the_act_is_refused(
    monitoring: Served, events: list[dict[str, Any]], pointer: str
) -> None:
    answer = await push(monitoring, events)
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["pointer"], error["code"]) == (422, pointer, "before_the_act")
    assert "2020-07-01" in error["message"]
    assert (await push(monitoring, [started(started_on="2020-07-01")])).status_code == 202
