"""Prescriptions over HTTP: their terms, and what becomes of them."""

from datetime import UTC, datetime
from typing import Any

import pytest
from monitoring_builders import INSPECTOR, MAYOR, OTHER_MAYOR, PROVIDER, count, prescription, push, started
from monitoring_worker import apply

from aksu_local.served import Serve, Served
from aksu_local.waiting import eventually
from aksu_monitoring.prescriptions.schemas import PrescriptionRead
from aksu_shared.kernel.clock import Clock, write_offset
from aksu_shared.web.reads import PageOf

DAY = 86_400
STRANGER: dict[str, Any] = {"role": "provider", "body": "PROVIDER:831641791"}


@pytest.fixture
async def monitoring(serve: Serve) -> Served:
    return await serve("monitoring")


async def on(monitoring: Served, day: str) -> None:
    """Make it noon of `day` in legal time."""
    offset = datetime.fromisoformat(f"{day}T10:00:00+00:00") - datetime.now(UTC)
    write_offset(monitoring.clock_file, offset)

    async def today() -> str:
        clock: Clock = monitoring.app.state.api.clock
        return clock.today().isoformat()

    await eventually(today, day.__eq__)


async def issued(monitoring: Served, **changes: Any) -> str:
    """A prescription of an inspection of the provider, due on 05.04.2026; its path."""
    answer = await push(monitoring, [started(), prescription(2, **changes)])
    assert answer.status_code == 202, answer.text
    await apply(monitoring)
    (item,) = (await monitoring.get("/v1/prescriptions")).json()["items"]
    return f"/v1/prescriptions/{item['id']}"


async def test_the_provider_acknowledges_reports_and_the_inspector_verifies(monitoring: Served) -> None:
    path = await issued(monitoring)
    steps = [
        ("acknowledge", {}, PROVIDER, "ACKNOWLEDGED"),
        ("report-fulfilled", {"proof": "График от 20.03.2026"}, PROVIDER, "REPORTED_FULFILLED"),
        ("verify", {}, INSPECTOR, "VERIFIED_FULFILLED"),
    ]
    for version, (verb, body, who, state) in enumerate(steps, 2):
        assert verb in (await monitoring.get(path, **who)).json()["actions"]
        answer = await monitoring.post(f"{path}/{verb}", body, **who)
        assert (answer.status_code, answer.json()["state"], answer.json()["version"]) == (200, state, version)
    log = await monitoring.worker.fetch("SELECT type, legal_basis FROM change_log WHERE version > 1 ORDER BY seq")
    assert {row["type"] for row in log} == {"bg.aksu.monitoring.prescription.advanced.v1"}
    assert all(row["legal_basis"] for row in log)


async def test_a_list_tells_the_same_actions_when_asked(monitoring: Served) -> None:
    path = await issued(monitoring)
    for who in (PROVIDER, INSPECTOR, STRANGER):
        one = (await monitoring.get(path, **who)).json()
        (listed,) = (await monitoring.get("/v1/prescriptions?include=actions", **who)).json()["items"]
        assert listed["actions"] == one["actions"]
    (plain,) = (await monitoring.get("/v1/prescriptions", **INSPECTOR)).json()["items"]
    assert "actions" not in plain


async def test_an_action_against_the_table_is_409_and_names_the_legal_ones(monitoring: Served) -> None:
    path = await issued(monitoring)
    refused = await monitoring.post(f"{path}/verify", {}, **INSPECTOR)
    assert (refused.status_code, refused.json()["code"]) == (409, "illegal_transition")
    assert "report-fulfilled" in refused.json()["legal_transitions"]


async def test_only_its_own_provider_reports_and_only_an_inspector_verifies(monitoring: Served) -> None:
    path = await issued(monitoring)
    for who, verb in ((STRANGER, "acknowledge"), (INSPECTOR, "acknowledge"), (PROVIDER, "verify")):
        answer = await monitoring.post(f"{path}/{verb}", {}, **who)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), (who, answer.text)
    assert (await monitoring.post(f"{path}/acknowledge", {})).status_code == 401
    assert (await monitoring.get(path, **STRANGER)).json()["actions"] == []
    assert await count(monitoring, "change_log") == 2


async def test_overdue_begins_the_day_after_the_term_in_sofia_and_ends_with_the_report(monitoring: Served) -> None:
    path = await issued(monitoring)
    for day, overdue in (("2026-04-05", False), ("2026-04-06", True)):
        await on(monitoring, day)
        assert (await monitoring.get(path)).json()["overdue"] is overdue
        listed = (await monitoring.get("/v1/prescriptions?overdue=true")).json()["items"]
        assert len(listed) == int(overdue)
        assert len((await monitoring.get("/v1/prescriptions?overdue=false")).json()["items"]) == int(not overdue)
    reported = await monitoring.post(f"{path}/report-fulfilled", {"proof": "Снимки"}, **PROVIDER)
    assert reported.json()["overdue"] is False
    assert (await monitoring.get("/v1/prescriptions?overdue=true")).json()["items"] == []


