"""No licence without its conditions (чл. 148 ЗСУ), unless two people say why."""

from typing import Any

import pytest
from attachments_rig import CHECK
from licensing_rig import APPLICANT, DIRECTOR, MAYOR, OFFICER, PROVIDER, Rig, provider

from aksu_licensing.conditions.rules import NO_BAR_REVOKED, REQUIRED
from aksu_shared.kernel.codelists import CODELISTS

YES = {"reason": "Да"}
ISSUE = [*REQUIRED["ISSUE"]]


async def under_review(licensing: Rig) -> str:
    """An application of whose conditions nobody has told anything."""
    key = str((await licensing.file((await licensing.known()).id)).json()["id"])
    await licensing.step(key, "register", **OFFICER)
    await licensing.step(key, "start-review", **OFFICER)
    return key


async def conditions(licensing: Rig, application: str) -> dict[str, dict[str, Any]]:
    answer = await licensing.api.get(f"/v1/applications/{application}/conditions", **OFFICER)
    assert answer.status_code == 200, answer.text
    return {each["code"]: each for each in answer.json()["conditions"]}


async def propose(licensing: Rig, application: str, **overrides: str) -> Any:
    sent = [{"condition": code, "reason": reason} for code, reason in overrides.items()]
    return await licensing.try_step(application, "propose-grant", YES | {"overrides": sent}, **OFFICER)


async def check(licensing: Rig, application: str, **changes: str) -> None:
    path = f"/v1/applications/{application}/manager-checks"
    answer = await licensing.api.post(path, CHECK | changes, **OFFICER)
    assert answer.status_code == 201, answer.text


def test_each_procedure_asks_for_conditions_of_the_code_list_only() -> None:
    assert {code for codes in REQUIRED.values() for code in codes} == {*CODELISTS["application_requirements"]}


async def test_of_what_nobody_told_nothing_is_met(licensing: Rig) -> None:
    key = await under_review(licensing)
    found = await conditions(licensing, key)
    assert {code: each["result"] for code, each in found.items()} == dict.fromkeys(ISSUE, "UNKNOWN")
    refused = await propose(licensing, key)
    assert (refused.status_code, refused.json()["code"]) == (409, "conditions_not_met")
    assert refused.json()["conditions"] == ISSUE
    assert refused.json()["legal_basis"] == "чл. 148, ал. 1–4 ЗСУ"


@pytest.mark.parametrize("condition", ISSUE)
@pytest.mark.parametrize("result", ["NOT_MET", "UNKNOWN"])
async def test_each_condition_alone_stands_in_the_way(licensing: Rig, condition: str, result: str) -> None:
    key = await under_review(licensing)
    await licensing.assess(key)
    await licensing.assess(key, result, condition)
    assert (await propose(licensing, key)).json()["conditions"] == [condition]
    assert (await propose(licensing, key, **{condition: "Не пречи"})).status_code == 200
    granted = await licensing.try_step(key, "grant", licensing.order(), **DIRECTOR)
    assert granted.status_code == 200, granted.text


async def test_an_override_names_what_is_not_met_and_nothing_else(licensing: Rig) -> None:
    key = await under_review(licensing)
    await licensing.assess(key)
    needless = await propose(licensing, key, FEE="Платена е")
    assert (needless.status_code, needless.json()["code"]) == (409, "override_needless")
    twice = {"overrides": [{"condition": "FEE", "reason": "х"}] * 2}
    assert (await licensing.try_step(key, "propose-grant", YES | twice, **OFFICER)).status_code == 422


async def test_who_overrides_does_not_grant(licensing: Rig) -> None:
    key = await under_review(licensing)
    await licensing.assess(key)
    await licensing.assess(key, "NOT_MET", "FEE")
    both = {"subject": "one-and-the-same", "body": "AKSU"}
    sent = YES | {"overrides": [{"condition": "FEE", "reason": "Освободен"}]}
    await licensing.step(key, "propose-grant", sent, role="licensing_officer", **both)
    refused = await licensing.try_step(key, "grant", licensing.order(), role="executive_director", **both)
    assert (refused.status_code, refused.json()["code"]) == (409, "four_eyes")
    assert (await conditions(licensing, key))["FEE"]["override"] == "Освободен"


async def test_what_is_found_after_the_proposal_stops_the_grant(licensing: Rig) -> None:
    key = await licensing.reviewed()
    await licensing.step(key, "propose-grant", YES, **OFFICER)
    await licensing.assess(key, "NOT_MET", "NO_BAR_UNLICENSED")
    refused = await licensing.try_step(key, "grant", licensing.order(), **DIRECTOR)
    assert (refused.status_code, refused.json()["conditions"]) == (409, ["NO_BAR_UNLICENSED"])
    assert await licensing.licences() == []
    await licensing.step(key, "return-proposal", {"reason": "Проверете"}, **DIRECTOR)
    await licensing.assess(key)
    await licensing.step(key, "propose-grant", YES, **OFFICER)
    assert (await licensing.step(key, "grant", licensing.order(), **DIRECTOR))["state"] == "GRANTED"


