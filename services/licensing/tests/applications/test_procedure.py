"""The procedure of an application, step by step, over HTTP."""

import asyncio
from datetime import date
from uuid import uuid4

from licensing_rig import APPLICANT, DIRECTOR, OFFICER, Rig, amended, days


async def test_an_application_goes_from_filing_to_a_communicated_licence(licensing: Rig) -> None:
    service = await licensing.known()
    filed = await licensing.file(service.id)
    assert filed.status_code == 201, filed.text
    application = filed.json()
    assert (application["state"], application["actions"]) == ("SUBMITTED", ["withdraw"])
    key = application["id"]
    registered = await licensing.step(key, "register", **OFFICER)
    assert registered["incoming_number"].startswith("ВХ-3129-1/")
    await licensing.step(key, "start-review", **OFFICER)
    await licensing.step(key, "order-site-check", **OFFICER)
    await licensing.step(key, "complete-site-check", {"result": "Сградата отговаря"}, **OFFICER)
    await licensing.assess(key)
    proposed = await licensing.step(key, "propose-grant", {"reason": "Отговаря на изискванията"}, **OFFICER)
    assert proposed["state"] == "PROPOSED_GRANT"
    granted = await licensing.step(key, "grant", {"order_number": "РД-01-1"}, **DIRECTOR)
    today = licensing.today()
    assert (granted["state"], granted["decided_on"]) == ("GRANTED", today.isoformat())
    notified = await licensing.step(key, "notify", **OFFICER)
    assert (notified["state"], notified["term"], notified["actions"]) == ("NOTIFIED", None, [])

    licence = (await licensing.api.get(f"/v1/licences/{granted['licence_id']}")).json()
    assert licence["number"] == f"Л-3129-1/{today:%d.%m.%Y}"
    assert (licence["state"], licence["origin"], licence["application_id"]) == ("ACTIVE", "ISSUED", key)
    assert licence["valid_from"] == licence["issued_on"] == licence["communicated_on"] == today.isoformat()
    assert licence["service_name"] == service.name
    assert await licensing.log(key) == [
        "filed", "registered", "advanced", "advanced", "advanced", "advanced", "granted", "notified",
    ]  # fmt: skip
    assert await licensing.log(licence["id"]) == ["issued", "communicated"]


async def test_an_application_received_on_10_01_is_decided_by_10_03(licensing: Rig) -> None:
    licensing.move(date(2025, 1, 13))
    service = await licensing.known()
    key = (await licensing.file(service.id)).json()["id"]
    registered = await licensing.step(key, "register", {"received_on": "2025-01-10", "reason": "По пощата"}, **OFFICER)
    assert registered["decision_due"] == "2025-03-10"
    assert registered["term"] == "licensing.decision"
    assert registered["term_basis"] == "чл. 151, ал. 1 ЗСУ"


async def test_a_term_that_ends_on_a_day_off_ends_on_the_next_working_day(licensing: Rig) -> None:
    licensing.move(date(2025, 1, 7))
    key = (await licensing.file((await licensing.known()).id)).json()["id"]
    registered = await licensing.step(key, "register", {"received_on": "2025-01-03", "reason": "По пощата"}, **OFFICER)
    assert registered["decision_due"] == "2025-03-04"  # 3 March is the national holiday, a Monday


async def test_an_order_of_day_d_is_communicated_by_d_plus_3(licensing: Rig) -> None:
    licensing.move(date(2025, 2, 10))
    granted = await licensing.granted()
    assert (granted["term"], granted["term_due"]) == ("licensing.communication", "2025-02-13")
    assert granted["term_basis"] == "чл. 151, ал. 2 ЗСУ"


