"""Inspections, findings and staged events as they are read, and by whom."""

from typing import Any

import pytest
from monitoring_builders import (
    ANALYST,
    INSPECTOR,
    MAYOR,
    OTHER_MAYOR,
    PROVIDER,
    SOURCE,
    closed,
    finding,
    inspection,
    push,
    started,
)
from monitoring_worker import apply

from aksu_local.served import Serve, Served
from aksu_monitoring.ingest.staging.schemas import AwaitingRead, StagedEventDetail, StagedEventRead
from aksu_monitoring.inspections.schemas import FindingRead, InspectionRead
from aksu_shared.web.reads import PageOf

OTHERS: list[dict[str, Any]] = [
    {"role": "oblast_officer", "body": "OBLAST:BLG"},
    {"role": "ministry_reader", "body": "MLSP"},
    *({"role": "body_officer", "body": body} for body in ("ASP", "RDSP:BLG", "RZI:BLG", "POLICE:BLG", "DSP:BLG03")),
]
"""Bodies in whose territory the place lies, and which have no part in the inspection."""


@pytest.fixture
async def monitoring(serve: Serve) -> Served:
    return await serve("monitoring")


async def items(monitoring: Served, path: str, **caller: Any) -> list[dict[str, Any]]:
    answer = await monitoring.get(path, **caller)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def test_the_public_reads_the_facts_of_an_inspection_from_its_start(monitoring: Served) -> None:
    await push(monitoring, [started()])
    await apply(monitoring)
    answer = await monitoring.get("/v1/inspections")
    page = PageOf[InspectionRead].model_validate_json(answer.content)
    (one,) = page.items
    assert (one.state, one.outcome, one.municipality, one.flags) == (
        "IN_PROGRESS", None, "BLG03", ("PLACE_UNREGISTERED", "NO_LICENCE"),
    )  # fmt: skip
    single = await monitoring.get(f"/v1/inspections/{one.id}")
    assert InspectionRead.model_validate_json(single.content, extra="ignore") == one
    again = await monitoring.get(f"/v1/inspections/{one.id}", headers={"If-None-Match": single.headers["ETag"]})
    assert again.status_code == 304


async def test_findings_and_their_notes_are_seen_by_those_concerned_only(monitoring: Served) -> None:
    await push(monitoring, inspection())
    await apply(monitoring)
    (one,) = await items(monitoring, "/v1/inspections")
    path = f"/v1/inspections/{one['id']}/findings"
    for who in (INSPECTOR, MAYOR, PROVIDER):
        answer = await monitoring.get(path, **who)
        (seen,) = PageOf[FindingRead].model_validate_json(answer.content).items
        assert (seen.number, seen.result, seen.note) == (2, "NOT_MET", "Липсва график")
    for who in ({}, OTHER_MAYOR, *OTHERS):
        assert await items(monitoring, path, **who) == [], who
        (due,) = await items(monitoring, "/v1/prescriptions", **who)
        assert due["text"] is None, who
    assert (await monitoring.get("/v1/inspections/019a0000-0000-7000-8000-000000000000/findings")).status_code == 404


async def test_nothing_restricted_is_in_an_event_of_public_scope(monitoring: Served) -> None:
    await push(monitoring, inspection())
    await apply(monitoring)
    rows = await monitoring.worker.fetch("SELECT type, state::text, scope FROM change_log")
    assert not [row for row in rows if "график" in row["state"].lower()]
    assert {row["type"].split(".")[3] for row in rows if "public" not in row["scope"]} == {"finding"}
    assert not [row for row in rows if "Примерна" in row["state"]]


