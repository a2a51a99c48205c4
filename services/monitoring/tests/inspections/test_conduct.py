"""Inspections that the Agency conducts: step by step, by two pairs of eyes, unannounced."""

from typing import Any
from uuid import UUID

import pytest
from inspection_builders import (
    APPROVED,
    CONDUCTING,
    DIRECTOR,
    FAILED,
    MET,
    ORDER,
    PLAN,
    STEPS,
    SUBJECT,
    UNTIL_REPORT,
    issued,
    moved,
    planned,
    read,
    step,
    try_step,
)
from monitoring_builders import ADDRESS, ANALYST, INSPECTOR, MAYOR, OTHER_MAYOR, PROVIDER, count, push, started
from monitoring_worker import apply, feed, tell
from signal_builders import on
from uuid_utils.compat import uuid7

from aksu_local.served import Serve, Served
from aksu_monitoring.inspections.machine import INSPECTION_MACHINE
from aksu_monitoring.inspections.rules import UNANNOUNCED
from aksu_monitoring.inspections.schemas import FindingRead, InspectionDetail, InspectionListed
from aksu_monitoring.prescriptions.schemas import PrescriptionRead
from aksu_shared.db.store import begins
from aksu_shared.events import Event
from aksu_shared.events.registry.places import PlaceRegistered, PlaceState
from aksu_shared.events.scope import row_scope
from aksu_shared.kernel.address import place_key
from aksu_shared.kernel.machine import verb
from aksu_shared.web.reads import PageOf

PATHS: dict[str, tuple[str, ...]] = {
    "PLANNED": (),
    "ORDERED": ("order",),
    "IN_PROGRESS": UNTIL_REPORT[:2],
    "ACCESS_DENIED": (*UNTIL_REPORT[:2], "record-access-denied"),
    "FINDINGS_DRAFTED": UNTIL_REPORT[:3],
    "AWAITING_OBJECTIONS": UNTIL_REPORT,
    "OBJECTED": (*UNTIL_REPORT, "object"),
    "REPORT_APPROVED": APPROVED,
    "CLOSED_WITH_PRESCRIPTIONS": (*APPROVED, "close-with-prescriptions"),
    "FOLLOW_UP_DUE": (*APPROVED, "close-with-prescriptions", "require-follow-up"),
    "CANCELLED": ("cancel",),
}
"""State → the steps that lead to it."""


@pytest.fixture
async def monitoring(serve: Serve) -> Served:
    served = await serve("monitoring")
    await on(served, "2026-03-10")
    return served


def registered() -> Event[PlaceState]:
    """The registry tells of the place that is to be inspected."""
    key = place_key(**ADDRESS, eik="")
    state = PlaceState(id=uuid7(), key="|".join(key), **ADDRESS)
    return begins(PlaceRegistered, state, id=str(state.id), scope=row_scope("BLG03", public=True))


async def log(monitoring: Served, path: str) -> list[str]:
    """Facts told of an inspection."""
    rows = await monitoring.worker.fetch(
        "SELECT type FROM change_log WHERE aggregate_id = $1 ORDER BY seq", path.rpartition("/")[2]
    )
    return [row["type"].split(".")[4] for row in rows]


async def test_a_number_that_everybody_reads_holds_nobody_s(monitoring: Served) -> None:
    path = await planned(monitoring)
    refused = await try_step(monitoring, path, "order", ORDER | {"order_number": "РД-8001010008"})
    assert [each["code"] for each in refused.json()["errors"]] == ["personal_number"]