async def test_while_a_correction_is_awaited_the_term_of_decision_stands_still(licensing: Rig) -> None:
    licensing.move(date(2025, 1, 13))
    key = await licensing.reviewed()
    licensing.move(date(2025, 1, 20))
    asked = await licensing.step(key, "request-correction", {"reason": "Липсва програма"}, **OFFICER)
    assert (asked["state"], asked["decision_due"]) == ("AWAITING_CORRECTION", None)
    assert (asked["term"], asked["term_due"], asked["note"]) == (
        "licensing.correction", "2025-02-03", "Липсва програма",
    )  # fmt: skip
    licensing.move(date(2025, 1, 30))
    corrected = await licensing.step(key, "correct", {"note": "Приложена"}, **APPLICANT)
    assert corrected["state"] == "UNDER_REVIEW"
    assert corrected["decision_due"] == "2025-03-24"  # 13 March and ten days, a Sunday
    assert corrected["term_revision"] == asked["term_revision"] + 1


async def test_an_application_is_discontinued_only_after_the_term_of_correction(licensing: Rig) -> None:
    licensing.move(date(2025, 1, 13))
    key = await licensing.reviewed()
    await licensing.step(key, "request-correction", {"reason": "Липсва програма", "due_on": "2025-01-20"}, **OFFICER)
    early = await licensing.try_step(key, "discontinue", {"reason": "Не е отстранено"}, **OFFICER)
    assert (early.status_code, early.json()["code"]) == (409, "correction_term_runs")
    licensing.move(date(2025, 1, 21))
    ended = await licensing.step(key, "discontinue", {"reason": "Не е отстранено"}, **OFFICER)
    assert (ended["state"], ended["term"]) == ("DISCONTINUED", None)


async def test_an_illegal_step_is_refused_and_the_legal_ones_are_named(licensing: Rig) -> None:
    key = await licensing.reviewed()
    refused = await licensing.try_step(key, "grant", {"order_number": "1"}, **DIRECTOR)
    assert refused.status_code == 409
    problem = refused.json()
    assert (problem["code"], problem["state"], problem["transition"]) == ("illegal_transition", "UNDER_REVIEW", "grant")
    assert "propose-grant" in problem["legal_transitions"]


async def test_who_proposed_does_not_decide(licensing: Rig) -> None:
    key = await licensing.reviewed()
    both = {"subject": "one-and-the-same", "body": "AKSU"}
    await licensing.step(key, "propose-grant", {"reason": "Да"}, role="licensing_officer", **both)
    refused = await licensing.try_step(key, "grant", {"order_number": "1"}, role="executive_director", **both)
    assert (refused.status_code, refused.json()["code"]) == (409, "four_eyes")
    assert (await licensing.step(key, "grant", {"order_number": "1"}, **DIRECTOR))["state"] == "GRANTED"


async def test_a_returned_proposal_may_be_decided_by_its_former_proposer(licensing: Rig) -> None:
    key = await licensing.reviewed()
    await licensing.step(key, "propose-refusal", {"reason": "Не"}, **OFFICER)
    returned = await licensing.step(key, "return-proposal", {"reason": "Проверете пак"}, **DIRECTOR)
    assert (returned["state"], returned["proposed_by"]) == ("UNDER_REVIEW", None)


async def test_a_refusal_is_appealed_in_term_annulled_and_decided_anew(licensing: Rig) -> None:
    licensing.move(date(2025, 2, 10))
    key = await licensing.reviewed()
    await licensing.step(key, "propose-refusal", {"reason": "Няма персонал"}, **OFFICER)
    order = {"order_number": "РД-01-2", "reason": "Няма персонал"}
    await licensing.step(key, "refuse", order, **DIRECTOR)
    notified = await licensing.step(key, "notify", **OFFICER)
    assert (notified["term"], notified["term_due"]) == ("licensing.appeal", "2025-02-24")
    assert notified["actions"] == ["appeal"]
    licensing.move(date(2025, 2, 26))
    late = await licensing.try_step(key, "appeal", {"appealed_on": "2025-02-25"}, **OFFICER)
    assert (late.status_code, late.json()["code"]) == (409, "appeal_term_passed")
    await licensing.step(key, "appeal", {"appealed_on": "2025-02-24"}, **OFFICER)
    await licensing.step(key, "annul", {"court_decision": "Решение № 7"}, **OFFICER)
    reopened = await licensing.step(key, "reopen", **OFFICER)
    assert (reopened["state"], reopened["decision"], reopened["decision_due"]) == ("UNDER_REVIEW", None, "2025-04-28")


