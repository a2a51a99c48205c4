"""Who may apply for a licence, and for which service."""

import asyncio
from typing import Any
from uuid import uuid4

from licensing_rig import APPLICANT, MAYOR, OFFICER, PROVIDER, STRANGER, Rig, amended, entered, provider, service


async def test_a_service_that_licensing_has_not_heard_of_is_asked_for_again_with_the_same_key(licensing: Rig) -> None:
    runs = provider()
    unknown = service(runs)
    body = {"procedure": "ISSUE", "service_id": str(unknown.id)}
    first = await licensing.api.post("/v1/applications", body, key="again", **APPLICANT)
    assert (first.status_code, first.json()["code"]) == (409, "service_not_known")
    assert first.headers["Retry-After"] == "1"
    await licensing.tell(entered(unknown))
    again = await licensing.api.post("/v1/applications", body, key="again", **APPLICANT)
    assert again.status_code == 201, again.text


async def test_a_filing_waits_for_the_registration_it_names(licensing: Rig) -> None:
    state = service(provider())
    told = licensing.item(entered(state))
    assert told.event is not None
    assert told.event.meta is not None
    body = {"procedure": "ISSUE", "service_id": str(state.id)}
    after = {"Aksu-After": f"registry:{told.event.meta.seq}"}

    filing = licensing.api.post("/v1/applications", body, headers=after, **APPLICANT)
    answer, _ = await asyncio.gather(filing, licensing.applier.apply([told]))
    assert answer.status_code == 201, answer.text


async def test_a_filing_that_waits_in_vain_is_told_to_come_again(licensing: Rig) -> None:
    body = {"procedure": "ISSUE", "service_id": str(uuid4())}
    answer = await licensing.api.post("/v1/applications", body, headers={"Aksu-After": "registry:99"}, **APPLICANT)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")


async def test_a_municipality_needs_no_licence_but_its_legal_entity_does(licensing: Rig) -> None:
    municipality = provider(body="MUNICIPALITY:BLG03", eik=None, legal_form="MUNICIPALITY", licence_required=False)
    own = await licensing.known(municipality, financing="MUNICIPAL", management="SELF_PROVIDED")
    refused = await licensing.file(own.id, role="provider", body="MUNICIPALITY:BLG03")
    assert refused.status_code == 403  # no provider in the sense of licensing at all
    entity = provider(legal_form="MUNICIPAL_LEGAL_ENTITY")
    run = await licensing.known(entity)
    assert (await licensing.file(run.id)).status_code == 201


async def test_a_provider_whose_legal_form_needs_no_licence_is_told_so_with_the_legal_basis(licensing: Rig) -> None:
    state = provider(legal_form="STATE", licence_required=False)
    refused = await licensing.file((await licensing.known(state)).id)
    assert (refused.status_code, refused.json()["code"]) == (409, "licence_not_required")
    assert refused.json()["legal_basis"] == "чл. 146 ЗСУ"


async def test_for_an_assigned_service_the_operator_applies_not_the_municipality(licensing: Rig) -> None:
    operator = provider()
    assigned = await licensing.known(
        operator,
        management="ASSIGNED_CONTEST",
        provider_id=uuid4(),
        provider_body="MUNICIPALITY:BLG03",
        provider_name="Община Благоевград",
        operator_id=operator.id,
        operator_body=operator.body,
        operator_name=operator.name,
    )
    filed = await licensing.file(assigned.id)
    assert filed.status_code == 201, filed.text
    assert (filed.json()["provider_body"], filed.json()["responsible_body"]) == (PROVIDER, "MUNICIPALITY:BLG03")
    path = filed.headers["Location"]
    assert (await licensing.api.get(path, **MAYOR)).status_code == 200
    other: dict[str, Any] = {"role": "municipality_officer", "body": "MUNICIPALITY:BLG01"}
    assert (await licensing.api.get(path, **other)).status_code == 404


async def test_nobody_applies_for_another_providers_service(licensing: Rig) -> None:
    known = await licensing.known()
    refused = await licensing.file(known.id, **STRANGER)
    assert (refused.status_code, refused.json()["right"]) == (403, "licensing.application.file")


async def test_one_application_at_a_time_is_open_for_a_service(licensing: Rig) -> None:
    known = await licensing.known()
    answers = await asyncio.gather(*(licensing.file(known.id) for _ in range(4)))
    codes = sorted((answer.status_code, answer.json().get("code", "")) for answer in answers)
    assert codes == [(201, ""), *[(409, "application_open")] * 3]
    first = next(answer.json()["id"] for answer in answers if answer.status_code == 201)
    await licensing.step(first, "withdraw", **APPLICANT)
    assert (await licensing.file(known.id)).status_code == 201


async def test_a_service_with_a_live_licence_gets_no_second_one(licensing: Rig) -> None:
    known = await licensing.known()
    await licensing.granted(known.id)
    refused = await licensing.file(known.id)
    assert (refused.status_code, refused.json()["code"]) == (409, "licence_exists")
    assert refused.json()["legal_basis"] == "чл. 146–160 ЗСУ"


async def test_a_closed_service_is_not_applied_for(licensing: Rig) -> None:
    known = await licensing.known()
    await licensing.tell(amended(known, state="CLOSED"))
    refused = await licensing.file(known.id)
    assert (refused.status_code, refused.json()["code"]) == (409, "service_closed")


async def test_an_officer_does_not_apply_for_a_provider(licensing: Rig) -> None:
    assert (await licensing.file((await licensing.known()).id, **OFFICER)).status_code == 403
