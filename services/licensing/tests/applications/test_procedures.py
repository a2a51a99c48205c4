"""Renewal, change and termination of a licence."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from licensing_rig import APPLICANT, DIRECTOR, OFFICER, Rig, imported, licence, row

from aksu_local.served import Unopened
from aksu_shared.events.registry.services import ServiceState

ISSUED, LAST_DAY = date(2021, 3, 10), date(2026, 3, 10)


@pytest.fixture
async def service(licensing: Rig) -> ServiceState:
    """A service whose licence ends on 10.03.2026, on 12.01.2026."""
    licensing.move(date(2026, 1, 12))
    known = await licensing.known()
    await licensing.tell(imported(row(known, licence("3129", 40, ISSUED, LAST_DAY))))
    return known


async def apply(licensing: Rig, service: ServiceState, procedure: str, **more: Any) -> Any:
    body = {"procedure": procedure, "service_id": str(service.id)} | more
    return await licensing.api.post("/v1/applications", body, **APPLICANT)


async def grant(licensing: Rig, application: str) -> dict[str, Any]:
    registered = await licensing.step(application, "register", **OFFICER)
    await licensing.step(application, "start-review", **OFFICER)
    if registered["procedure"] == "RENEW":
        await licensing.assess(application, procedure="RENEW")
    await licensing.step(application, "propose-grant", {"reason": "Да"}, **OFFICER)
    return dict(await licensing.step(application, "grant", {"order_number": "1"}, **DIRECTOR))


async def test_renewal_is_admissible_in_the_last_three_months_only(licensing: Rig, service: ServiceState) -> None:
    licensing.move(date(2025, 12, 9))
    early = await apply(licensing, service, "RENEW")
    assert (early.status_code, early.json()["code"]) == (409, "renewal_too_early")
    assert early.json()["earliest"] == "2025-12-10"
    licensing.move(date(2025, 12, 10))
    assert (await apply(licensing, service, "RENEW")).status_code == 201


async def test_a_renewal_begins_the_day_after_its_predecessors_last_one(licensing: Rig, service: ServiceState) -> None:
    filed = (await apply(licensing, service, "RENEW")).json()
    registered = await licensing.step(filed["id"], "register", **OFFICER)
    assert (registered["term"], registered["decision_due"]) == ("licensing.renewal_decision", "2026-01-26")
    assert registered["incoming_number"].startswith("ВХ-3130-")
    await licensing.step(filed["id"], "start-review", **OFFICER)
    await licensing.assess(filed["id"], procedure="RENEW")
    await licensing.step(filed["id"], "propose-grant", {"reason": "Да"}, **OFFICER)
    granted = await licensing.step(filed["id"], "grant", {"order_number": "1"}, **DIRECTOR)
    held, renewed = await licensing.licences()
    assert renewed["id"] == granted["licence_id"]
    assert renewed["number"] == "Л-3130-41/12.01.2026"
    assert (renewed["valid_from"], renewed["valid_until"]) == ("2026-03-11", "2031-03-10")
    assert (held["state"], held["ended_on"], renewed["predecessor_id"]) == ("RENEWED", None, held["id"])
    assert await licensing.log(held["id"]) == ["imported", "renewed"]
    assert [each["id"] for each in await licensing.licences(valid_on="2026-03-10")] == [held["id"]]
    assert [each["id"] for each in await licensing.licences(valid_on="2026-03-11")] == [renewed["id"]]
    licensing.move(date(2026, 3, 11))
    await licensing.fire()
    assert [each["state"] for each in await licensing.licences()] == ["RENEWED", "ACTIVE"]


async def test_a_renewal_decided_after_the_end_runs_from_its_order(licensing: Rig, service: ServiceState) -> None:
    licensing.move(LAST_DAY)
    filed = (await apply(licensing, service, "RENEW")).json()
    licensing.move(date(2026, 3, 16))
    await licensing.fire()
    await grant(licensing, filed["id"])
    held, renewed = await licensing.licences()
    assert (held["state"], renewed["valid_from"], renewed["valid_until"]) == ("RENEWED", "2026-03-16", "2031-03-16")


async def test_a_change_reported_on_day_15_is_accepted_and_marked_late(licensing: Rig, service: ServiceState) -> None:
    today = date(2026, 1, 15)
    licensing.move(today)
    for number, late in ((14, False), (15, True)):
        changed_on = today - timedelta(days=number)
        filed = await apply(licensing, service, "CHANGE", changed_on=str(changed_on), request="Нов управител")
        assert (filed.status_code, filed.json()["late"]) == (201, late), number
        await licensing.step(filed.json()["id"], "withdraw", **APPLICANT)


async def test_a_change_replaces_the_licence_from_the_day_of_its_order(licensing: Rig, service: ServiceState) -> None:
    filed = (await apply(licensing, service, "CHANGE", changed_on="2026-01-12", request="Ново наименование")).json()
    await grant(licensing, filed["id"])
    held, changed = await licensing.licences()
    assert (held["state"], held["ended_on"]) == ("REPLACED", "2026-01-11")
    assert (changed["number"], changed["kind"]) == ("Л-3131-41/12.01.2026", "CHANGED")
    assert (changed["valid_from"], changed["valid_until"]) == ("2026-01-12", LAST_DAY.isoformat())


async def test_a_change_decided_after_the_last_day_is_refused(licensing: Rig, service: ServiceState) -> None:
    filed = (await apply(licensing, service, "CHANGE", changed_on="2026-01-12", request="Ново наименование")).json()
    licensing.move(date(2026, 3, 11))
    for verb, body in (("register", {}), ("start-review", {}), ("propose-grant", {"reason": "Да"})):
        await licensing.step(filed["id"], verb, body, **OFFICER)
    refused = await licensing.try_step(filed["id"], "grant", {"order_number": "1"}, **DIRECTOR)
    assert (refused.status_code, refused.json()["code"]) == (409, "licence_ended")
    assert len(await licensing.licences()) == 1


async def test_a_termination_ends_the_licence_and_issues_none(licensing: Rig, service: ServiceState) -> None:
    filed = (await apply(licensing, service, "TERMINATE", request="Закриване на дейността")).json()
    granted = await grant(licensing, filed["id"])
    assert (granted["licence_id"], granted["term"]) == (None, "licensing.termination_communication")
    (held,) = await licensing.licences()
    assert (held["state"], held["ended_on"]) == ("TERMINATED", "2026-01-12")
    assert await licensing.log(held["id"]) == ["imported", "terminated"]
    assert (await apply(licensing, service, "ISSUE")).status_code == 201


async def test_without_a_licence_there_is_nothing_to_renew_change_or_terminate(licensing: Rig) -> None:
    known = await licensing.known()
    for procedure, more in (("RENEW", {}), ("TERMINATE", {"request": "Край"})):
        refused = await apply(licensing, known, procedure, **more)
        assert (refused.status_code, refused.json()["code"]) == (409, "no_licence")


@pytest.mark.parametrize(
    ("procedure", "more"),
    [("CHANGE", {"request": "Х"}), ("CHANGE", {"changed_on": "2026-01-05"}), ("TERMINATE", {}), ("RENEWAL", {})],
)
async def test_what_a_procedure_needs_is_asked_for(unopened: Unopened, procedure: str, more: dict[str, str]) -> None:
    body = {"procedure": procedure, "service_id": str(uuid4())} | more
    answer = await unopened("licensing").post("/v1/applications", body, **APPLICANT)
    assert answer.status_code == 422


async def test_a_licence_in_revocation_is_neither_renewed_nor_changed(licensing: Rig, service: ServiceState) -> None:
    await licensing.api.worker.execute("UPDATE licence SET state = 'REVOCATION_PENDING'")
    refused = await apply(licensing, service, "RENEW")
    assert (refused.status_code, refused.json()["code"]) == (409, "illegal_transition")


async def test_an_older_register_does_not_undo_a_renewal_made_here(licensing: Rig, service: ServiceState) -> None:
    old = row(service, licence("3129", 40, ISSUED, LAST_DAY))
    (before,) = await licensing.licences()
    old = old.model_copy(update={"id": UUID(before["register_row_id"]), "violations": "Забележка"})
    await grant(licensing, (await apply(licensing, service, "RENEW")).json()["id"])
    await licensing.tell(imported(old, version=2))
    held, renewed = await licensing.licences()
    assert (held["state"], held["violations"], renewed["state"]) == ("RENEWED", "Забележка", "ACTIVE")


async def test_a_register_published_after_a_renewal_recognises_it(licensing: Rig, service: ServiceState) -> None:
    (before,) = await licensing.licences()
    await grant(licensing, (await apply(licensing, service, "RENEW")).json()["id"])
    original = licence("3129", 40, ISSUED, LAST_DAY)
    renewed = licence("3130", 41, date(2026, 1, 12), date(2031, 3, 10), replaces=original)
    told = row(service, original, renewed=renewed)
    await licensing.tell(imported(told.model_copy(update={"id": UUID(before["register_row_id"])}), version=2))
    found = await licensing.licences()
    assert [(each["state"], each["origin"], each["register_row_id"]) for each in found] == [
        ("RENEWED", "IMPORTED", before["register_row_id"]), ("ACTIVE", "ISSUED", before["register_row_id"]),
    ]  # fmt: skip
