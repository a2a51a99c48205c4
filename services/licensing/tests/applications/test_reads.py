"""Lists and single resources: their bytes, filters, pages, and who sees them."""

import json
from datetime import date
from typing import Any

import pytest
from licensing_rig import APPLICANT, DIRECTOR, OFFICER, STRANGER, Rig, three_licences

from aksu_licensing.applications.schemas import ApplicationRead
from aksu_licensing.licences.schemas import LicenceRead
from aksu_shared.web.reads import PageOf

TODAY = date(2026, 3, 2)
FEED = "/v1/changes?limit=1000"


@pytest.fixture
async def licensing(licensing: Rig) -> Rig:
    """Three imported licences and one application under review."""
    licensing.move(TODAY)
    await three_licences(licensing)
    await licensing.reviewed()
    return licensing


def same(model: Any, content: bytes) -> Any:
    """The bytes are just what the response model would write."""
    read = model.model_validate_json(content, strict=False)
    assert json.loads(read.model_dump_json(exclude_unset=True)) == json.loads(content)
    return read


async def test_the_bytes_of_lists_and_reads_are_those_of_their_models(licensing: Rig) -> None:
    licences = await licensing.api.get("/v1/licences")
    page = same(PageOf[LicenceRead], licences.content)
    assert len(page.items) == 4
    one = await licensing.api.get(f"/v1/licences/{page.items[0].id}")
    same(LicenceRead, one.content)
    same(PageOf[LicenceRead], (await licensing.api.get(f"/v1/licences/{page.items[0].id}/chain")).content)
    applications = await licensing.api.get("/v1/applications", **OFFICER)
    (found,) = same(PageOf[ApplicationRead], applications.content).items
    same(ApplicationRead, (await licensing.api.get(f"/v1/applications/{found.id}", **OFFICER)).content)


async def test_anybody_reads_licences_and_nobody_without_a_right_applications(licensing: Rig) -> None:
    assert (await licensing.api.get("/v1/licences")).status_code == 200
    assert (await licensing.api.get("/v1/applications")).status_code == 401
    oblast: dict[str, Any] = {"role": "oblast_officer", "body": "OBLAST:BLG"}
    assert (await licensing.api.get("/v1/applications", **oblast)).status_code == 403


async def test_anothers_application_does_not_exist_for_a_provider(licensing: Rig) -> None:
    (mine,) = (await licensing.api.get("/v1/applications", **APPLICANT)).json()["items"]
    assert (await licensing.api.get("/v1/applications", **STRANGER)).json()["items"] == []
    hidden = await licensing.api.get(f"/v1/applications/{mine['id']}", **STRANGER)
    absent = await licensing.api.get(f"/v1/applications/{mine['service_id']}", **STRANGER)
    assert hidden.status_code == absent.status_code == 404
    assert {**hidden.json(), "instance": ""} == {**absent.json(), "instance": ""}
    withdrawn = await licensing.try_step(mine["id"], "withdraw", **STRANGER)
    assert withdrawn.status_code == 404


OTHERS: list[dict[str, Any]] = [
    {},
    STRANGER,
    {"role": "oblast_officer", "body": "OBLAST:BLG"},
    {"role": "municipality_officer", "body": "MUNICIPALITY:BLG03"},
    {"role": "ministry_reader", "body": "MLSP"},
]
"""Callers who take no part in the application."""


async def test_the_change_feed_shows_no_application_that_the_list_hides(licensing: Rig) -> None:
    await sequenced(licensing)
    for caller in OTHERS:
        seen = (await licensing.api.get(FEED, **caller)).json()["items"]
        assert {each["type"].split(".")[3] for each in seen} == {"licence"}, caller
    own = (await licensing.api.get(FEED, **APPLICANT)).json()["items"]
    assert "application" in {each["type"].split(".")[3] for each in own}


async def sequenced(licensing: Rig) -> None:
    """Positions as the sequencer gives them."""
    await licensing.api.worker.execute("UPDATE change_log SET position = seq")
    await licensing.api.worker.execute("UPDATE log_state SET position = (SELECT max(seq) FROM change_log)")


async def test_a_caller_is_offered_what_it_may_do_and_no_more(licensing: Rig) -> None:
    (found,) = (await licensing.api.get("/v1/applications", **OFFICER)).json()["items"]
    path = f"/v1/applications/{found['id']}"
    officer = (await licensing.api.get(path, **OFFICER)).json()["actions"]
    assert officer == ["request-correction", "order-site-check", "propose-grant", "propose-refusal"]
    assert (await licensing.api.get(path, **APPLICANT)).json()["actions"] == ["withdraw"]
    assert (await licensing.api.get(path, **DIRECTOR)).json()["actions"] == []
    await licensing.step(found["id"], "propose-grant", {"reason": "Да"}, **OFFICER)
    assert (await licensing.api.get(path, **DIRECTOR)).json()["actions"] == ["return-proposal", "grant"]


async def test_applications_are_found_by_their_due_day(licensing: Rig) -> None:
    async def due(**query: str) -> int:
        answer = await licensing.api.client.get(
            "/v1/applications", params=query, headers=licensing.api.headers("licensing_officer", "AKSU")
        )
        assert answer.status_code == 200, answer.text
        return len(answer.json()["items"])

    assert await due(due_before="2026-05-05", sort="term_due") == 1
    assert await due(due_before="2026-05-04") == 0
    assert await due(term_state="RUNNING", oblast="BLG", municipality="BLG03", state="UNDER_REVIEW") == 1
    assert await due(term_state="PASSED") == 0


async def test_a_list_tells_the_same_actions_as_each_application_when_asked(licensing: Rig) -> None:
    first, second = await licensing.reviewed(), (await licensing.file((await licensing.known()).id)).json()["id"]
    for caller in (OFFICER, APPLICANT, DIRECTOR):
        listed = (await licensing.api.get("/v1/applications?include=actions", **caller)).json()["items"]
        for key in (first, second):
            (item,) = [each for each in listed if each["id"] == key]
            assert item == (await licensing.api.get(f"/v1/applications/{key}", **caller)).json()
    plain = (await licensing.api.get("/v1/applications", **OFFICER)).json()["items"]
    assert "actions" not in plain[0]
    assert (await licensing.api.get("/v1/applications?include=secrets", **OFFICER)).status_code == 422