async def test_non_fulfilment_is_recorded_after_the_term_or_after_a_report(monitoring: Served) -> None:
    path = await issued(monitoring)
    await on(monitoring, "2026-04-05")
    early = await monitoring.post(f"{path}/not-fulfilled", {"reason": "Няма график"}, **INSPECTOR)
    assert (early.status_code, early.json()["code"], early.json()["due_on"]) == (409, "term_still_runs", "2026-04-05")
    assert "not-fulfilled" not in (await monitoring.get(path, **INSPECTOR)).json()["actions"]
    await monitoring.post(f"{path}/report-fulfilled", {"proof": "Готово"}, **PROVIDER)
    found = await monitoring.post(f"{path}/not-fulfilled", {"reason": "Няма график"}, **INSPECTOR)
    assert (found.status_code, found.json()["state"]) == (200, "NOT_FULFILLED")
    await on(monitoring, "2026-04-07")
    assert (await monitoring.get(path)).json()["overdue"] is True


async def test_a_pushed_prescription_gets_its_additional_term_from_the_director_too(monitoring: Served) -> None:
    path = await issued(monitoring)
    await on(monitoring, "2026-04-06")
    await monitoring.post(f"{path}/not-fulfilled", {"reason": "Няма график"}, **INSPECTOR)
    body = {"due_on": "2026-05-05", "reason": "Частично изпълнено"}
    later = await monitoring.post(f"{path}/extend-term", body, role="executive_director", body="AKSU")
    assert (later.json()["state"], later.json()["due_on"]) == ("TERM_EXTENDED", "2026-05-05")
    change = await monitoring.worker.fetchrow("SELECT changed, reason FROM change_log WHERE version = 3")
    assert change["changed"] == {
        "state": ["NOT_FULFILLED", "TERM_EXTENDED"],
        "due_on": ["2026-04-05", "2026-05-05"],
        "extended_on": [None, "2026-04-06"],
        "overdue_after": ["2026-04-05", "2026-05-05"],
    }
    assert change["reason"] == "Частично изпълнено"


async def test_text_and_proof_are_read_by_those_concerned_only(monitoring: Served) -> None:
    path = await issued(monitoring)
    await monitoring.post(f"{path}/report-fulfilled", {"proof": "График"}, **PROVIDER)
    for who in (PROVIDER, INSPECTOR, MAYOR):
        read = (await monitoring.get(path, **who)).json()
        assert (read["text"], read["proof"]) == ("Да се изготви график", "График"), who
    for who in ({}, STRANGER, OTHER_MAYOR):
        read = (await monitoring.get(path, **who)).json()
        assert (read["text"], read["proof"], read["state"]) == (None, None, "REPORTED_FULFILLED"), who
    log = await monitoring.worker.fetchval("SELECT string_agg(state::text || changed::text, '') FROM change_log")
    assert "график" not in log.lower()


async def test_the_same_key_gives_the_first_answer_and_moves_once(monitoring: Served) -> None:
    path = await issued(monitoring)
    first = await monitoring.post(f"{path}/acknowledge", {}, key="k", **PROVIDER)
    again = await monitoring.post(f"{path}/acknowledge", {}, key="k", **PROVIDER)
    assert (again.status_code, again.content) == (200, first.content)
    assert await count(monitoring, "change_log") == 3


async def test_a_stale_version_is_412_and_a_stranger_id_404(monitoring: Served) -> None:
    path = await issued(monitoring)
    stale = await monitoring.post(f"{path}/acknowledge", {}, headers={"If-Match": '"7"'}, **PROVIDER)
    assert stale.status_code == 412
    absent = "/v1/prescriptions/019a0000-0000-7000-8000-000000000000"
    assert (await monitoring.post(f"{absent}/acknowledge", {}, **PROVIDER)).status_code == 404
    assert (await monitoring.get(absent)).status_code == 404


async def test_pages_walk_all_prescriptions_once_in_order_and_match_the_model(monitoring: Served) -> None:
    events = [prescription(n, due_on=f"2026-04-{30 - n:02}") for n in range(2, 9)]
    await push(monitoring, [started(), *events])
    await apply(monitoring)
    for sort in ("due_on", "-due_on", "id"):
        found: list[Any] = []
        cursor: str | None = ""
        while cursor is not None:
            more = f"&cursor={cursor}" if cursor else ""
            answer = await monitoring.get(f"/v1/prescriptions?limit=3&sort={sort}{more}", **INSPECTOR)
            page = PageOf[PrescriptionRead].model_validate_json(answer.content)
            found += [item.due_on for item in page.items]
            cursor = page.next
        assert len(found) == 7
        if sort != "id":
            assert found == sorted(found, reverse=sort.startswith("-"))
