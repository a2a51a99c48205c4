"""When an application was received, and what may not be dated back: its receipt, its decision, its order."""

import asyncio
from datetime import date
from typing import Any

import pytest
from licensing_rig import APPLICANT, DIRECTOR, OFFICER, Rig

COLLEAGUE: dict[str, Any] = OFFICER | {"subject": "another-officer"}
BY_POST = {"received_on": "2025-01-10", "reason": "Подадено по пощата на 10.01."}


async def filed(licensing: Rig, day: date = date(2025, 1, 13)) -> str:
    licensing.move(day)
    return str((await licensing.file((await licensing.known()).id)).json()["id"])


async def proposed(licensing: Rig) -> str:
    key = await licensing.reviewed()
    await licensing.step(key, "propose-refusal", {"reason": "Не отговаря"}, **OFFICER)
    return key


async def test_an_application_is_received_on_the_day_it_is_filed_unless_somebody_says_otherwise(licensing: Rig) -> None:
    key = await filed(licensing)
    licensing.move(date(2025, 1, 20))
    registered = await licensing.step(key, "register", **OFFICER)
    assert (registered["received_on"], registered["receipt_unconfirmed"]) == ("2025-01-13", False)
    assert registered["decision_due"] == "2025-03-13"
    assert registered["incoming_number"] == "ВХ-3129-1/20.01.2025"


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"received_on": "2025-01-10"}, "receipt_unexplained"),
        ({"received_on": "2025-01-14"}, "receipt_unexplained"),
        ({"received_on": "2025-01-16", "reason": "Утре"}, "day_in_future"),
        ({"received_on": "2024-12-13", "reason": "Отдавна"}, "receipt_too_early"),
        ({"received_on": "2001-01-10", "reason": "Отдавна"}, "receipt_too_early"),
    ],
)
async def test_another_day_of_receipt_is_explained_and_lies_within_bounds(
    licensing: Rig, sent: dict[str, Any], code: str
) -> None:
    key = await filed(licensing)
    licensing.move(date(2025, 1, 15))
    refused = await licensing.try_step(key, "register", sent, **OFFICER)
    assert (refused.status_code, refused.json()["code"]) == (409, code)
    assert "received_on" in refused.json()["title"] or code == "day_in_future"


async def test_another_day_of_receipt_waits_for_a_second_person(licensing: Rig) -> None:
    key = await filed(licensing)
    registered = await licensing.step(key, "register", BY_POST, **OFFICER)
    assert registered["receipt_unconfirmed"] is True
    early = await licensing.try_step(key, "start-review", **COLLEAGUE)
    assert (early.status_code, early.json()["code"]) == (409, "receipt_unconfirmed")
    assert early.json()["legal_basis"] == "чл. 150, ал. 1 ЗСУ"
    for verb, sent in (("confirm-receipt", {}), ("reject-receipt", {"reason": "Не"})):
        same = await licensing.try_step(key, verb, sent, **OFFICER)
        assert (same.status_code, same.json()["code"]) == (409, "four_eyes")
        assert (await licensing.try_step(key, verb, sent, **APPLICANT)).status_code == 403
    confirmed = await licensing.step(key, "confirm-receipt", **COLLEAGUE)
    assert (confirmed["received_on"], confirmed["receipt_unconfirmed"]) == ("2025-01-10", False)
    assert (await licensing.step(key, "start-review", **OFFICER))["state"] == "UNDER_REVIEW"


async def test_a_rejected_day_of_receipt_gives_way_to_the_day_of_filing(licensing: Rig) -> None:
    key = await filed(licensing)
    await licensing.step(key, "register", BY_POST, **OFFICER)
    rejected = await licensing.step(key, "reject-receipt", {"reason": "Пликът е от 13.01."}, **DIRECTOR)
    assert (rejected["received_on"], rejected["decision_due"]) == ("2025-01-13", "2025-03-13")
    assert rejected["receipt_unconfirmed"] is False
    assert "confirm-receipt" not in (await licensing.api.get(f"/v1/applications/{key}", **DIRECTOR)).json()["actions"]


async def test_nothing_is_decided_before_the_day_on_which_it_was_proposed(licensing: Rig) -> None:
    licensing.move(date(2025, 1, 13))
    key = await licensing.reviewed()
    licensing.move(date(2025, 1, 20))
    await licensing.step(key, "propose-refusal", {"reason": "Не отговаря"}, **OFFICER)
    licensing.move(date(2025, 1, 21))
    order = licensing.order(reason="Не отговаря")
    refused = await licensing.try_step(key, "refuse", order | {"decided_on": "2025-01-19"}, **DIRECTOR)
    assert (refused.status_code, refused.json()["code"]) == (409, "day_too_early")
    decided = await licensing.step(key, "refuse", order | {"decided_on": "2025-01-20"}, **DIRECTOR)
    assert decided["decided_on"] == "2025-01-20"


async def test_one_order_decides_one_case_however_its_number_is_typed(licensing: Rig) -> None:
    licensing.move(date(2025, 1, 13))
    first, second = await proposed(licensing), await proposed(licensing)
    sent = {"order_number": "РД-01-7", "reason": "Не отговаря"}
    await licensing.step(first, "refuse", sent, **DIRECTOR)
    taken = await licensing.try_step(second, "refuse", sent | {"order_number": "рд- 01-7"}, **DIRECTOR)
    assert (taken.status_code, taken.json()["code"]) == (409, "order_number_taken")
    licensing.move(date(2026, 1, 13))
    assert (await licensing.step(second, "refuse", sent, **DIRECTOR))["state"] == "REFUSED"


async def test_of_many_decisions_at_once_under_one_order_one_is_made(licensing: Rig) -> None:
    keys = [await proposed(licensing) for _ in range(6)]
    sent = {"order_number": "РД-01-7", "reason": "Не отговаря"}
    answers = await asyncio.gather(*(licensing.try_step(key, "refuse", sent, **DIRECTOR) for key in keys))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 5
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"order_number_taken"}


async def test_the_number_of_an_annulled_order_is_not_used_again(licensing: Rig) -> None:
    licensing.move(date(2025, 2, 10))
    key = await proposed(licensing)
    sent = {"order_number": "РД-01-7", "reason": "Не отговаря"}
    await licensing.step(key, "refuse", sent, **DIRECTOR)
    await licensing.step(key, "notify", **OFFICER)
    await licensing.step(key, "appeal", **OFFICER)
    await licensing.step(key, "annul", {"court_decision": "Решение № 7"}, **OFFICER)
    await licensing.step(key, "reopen", **OFFICER)
    await licensing.step(key, "propose-refusal", {"reason": "Не отговаря"}, **OFFICER)
    taken = await licensing.try_step(key, "refuse", sent, **DIRECTOR)
    assert (taken.status_code, taken.json()["code"]) == (409, "order_number_taken")