async def test_a_grant_cannot_be_appealed_by_its_holder(licensing: Rig) -> None:
    key = (await licensing.granted())["id"]
    await licensing.step(key, "notify", **OFFICER)
    refused = await licensing.try_step(key, "appeal", **OFFICER)
    assert (refused.status_code, refused.json()["code"]) == (409, "not_refused")


async def test_what_happened_is_neither_in_the_future_nor_before_its_cause(licensing: Rig) -> None:
    key = (await licensing.file((await licensing.known()).id)).json()["id"]
    tomorrow = (licensing.today() + days(1)).isoformat()
    refused = await licensing.try_step(key, "register", {"received_on": tomorrow}, **OFFICER)
    assert (refused.status_code, refused.json()["code"]) == (409, "day_in_future")
    await licensing.step(key, "register", **OFFICER)
    await licensing.step(key, "start-review", **OFFICER)
    await licensing.assess(key)
    await licensing.step(key, "propose-grant", {"reason": "Да"}, **OFFICER)
    yesterday = (licensing.today() - days(1)).isoformat()
    order = {"order_number": "1", "decided_on": yesterday}
    refused = await licensing.try_step(key, "grant", order, **DIRECTOR)
    assert (refused.status_code, refused.json()["code"]) == (409, "day_too_early")


async def test_numbers_have_no_gaps_even_where_a_grant_fails(licensing: Rig) -> None:
    first = await licensing.granted()
    key = await licensing.reviewed()
    await licensing.step(key, "propose-grant", {"reason": "Да"}, **OFFICER)
    stale = await licensing.api.post(
        f"/v1/applications/{key}/grant", {"order_number": "1"}, headers={"If-Match": '"1"'}, **DIRECTOR
    )
    assert stale.status_code == 412
    second = await licensing.step(key, "grant", {"order_number": "1"}, **DIRECTOR)
    numbers = [found["sequence"] for found in await licensing.licences()]
    assert numbers == [1, 2]
    assert first["licence_id"] != second["licence_id"]


async def test_of_two_directors_at_once_one_grants_and_one_licence_comes_of_it(licensing: Rig) -> None:
    key = await licensing.reviewed()
    await licensing.step(key, "propose-grant", {"reason": "Да"}, **OFFICER)
    answers = await asyncio.gather(
        *(licensing.try_step(key, "grant", {"order_number": str(n)}, **DIRECTOR) for n in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert len(await licensing.licences()) == 1


async def test_a_repeated_grant_answers_byte_for_byte_and_issues_once(licensing: Rig) -> None:
    key = await licensing.reviewed()
    await licensing.step(key, "propose-grant", {"reason": "Да"}, **OFFICER)
    path, body = f"/v1/applications/{key}/grant", {"order_number": "1"}
    first = await licensing.api.post(path, body, key="same", **DIRECTOR)
    again = await licensing.api.post(path, body, key="same", **DIRECTOR)
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert len(await licensing.licences()) == 1


async def test_a_service_that_changed_hands_after_filing_is_not_licensed(licensing: Rig) -> None:
    service = await licensing.known()
    key = await licensing.reviewed(service.id)
    await licensing.step(key, "propose-grant", {"reason": "Да"}, **OFFICER)
    await licensing.tell(amended(service, place_id=uuid4()))
    refused = await licensing.try_step(key, "grant", {"order_number": "1"}, **DIRECTOR)
    assert (refused.status_code, refused.json()["code"]) == (409, "service_changed")
    assert await licensing.licences() == []
