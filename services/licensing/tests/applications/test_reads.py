"""Lists and single resources: their bytes, filters, pages, and who sees them."""

import json
from datetime import date
from typing import Any

import pytest
from licensing_rig import APPLICANT, DIRECTOR, OFFICER, STRANGER, Rig, five_years, imported, licence, provider, row

from aksu_licensing.schemas import ApplicationRead, LicenceRead
from aksu_shared.web.reads import PageOf

TODAY = date(2026, 3, 2)
FEED = "/v1/changes?limit=1000"


@pytest.fixture
async def licensing(licensing: Rig) -> Rig:
    """Three imported licences and one application under review."""
    licensing.move(TODAY)
    blagoevgrad = await licensing.known()
    bansko = await licensing.known(provider(body="PROVIDER:175229303"), municipality="BLG01")
    sofia = await licensing.known(municipality="SOF46")
    issued, changed = date(2021, 5, 10), date(2024, 5, 10)
    rows = [
        row(blagoevgrad, licence("3129", 3, issued, five_years(issued))),
        row(
            bansko,
            licence("3129", 1, date(2022, 1, 5), date(2027, 1, 5)),
            changed=licence("3131", 2, changed, date(2027, 1, 5)),
        ),
        row(sofia, licence("3129", 4, date(2020, 9, 1), date(2025, 9, 1))),
    ]
    await licensing.tell(*(imported(each) for each in rows))
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


FILTERED: list[tuple[dict[str, str], list[int]]] = [
    ({"municipality": "BLG01"}, [1, 2]),
    ({"oblast": "BLG"}, [1, 2, 3]),
    ({"provider_body": "PROVIDER:175229303"}, [1, 2]),
    ({"state": "EXPIRED"}, [4]),
    ({"state": "ACTIVE"}, [2, 3]),
    ({"number": "Л-3129-3/10.05.2021"}, [3]),
    ({"expiring_before": "2026-05-10"}, []),
    ({"expiring_before": "2026-05-11"}, [3]),
    ({"valid_on": "2024-05-09"}, [1, 3, 4]),
    ({"valid_on": "2024-05-10"}, [2, 3, 4]),
    ({"valid_on": "2024-05-10", "oblast": "BLG", "state": "ACTIVE"}, [2, 3]),
]
"""Query → sequence numbers found."""


async def test_licences_are_filtered(licensing: Rig) -> None:
    for query, sequences in FILTERED:
        assert [each["sequence"] for each in await licensing.licences(**query)] == sequences, query
    (first, *_) = await licensing.licences()
    for name in ("service_id", "place_id"):
        assert [each["sequence"] for each in await licensing.licences(**{name: first[name]})] == [1, 2], name


async def test_pages_follow_each_other_without_gap_or_repetition(licensing: Rig) -> None:
    for sort in ("number", "-issued_on", "valid_until", "-municipality"):
        seen: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            query = {"limit": 1, "sort": sort} | ({"cursor": cursor} if cursor else {})
            page = (await licensing.api.client.get("/v1/licences", params=query)).json()
            seen += [each["id"] for each in page["items"]]
            cursor = page["next"]
        assert len(seen) == len(set(seen)) == 4, sort
        assert seen == [each["id"] for each in await licensing.licences(sort=sort)]


async def test_a_licence_is_expiring_in_the_last_three_months_of_legal_time(licensing: Rig) -> None:
    async def expiring() -> list[int]:
        return [each["sequence"] for each in await licensing.licences() if each["expiring"]]

    licensing.move(date(2026, 2, 9))
    assert await expiring() == []
    licensing.move(date(2026, 2, 10))
    assert await expiring() == [3]
    licensing.move(date(2026, 5, 10))
    assert await expiring() == [3]
    licensing.move(date(2026, 5, 11))
    assert await expiring() == []


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