async def test_the_overrides_of_a_former_proposal_do_not_count(licensing: Rig) -> None:
    key = await licensing.reviewed()
    await licensing.assess(key, "NOT_MET", "FEE")
    assert (await propose(licensing, key, FEE="Освободен")).status_code == 200
    await licensing.step(key, "return-proposal", {"reason": "Не е"}, **DIRECTOR)
    assert (await propose(licensing, key)).json()["conditions"] == ["FEE"]


async def test_an_adverse_criminal_record_is_a_condition_not_met_that_no_officer_assesses_away(licensing: Rig) -> None:
    key = await licensing.reviewed()
    await check(licensing, key, result="UNCLEAR")
    assert (await conditions(licensing, key))["NOT_CONVICTED"]["result"] == "MET"
    await check(licensing, key, result="ADVERSE")
    found = (await conditions(licensing, key))["NOT_CONVICTED"]
    assert (found["result"], found["source"], found["reason"]) == ("NOT_MET", "MANAGER_CHECK", None)
    away = await licensing.assess(key, "MET", "NOT_CONVICTED")
    assert (away.status_code, away.json()["code"]) == (409, "condition_established")
    assert (await propose(licensing, key)).json()["conditions"] == ["NOT_CONVICTED"]
    assert (await propose(licensing, key, NOT_CONVICTED="Реабилитиран")).status_code == 200


async def test_a_licence_revoked_within_five_years_bars_its_holder(licensing: Rig) -> None:
    today = licensing.today()
    await licensing.granted()
    key = await licensing.reviewed()
    revoke = "UPDATE licence SET state = 'REVOKED_FINAL', state_group = 'ENDED', ended_on = $1"
    await licensing.api.worker.execute(revoke, today.replace(year=today.year - 6))
    assert (await propose(licensing, key)).status_code == 200
    await licensing.step(key, "return-proposal", {"reason": "Проверете"}, **DIRECTOR)
    await licensing.api.worker.execute(revoke, today.replace(year=today.year - 4))
    refused = await propose(licensing, key)
    assert (refused.status_code, refused.json()["conditions"]) == (409, [NO_BAR_REVOKED])
    away = await licensing.assess(key, "MET", NO_BAR_REVOKED)
    assert (away.status_code, away.json()["code"]) == (409, "condition_established")


async def test_a_bar_that_is_over_is_no_longer_known_and_is_assessed_anew(licensing: Rig) -> None:
    await licensing.granted()
    key = await licensing.reviewed()
    await licensing.api.worker.execute("UPDATE licence SET state = 'REVOKED', state_group = 'ENDED', ended_on = now()")
    await licensing.assess(key, "MET", "FEE")
    assert (await conditions(licensing, key))[NO_BAR_REVOKED]["result"] == "NOT_MET"
    await licensing.api.worker.execute("UPDATE licence SET state = 'REINSTATED', state_group = 'LIVE', ended_on = NULL")
    assert (await propose(licensing, key)).json()["conditions"] == [NO_BAR_REVOKED]
    assert (await licensing.assess(key, "MET", NO_BAR_REVOKED)).status_code == 200
    assert (await propose(licensing, key)).status_code == 200


async def test_conditions_are_for_the_agency_and_assessed_by_licensing_officers(licensing: Rig) -> None:
    key = await licensing.reviewed()
    path = f"/v1/applications/{key}/conditions"
    said = {"assessments": [{"condition": "FEE", "result": "MET", "reason": "х"}]}
    inspector: dict[str, Any] = {"role": "inspector", "body": "AKSU"}
    for caller in (APPLICANT, MAYOR, inspector):
        assert (await licensing.api.get(path, **caller)).status_code == 403
        assert (await licensing.api.post(path, said, **caller)).status_code == 403
    assert (await licensing.api.get(path, **DIRECTOR)).status_code == 200
    assert (await licensing.api.post(path, said, **DIRECTOR)).status_code == 403
    row = await licensing.api.worker.fetchrow("SELECT scope, provider_body FROM conditions")
    assert (row["scope"], row["provider_body"]) == (["b:AKSU"], PROVIDER)


async def test_nothing_is_assessed_that_is_not_asked_for_or_after_the_decision(licensing: Rig) -> None:
    key = await licensing.reviewed()
    foreign = await licensing.assess(key, "MET", "REPORTS_GIVEN")
    assert (foreign.status_code, foreign.json()["code"]) == (409, "condition_not_required")
    await licensing.step(key, "withdraw", **APPLICANT)
    late = await licensing.assess(key, "MET", "FEE")
    assert (late.status_code, late.json()["code"]) == (409, "application_decided")


async def test_whose_legal_form_the_agency_confirmed_is_an_eligible_person(licensing: Rig) -> None:
    known = await licensing.known(provider(legal_form_confirmed=True))
    key = str((await licensing.file(known.id)).json()["id"])
    await licensing.step(key, "register", **OFFICER)
    found = (await conditions(licensing, key))["ELIGIBLE_PERSON"]
    assert (found["result"], found["source"]) == ("MET", "REGISTRY")
