"""Who inspects is whom the director's order names; who takes part reads what is found; the inspected may object."""

from typing import Any

import pytest
from inspection_builders import (
    APPROVED,
    CONDUCTING,
    DIRECTOR,
    FAILED,
    ORDER,
    PRESCRIPTION,
    STEPS,
    UNTIL_REPORT,
    moved,
    planned,
    read,
    step,
    try_step,
)
from monitoring_builders import INSPECTOR, MAYOR, OTHER_MAYOR, PROVIDER
from signal_builders import on

from aksu_local.served import Serve, Served
from aksu_monitoring.inspections.machine import INSPECTION_MACHINE
from aksu_monitoring.inspections.rules import CONDUCT
from aksu_shared.kernel.machine import verb

BEFORE: dict[str, tuple[str, ...]] = {
    "start": UNTIL_REPORT[:1],
    "record-access-denied": UNTIL_REPORT[:2],
    "draft-findings": UNTIL_REPORT[:2],
    "send-for-objections": UNTIL_REPORT[:3],
    "close-no-findings": APPROVED,
    "close-with-prescriptions": APPROVED,
    "require-follow-up": (*APPROVED, "close-with-prescriptions"),
    "record-follow-up": (*APPROVED, "close-with-prescriptions", "require-follow-up"),
    "require-another-follow-up": (*APPROVED, "close-with-prescriptions", "require-follow-up"),
}
"""Step of who inspects → the steps before it."""


@pytest.fixture
async def monitoring(serve: Serve) -> Served:
    served = await serve("monitoring")
    await on(served, "2026-03-10")
    return served


async def _before(monitoring: Served, name: str) -> str:
    path = await moved(monitoring, *BEFORE[name])
    if name == "require-another-follow-up":
        other = await moved(monitoring, "order", "start")
        await step(monitoring, path, "record-follow-up", {"follow_up_inspection": other.rpartition("/")[2]})
    return path


def test_every_step_of_who_inspects_is_tried() -> None:
    rows = INSPECTION_MACHINE.transitions
    assert {verb(row.name) for row in rows if row.action == CONDUCT} == BEFORE.keys()


@pytest.mark.parametrize("name", BEFORE)
async def test_an_inspector_whom_the_order_does_not_name_takes_no_step(monitoring: Served, name: str) -> None:
    path = await _before(monitoring, name)
    version = (await read(monitoring, path))["version"]
    refused = await try_step(monitoring, path, name, subject="stranger")
    problem = refused.json()
    assert (refused.status_code, problem["code"]) == (409, "not_of_team")
    assert "чл. 38" in problem["legal_basis"]
    stranger = await read(monitoring, path, **INSPECTOR | {"subject": "stranger"})
    assert (stranger["actions"], stranger["version"]) == ([], version)
    assert name in (await read(monitoring, path))["actions"]


async def test_another_of_the_team_goes_on(monitoring: Served) -> None:
    path = await moved(monitoring, *UNTIL_REPORT[:2])
    assert (await step(monitoring, path, "draft-findings", subject="colleague"))["state"] == "FINDINGS_DRAFTED"


async def test_users_met_are_recorded_by_the_team_alone(monitoring: Served) -> None:
    path = await moved(monitoring, *UNTIL_REPORT[:2])
    met = {"name": "Мария Срещната"}
    refused = await monitoring.post(f"{path}/users-met", met, **INSPECTOR)
    assert (refused.status_code, refused.json()["code"]) == (409, "not_of_team")
    assert (await monitoring.post(f"{path}/users-met", met, **CONDUCTING)).status_code == 201


async def test_a_report_is_approved_after_the_objections_or_their_term(monitoring: Served) -> None:
    path = await moved(monitoring, *UNTIL_REPORT[:3])
    await step(monitoring, path, "send-for-objections", {"due_on": "2026-03-20"})
    await on(monitoring, "2026-03-20")
    early = await try_step(monitoring, path, "approve-report")
    assert (early.status_code, early.json()["code"], early.json()["objections_due"]) == (
        409, "objections_awaited", "2026-03-20",
    )  # fmt: skip
    assert (await read(monitoring, path, **DIRECTOR))["actions"] == []
    await on(monitoring, "2026-03-21")
    assert (await read(monitoring, path, **DIRECTOR))["actions"] == ["approve-report"]
    assert (await step(monitoring, path, "approve-report"))["state"] == "REPORT_APPROVED"


async def test_the_inspected_objects_and_nobody_else(monitoring: Served) -> None:
    path = await moved(monitoring, *UNTIL_REPORT)
    for other in (MAYOR, CONDUCTING, {"role": "provider", "body": "PROVIDER:175229303"}):
        refused = await monitoring.post(f"{path}/object", {"text": "Не е вярно"}, **other)
        assert (refused.status_code, refused.json()["right"]) == (403, "monitoring.inspection.object")
    text = STEPS["object"][0]["text"]
    await step(monitoring, path, "object")
    for who in (PROVIDER, MAYOR, INSPECTOR, DIRECTOR):
        assert (await read(monitoring, path, **who))["objections"] == text
    assert (await monitoring.get(path)).json()["objections"] is None
    log = await monitoring.worker.fetchval("SELECT string_agg(state::text || coalesce(reason, ''), '') FROM change_log")
    assert text not in log


async def test_a_body_that_takes_part_reads_what_is_found_and_others_like_it_do_not(monitoring: Served) -> None:
    path = await planned(monitoring, kind="JOINT")
    await step(monitoring, path, "order", ORDER | {"participants": ["RZI:BLG", "RZI:BLG"]})
    joined: dict[str, Any] = {"role": "body_officer", "body": "RZI:BLG"}
    assert (await monitoring.get(path, **joined)).status_code == 404
    for each in UNTIL_REPORT[1:3]:
        await step(monitoring, path, each)
    assert (await read(monitoring, path))["participants"] == ["RZI:BLG"]
    (seen, _) = (await monitoring.get(f"{path}/findings", **joined)).json()["items"]
    assert seen["note"] == FAILED["note"]
    assert (await read(monitoring, path, **joined))["subject"] == ORDER["subject"]
    for other in ("RZI:SOF", "POLICE:BLG", "DSP:BLG03", "ASP"):
        who: dict[str, Any] = {"role": "body_officer", "body": other}
        assert (await monitoring.get(f"{path}/findings", **who)).json()["items"] == [], other
    assert (await monitoring.get(f"{path}/findings", **OTHER_MAYOR)).json()["items"] == []


async def test_a_provider_does_not_take_part_in_inspecting(monitoring: Served) -> None:
    path = await planned(monitoring)
    refused = await try_step(monitoring, path, "order", ORDER | {"participants": ["PROVIDER:130007884"]})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "unknown_body")


async def test_what_is_proposed_has_a_term(monitoring: Served) -> None:
    path = await moved(monitoring, *APPROVED)
    short = {"prescriptions": [PRESCRIPTION | {"due_on": "2026-03-10"}]}
    refused = await try_step(monitoring, path, "close-with-prescriptions", short)
    assert (refused.status_code, refused.json()["code"]) == (409, "term_too_short")