async def test_an_inspection_goes_from_its_plan_to_its_prescriptions_and_follow_up(monitoring: Served) -> None:
    path = await planned(monitoring)
    assert (await read(monitoring, path))["actions"] == []
    assert (await read(monitoring, path, **DIRECTOR))["actions"] == ["order", "cancel"]
    ordered = await step(monitoring, path, "order")
    assert (ordered["state"], ordered["order_number"], ordered["period_since"]) == ("ORDERED", "РД-01-7", "2026-03-02")
    began = await step(monitoring, path, "start", {"started_on": "2026-03-03"})
    assert (began["state"], began["started_on"]) == ("IN_PROGRESS", "2026-03-03")
    assert (await read(monitoring, path))["actions"] == ["record-access-denied", "draft-findings", "confirm-provider"]
    await step(monitoring, path, "draft-findings")
    sent = await step(monitoring, path, "send-for-objections")
    assert (sent["state"], sent["objections_due"]) == ("AWAITING_OBJECTIONS", "2027-03-20")
    assert (await read(monitoring, path, **DIRECTOR))["actions"] == []
    assert (await read(monitoring, path, **PROVIDER))["actions"] == ["object"]
    assert (await step(monitoring, path, "object"))["state"] == "OBJECTED"
    assert (await read(monitoring, path, **DIRECTOR))["actions"] == ["approve-report"]
    assert (await step(monitoring, path, "approve-report"))["report_number"] == "Д-7"
    closed = await step(monitoring, path, "close-with-prescriptions")
    assert (closed["state"], closed["outcome"], closed["failed_criteria"], closed["prescriptions"]) == (
        "CLOSED_WITH_PRESCRIPTIONS", "PRESCRIPTIONS", 1, 1,
    )  # fmt: skip
    await step(monitoring, path, "require-follow-up")
    follow_up = await moved(monitoring, "order", "start")
    done = await step(monitoring, path, "record-follow-up", {"follow_up_inspection": follow_up.rpartition("/")[2]})
    assert (done["state"], done["follow_up_id"]) == ("FOLLOW_UP_DONE", follow_up.rpartition("/")[2])
    assert await log(monitoring, path) == [
        "planned", "ordered", "started", "advanced", "advanced", "advanced", "report_approved", "closed", "advanced",
        "advanced",
    ]  # fmt: skip


async def test_it_is_closed_for_good_when_its_prescriptions_are_fulfilled(monitoring: Served) -> None:
    path = await moved(monitoring, *PATHS["CLOSED_WITH_PRESCRIPTIONS"])
    early = await try_step(monitoring, path, "close")
    assert (early.status_code, early.json()["code"], early.json()["open"]) == (409, "prescriptions_open", 1)
    assert (await read(monitoring, path, **DIRECTOR))["actions"] == []
    (one,) = (await monitoring.get("/v1/prescriptions", **INSPECTOR)).json()["items"]
    fulfilled = f"/v1/prescriptions/{one['id']}"
    await monitoring.post(f"{fulfilled}/issue", {}, **DIRECTOR)
    early = await try_step(monitoring, path, "close")
    assert (early.status_code, early.json()["open"]) == (409, 1)
    await monitoring.post(f"{fulfilled}/report-fulfilled", {"proof": "График"}, **PROVIDER)
    await monitoring.post(f"{fulfilled}/verify", {}, **INSPECTOR)
    assert (await read(monitoring, path, **DIRECTOR))["actions"] == ["close"]
    assert (await step(monitoring, path, "close"))["state"] == "CLOSED"


async def test_findings_and_prescriptions_are_recorded_as_those_that_are_pushed(monitoring: Served) -> None:
    prescription = await issued(monitoring)
    inspection = (await monitoring.get(prescription)).json()["inspection_id"]
    path = f"/v1/inspections/{inspection}"
    answer = await monitoring.get(f"{path}/findings", **PROVIDER)
    findings = PageOf[FindingRead].model_validate_json(answer.content).items
    assert [(each.number, each.result, each.note) for each in findings] == [
        (1, "NOT_MET", FAILED["note"]), (2, "MET", None),
    ]  # fmt: skip
    assert (await monitoring.get(f"{path}/findings")).json()["items"] == []
    answer = await monitoring.get("/v1/prescriptions", **MAYOR)
    (one,) = PageOf[PrescriptionRead].model_validate_json(answer.content).items
    assert (one.state, one.text, one.provider_body) == ("ISSUED", "Да се изготви график", PROVIDER["body"])


async def test_failed_criteria_end_in_prescriptions_and_their_absence_does_not(monitoring: Served) -> None:
    path = await moved(monitoring, *PATHS["REPORT_APPROVED"])
    refused = await try_step(monitoring, path, "close-no-findings")
    assert (refused.status_code, refused.json()["code"], refused.json()["failed"]) == (409, "criteria_failed", 1)
    clean = await moved(monitoring, "order", "start")
    await step(monitoring, clean, "draft-findings", {"findings": [MET]})
    for each in ("send-for-objections", "object", "approve-report"):
        await step(monitoring, clean, each)
    closed = await step(monitoring, clean, "close-no-findings")
    assert (closed["state"], closed["outcome"], closed["failed_criteria"]) == ("CLOSED_NO_FINDINGS", "NO_FINDINGS", 0)


