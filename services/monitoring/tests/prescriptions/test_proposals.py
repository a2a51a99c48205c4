"""An inspector proposes a prescription, the executive director issues it; one additional term; another verifies."""

from typing import Any

import pytest
from inspection_builders import APPROVED, CONDUCTING, DIRECTOR, UNTIL_REPORT, issued, moved, planned, read, step
from monitoring_builders import ANALYST, INSPECTOR, MAYOR, PROVIDER
from monitoring_worker import feed
from signal_builders import on

from aksu_local.served import Serve, Served

OUTSIDE: list[dict[str, Any]] = [{}, PROVIDER, MAYOR, {"role": "ministry_reader", "body": "MLSP"}]


@pytest.fixture
async def monitoring(serve: Serve) -> Served:
    served = await serve("monitoring")
    await on(served, "2026-03-10")
    return served


async def proposed(monitoring: Served) -> str:
    """A prescription proposed on 10.03.2026 with a term until 05.04.2027; its path."""
    await moved(monitoring, *APPROVED, "close-with-prescriptions")
    (one,) = (await monitoring.get("/v1/prescriptions", **INSPECTOR)).json()["items"]
    return f"/v1/prescriptions/{one['id']}"


async def test_of_a_proposal_only_the_agency_knows(monitoring: Served) -> None:
    path = await proposed(monitoring)
    for who in OUTSIDE:
        assert (await monitoring.get(path, **who)).status_code == 404
        assert (await monitoring.get("/v1/prescriptions", **who)).json()["items"] == []
        assert path.rpartition("/")[2] not in await feed(monitoring, **who)
    assert path.rpartition("/")[2] in await feed(monitoring, **ANALYST)
    found = (await monitoring.get(path, **ANALYST)).json()
    assert (found["state"], found["issued_on"], found["proposed_on"], found["text"]) == (
        "PROPOSED", None, "2026-03-10", "Да се изготви график",
    )  # fmt: skip


async def test_the_director_issues_it_and_its_term_counts_from_then(monitoring: Served) -> None:
    path = await proposed(monitoring)
    await on(monitoring, "2026-03-13")
    assert (await read(monitoring, path, **DIRECTOR))["actions"] == ["issue", "decline"]
    assert (await read(monitoring, path, **CONDUCTING))["actions"] == []
    refused = await monitoring.post(f"{path}/issue", {}, **CONDUCTING)
    assert (refused.status_code, refused.json()["right"]) == (403, "monitoring.prescription.issue")
    answer = await monitoring.post(f"{path}/issue", {}, **DIRECTOR)
    assert (answer.status_code, answer.json()["state"], answer.json()["issued_on"], answer.json()["due_on"]) == (
        200, "ISSUED", "2026-03-13", "2027-04-08",
    )  # fmt: skip
    for who in (PROVIDER, MAYOR):
        assert (await monitoring.get(path, **who)).json()["text"] == "Да се изготви график"
    assert (await monitoring.get(path)).json()["text"] is None
    rows = await monitoring.worker.fetch("SELECT type FROM change_log WHERE type LIKE '%prescription%' ORDER BY seq")
    assert [row["type"].split(".")[4] for row in rows] == ["proposed", "issued"]


async def test_the_director_may_set_another_term_but_none_that_is_over(monitoring: Served) -> None:
    path = await proposed(monitoring)
    short = await monitoring.post(f"{path}/issue", {"due_on": "2026-03-10"}, **DIRECTOR)
    assert (short.status_code, short.json()["code"]) == (409, "term_too_short")
    answer = await monitoring.post(f"{path}/issue", {"due_on": "2026-05-10"}, **DIRECTOR)
    assert answer.json()["due_on"] == "2026-05-10"


async def test_who_proposed_does_not_issue_whatever_roles_they_hold(monitoring: Served) -> None:
    path = await proposed(monitoring)
    refused = await monitoring.post(f"{path}/issue", {}, **DIRECTOR | {"subject": "drafter"})
    assert (refused.status_code, refused.json()["code"]) == (409, "own_proposal")