async def test_filters_narrow(monitoring: Served) -> None:
    await push(monitoring, inspection())
    elsewhere = {"municipality": "VAR06", "settlement": "гр. Варна", "address": "ул. Морска 2"}
    named = {"subject": "R-2"}
    other = [
        started(kind="SIGNAL", place=elsewhere, attributes=named),
        closed(2, outcome="NO_FINDINGS", attributes=named),
    ]
    await push(monitoring, other)
    await apply(monitoring)
    expected = {
        "municipality=BLG03": ["R-1"],
        "oblast=VAR": ["R-2"],
        "kind=SIGNAL": ["R-2"],
        "state=CLOSED_WITH_PRESCRIPTIONS": ["R-1"],
        "outcome=NO_FINDINGS": ["R-2"],
        "reference=R-1": ["R-1"],
        "stated_by=AGENCY": [],
        "provider_basis=SOURCE&stated_by=OTHER_SYSTEM": ["R-1", "R-2"],
        f"source={SOURCE}&oblast=BLG": ["R-1"],
        "flag=NO_LICENCE&sort=id": ["R-1", "R-2"],
        "source=/integrations/nobody": [],
        "place_id=019a0000-0000-7000-8000-000000000000": [],
    }
    for query, references in expected.items():
        found = [item["reference"] for item in await items(monitoring, f"/v1/inspections?{query}")]
        assert sorted(found) == references, query
    for query in ("flag=RED", "kind=X", "colour=red", "oblast=blg"):
        assert (await monitoring.get(f"/v1/inspections?{query}")).status_code == 422


async def test_pages_walk_all_inspections_once(monitoring: Served) -> None:
    events = [started(started_on=f"2026-02-{n:02}", attributes={"subject": f"R-{n}"}) for n in range(1, 8)]
    await push(monitoring, events)
    await apply(monitoring)
    for sort in ("-started_on", "started_on", "id", "-id"):
        found, cursor = [], ""
        while cursor is not None:
            more = f"&cursor={cursor}" if cursor else ""
            answer = (await monitoring.get(f"/v1/inspections?limit=3&sort={sort}{more}")).json()
            found += [item["started_on"] for item in answer["items"]]
            cursor = answer["next"]
        assert sorted(found) == [f"2026-02-{n:02}" for n in range(1, 8)]
        if "started_on" in sort:
            assert found == sorted(found, reverse=sort.startswith("-"))


async def test_staged_events_match_their_models_and_are_seen_by_their_source_and_the_agency(monitoring: Served) -> None:
    await push(monitoring, [finding(2), finding(4)])
    await apply(monitoring)
    own = monitoring.headers("integration", None, subject="portal")
    answer = await monitoring.get("/v1/inspection-events?state=HELD", headers=own)
    page = PageOf[StagedEventRead].model_validate_json(answer.content)
    assert [item.awaiting for item in page.items] == [[1], [1, 3]]
    for caller in (INSPECTOR, ANALYST):
        assert len(await items(monitoring, "/v1/inspection-events", **caller)) == 2
    path = f"/v1/inspection-events/{page.items[0].id}"
    detail = StagedEventDetail.model_validate_json((await monitoring.get(path, **ANALYST)).content)
    assert (detail.data["note"], detail.actions) == ("Липсва график", [])
    waiting = PageOf[AwaitingRead].model_validate_json((await monitoring.get("/v1/ingest/awaiting", **ANALYST)).content)
    assert waiting.items[0].missing == [1, 3]
    stranger = monitoring.headers("integration", None, subject="another")
    assert (await monitoring.get("/v1/inspection-events", headers=stranger)).json()["items"] == []
    assert (await monitoring.get("/v1/ingest/awaiting", headers=stranger)).json()["items"] == []
    absent = await monitoring.get("/v1/inspection-events/019a0000-0000-7000-8000-000000000000", headers=stranger)
    hidden = await monitoring.get(path, headers=stranger)
    assert hidden.status_code == absent.status_code == 404
    assert hidden.json() | {"instance": ""} == absent.json() | {"instance": ""}
    for who in (MAYOR, PROVIDER):
        assert (await monitoring.get("/v1/inspection-events", **who)).status_code == 403
    assert (await monitoring.get("/v1/inspection-events")).status_code == 401


async def test_a_source_neither_repairs_nor_replays(monitoring: Served) -> None:
    await push(monitoring, [finding(1)])
    await apply(monitoring)
    own = monitoring.headers("integration", None, subject="portal")
    (item,) = (await monitoring.get("/v1/inspection-events", headers=own)).json()["items"]
    path = f"/v1/inspection-events/{item['id']}"
    refused = await monitoring.post(f"{path}/replay", {}, role="integration", subject="portal")
    assert refused.status_code == 403
    assert (await monitoring.get(path, headers=own)).json()["actions"] == []