@pytest.mark.parametrize("state", PATHS)
async def test_each_step_out_of_order_is_refused_and_the_legal_ones_are_named(monitoring: Served, state: str) -> None:
    path = await moved(monitoring, *PATHS[state])
    legal = [verb(name) for name in INSPECTION_MACHINE.legal(state)]
    hidden = {"object"} if state in UNANNOUNCED else set()  # from who is inspected
    for each in sorted({*STEPS} - {*legal} - hidden):
        refused = await try_step(monitoring, path, each)
        problem = refused.json()
        assert (refused.status_code, problem["code"], problem["state"], problem["legal_transitions"]) == (
            409, "illegal_transition", state, legal,
        ), each  # fmt: skip


async def test_who_drafted_the_findings_does_not_approve_the_report(monitoring: Served) -> None:
    path = await moved(monitoring, *PATHS["OBJECTED"])
    refused = await try_step(monitoring, path, "approve-report", subject="drafter")
    problem = refused.json()
    assert (refused.status_code, problem["code"], problem["earlier"]) == (409, "four_eyes", "draft_findings")
    assert problem["legal_basis"] == INSPECTION_MACHINE.row("approve_report").legal_basis
    own = DIRECTOR | {"subject": "drafter"}
    assert (await read(monitoring, path, **own))["actions"] == []
    assert (await step(monitoring, path, "approve-report"))["state"] == "REPORT_APPROVED"


async def test_nobody_else_of_the_team_approves_the_report(monitoring: Served) -> None:
    inspecting = "colleague"
    path = await moved(monitoring, *PATHS["OBJECTED"])
    refused = await try_step(monitoring, path, "approve-report", subject=inspecting)
    problem = refused.json()
    assert (refused.status_code, problem["code"]) == (409, "took_part")
    assert problem["legal_basis"] == INSPECTION_MACHINE.row("approve_report").legal_basis
    assert (await read(monitoring, path, **DIRECTOR | {"subject": inspecting}))["actions"] == []


@pytest.mark.parametrize(
    ("who", "to_approve"),
    [
        (DIRECTOR, ["approve-report"]),
        (DIRECTOR | {"subject": "colleague"}, []),
        (CONDUCTING, ["confirm-provider"]),
        (CONDUCTING | {"subject": "stranger"}, []),
        (PROVIDER, []),
        ({}, None),
    ],
    ids=["director", "took part", "inspector", "another inspector", "provider", "public"],
)
async def test_a_list_tells_the_same_actions_as_each_inspection_when_asked(
    monitoring: Served, who: dict[str, Any], to_approve: list[str] | None
) -> None:
    await push(monitoring, [started()])
    await apply(monitoring)
    states = ("PLANNED", "OBJECTED", "CLOSED_WITH_PRESCRIPTIONS")
    paths = [await moved(monitoring, *PATHS[state]) for state in states]
    headers = monitoring.headers(who["role"], who["body"], subject=who.get("subject")) if who else {}
    answer = await monitoring.get("/v1/inspections?include=actions", headers=headers)
    listed = {item.id: item for item in PageOf[InspectionListed].model_validate_json(answer.content).items}
    assert len(listed) == (4 if who.get("body") == "AKSU" else 3)
    for key, item in listed.items():
        one = await monitoring.get(f"/v1/inspections/{key}", headers=headers)
        assert item.actions == InspectionDetail.model_validate_json(one.content).actions
    assert listed[UUID(paths[1].rpartition("/")[2])].actions == to_approve
    plain = (await monitoring.get("/v1/inspections", headers=headers)).json()["items"]
    assert not {"actions", "inspectors", "team", "open_prescriptions"} & plain[0].keys()


async def test_nobody_outside_the_agency_learns_of_it_before_it_starts(monitoring: Served) -> None:
    path = await moved(monitoring, "order")
    cancelled = await moved(monitoring, "order", "cancel")
    for who in ({}, PROVIDER, MAYOR, OTHER_MAYOR, {"role": "ministry_reader", "body": "MLSP"}):
        for hidden in (path, cancelled):
            assert (await monitoring.get(hidden, **who)).status_code == 404
        assert (await monitoring.get("/v1/inspections", **who)).json()["items"] == []
        assert path.rpartition("/")[2] not in await feed(monitoring, **who)
    assert len((await monitoring.get("/v1/inspections", **ANALYST)).json()["items"]) == 2
    await step(monitoring, path, "start")
    for who in ({}, PROVIDER, MAYOR):
        (one,) = (await monitoring.get("/v1/inspections", **who)).json()["items"]
        assert (one["state"], one["provider_body"]) == ("IN_PROGRESS", PROVIDER["body"])
    assert (await monitoring.get(cancelled)).status_code == 404