async def test_a_proposal_that_is_declined_is_never_told(monitoring: Served) -> None:
    path = await proposed(monitoring)
    answer = await monitoring.post(f"{path}/decline", {"reason": "Нарушението е отстранено на място"}, **DIRECTOR)
    assert (answer.status_code, answer.json()["state"], answer.json()["state_group"]) == (200, "DECLINED", "SETTLED")
    for who in OUTSIDE:
        assert (await monitoring.get(path, **who)).status_code == 404


async def test_nothing_is_issued_while_it_is_not_known_to_whom(monitoring: Served) -> None:
    path = await planned(monitoring, provider_eik=None)
    for each in UNTIL_REPORT:
        await step(monitoring, path, each)
    await on(monitoring, "2027-03-21")
    for each in ("approve-report", "close-with-prescriptions"):
        await step(monitoring, path, each)
    (one,) = (await monitoring.get("/v1/prescriptions", **INSPECTOR)).json()["items"]
    issue = f"/v1/prescriptions/{one['id']}/issue"
    refused = await monitoring.post(issue, {}, **DIRECTOR)
    assert (refused.status_code, refused.json()["code"]) == (409, "addressee_unknown")
    await monitoring.post(
        f"{path}/confirm-provider", {"provider_body": PROVIDER["body"], "reason": "На място"}, **CONDUCTING
    )
    answer = await monitoring.post(issue, {}, **DIRECTOR)
    assert (answer.status_code, answer.json()["provider_body"]) == (200, PROVIDER["body"])


async def test_who_proposed_does_not_verify(monitoring: Served) -> None:
    path = await issued(monitoring)
    await monitoring.post(f"{path}/report-fulfilled", {"proof": "График"}, **PROVIDER)
    refused = await monitoring.post(f"{path}/verify", {}, **CONDUCTING)
    assert (refused.status_code, refused.json()["code"]) == (409, "own_proposal")
    assert (await monitoring.post(f"{path}/verify", {}, **INSPECTOR)).json()["state"] == "VERIFIED_FULFILLED"


async def test_one_additional_term_of_three_months_at_most_and_after_non_fulfilment(monitoring: Served) -> None:
    path = await issued(monitoring, due_on="2026-03-20")
    given = {"due_on": "2026-06-21", "reason": "Частично изпълнено"}
    early = await monitoring.post(f"{path}/extend-term", given, **DIRECTOR)
    assert (early.status_code, early.json()["code"]) == (409, "illegal_transition")
    await on(monitoring, "2026-03-21")
    await monitoring.post(f"{path}/not-fulfilled", {"reason": "Няма график"}, **INSPECTOR)
    by_inspector = await monitoring.post(f"{path}/extend-term", given, **INSPECTOR)
    assert (by_inspector.status_code, by_inspector.json()["right"]) == (403, "monitoring.prescription.extend")
    for due_on, code in (("2026-03-21", "term_not_extended"), ("2026-06-22", "additional_term_too_long")):
        refused = await monitoring.post(f"{path}/extend-term", given | {"due_on": due_on}, **DIRECTOR)
        assert (refused.status_code, refused.json()["code"]) == (409, code)
        assert "чл. 59, ал. 4" in refused.json()["legal_basis"]
    later = await monitoring.post(f"{path}/extend-term", given, **DIRECTOR)
    assert (later.json()["state"], later.json()["due_on"], later.json()["extended_on"]) == (
        "TERM_EXTENDED", "2026-06-21", "2026-03-21",
    )  # fmt: skip
    await on(monitoring, "2026-06-22")
    await monitoring.post(f"{path}/not-fulfilled", {"reason": "Пак няма"}, **INSPECTOR)
    assert "extend-term" not in (await read(monitoring, path, **DIRECTOR))["actions"]
    again = await monitoring.post(f"{path}/extend-term", given | {"due_on": "2026-07-01"}, **DIRECTOR)
    assert (again.status_code, again.json()["code"]) == (409, "term_extended_before")