async def test_a_place_that_becomes_known_does_not_announce_it(monitoring: Served) -> None:
    path = await planned(monitoring)
    await tell(monitoring, registered())
    found = await read(monitoring, path)
    assert (found["place_id"] is not None, found["flags"]) == (True, ["NO_LICENCE"])
    assert (await monitoring.get(path)).status_code == 404


async def test_who_inspects_is_for_the_agency_and_in_no_event(monitoring: Served) -> None:
    path = await moved(monitoring, *PATHS["IN_PROGRESS"])
    found = await read(monitoring, path)
    InspectionDetail.model_validate(found)
    inspecting = {monitoring.actor(name) for name in ("colleague", "drafter")}
    assert ({*found["inspectors"]}, found["subject"]) == (inspecting, SUBJECT)
    concerned = await read(monitoring, path, **PROVIDER)
    assert (concerned["inspectors"], concerned["subject"]) == (None, SUBJECT)
    public = (await monitoring.get(path)).json()
    assert (public["inspectors"], public["subject"]) == (None, None)
    rows = await monitoring.worker.fetch("SELECT state::text || changed::text AS told FROM change_log")
    for secret in ("colleague", *inspecting, SUBJECT):
        assert not [row for row in rows if secret in row["told"]]


async def test_a_pushed_inspection_is_moved_by_its_events_alone(monitoring: Served) -> None:
    await push(monitoring, [started()])
    await apply(monitoring)
    (one,) = (await monitoring.get("/v1/inspections")).json()["items"]
    path = f"/v1/inspections/{one['id']}"
    for each in STEPS:
        refused = await try_step(monitoring, path, each)
        assert (refused.status_code, refused.json()["code"]) == (409, "inspection_pushed"), each
    assert (await read(monitoring, path))["actions"] == ["confirm-provider"]


async def test_a_step_on_an_older_version_is_refused(monitoring: Served) -> None:
    path = await planned(monitoring)
    stale = await try_step(monitoring, path, "order", headers={"If-Match": '"2"'})
    assert stale.status_code == 412
    done = await try_step(monitoring, path, "order", headers={"If-Match": '"1"'})
    assert (done.status_code, done.headers["ETag"]) == (200, '"2"')


async def test_the_same_step_again_gets_the_same_answer(monitoring: Served) -> None:
    path = await moved(monitoring, *PATHS["REPORT_APPROVED"])
    answers = [await try_step(monitoring, path, "close-with-prescriptions", key="again") for _ in range(2)]
    assert answers[0].content == answers[1].content
    assert await count(monitoring, "prescription") == 1


@pytest.mark.parametrize(
    ("each", "who"),
    [("order", CONDUCTING), ("start", DIRECTOR), ("approve-report", CONDUCTING), ("cancel", CONDUCTING)],
    ids=["order", "start", "approve-report", "cancel"],
)
async def test_each_step_needs_its_right(monitoring: Served, each: str, who: dict[str, Any]) -> None:
    path = await planned(monitoring)
    body, _ = STEPS[each]
    refused = await monitoring.post(f"{path}/{each}", body, **who)
    assert (refused.status_code, refused.json()["right"]) == (
        403,
        INSPECTION_MACHINE.row(each.replace("-", "_")).action,
    )


async def test_terms_run_forward_and_days_are_no_guesses(monitoring: Served) -> None:
    backward = await monitoring.post(
        "/v1/inspections", PLAN | {"period": {"since": "2026-03-06", "until": "2026-03-02"}}, **INSPECTOR
    )
    assert (backward.status_code, backward.json()["errors"][0]["code"]) == (422, "period_backward")
    path = await moved(monitoring, "order")
    for day, code in (("2099-01-01", "day_in_future"), ("2026-03-01", "day_too_early")):
        refused = await try_step(monitoring, path, "start", {"started_on": day})
        assert (refused.status_code, refused.json()["code"]) == (409, code)
    for each in ("start", "draft-findings"):
        await step(monitoring, path, each)
    short = await try_step(monitoring, path, "send-for-objections", {"due_on": "2026-03-03"})
    assert (short.status_code, short.json()["code"]) == (409, "term_too_short")


async def test_it_is_followed_up_by_an_inspection_that_was_made(monitoring: Served) -> None:
    path = await moved(monitoring, *PATHS["FOLLOW_UP_DUE"])
    not_started = await planned(monitoring)
    for other in (path, not_started, "/v1/inspections/019a0000-0000-7000-8000-000000000000"):
        key = str(UUID(other.rpartition("/")[2]))
        refused = await try_step(monitoring, path, "record-follow-up", {"follow_up_inspection": key})
        assert (refused.status_code, refused.json()["code"]) == (409, "inspection_unknown")
