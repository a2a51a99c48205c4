"""Signals: anybody may send one and gets a receipt; who deals with them reads them, and every read is recorded."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from monitoring_builders import ANALYST, INSPECTOR, MAYOR, PROVIDER, count, push, started
from monitoring_worker import apply, fire

from aksu_local.served import Serve, Served
from aksu_monitoring.schemas.personal import SignalRead, SignalSummary
from aksu_shared.clock import Clock, write_offset
from aksu_shared.testing import eventually
from aksu_shared.web.audit import AuditEntry
from aksu_shared.web.reads import PageOf

DPO: dict[str, Any] = {"role": "data_protection_officer", "body": "AKSU"}
DIRECTOR: dict[str, Any] = {"role": "executive_director", "body": "AKSU"}
RDSP: dict[str, Any] = {"role": "body_officer", "body": "RDSP:BLG"}
OTHER_RDSP: dict[str, Any] = {"role": "body_officer", "body": "RDSP:SOF"}
SENDER = {"name": "Пенка Подателева", "phone": "+359 888 123 456", "email": "penka@example.bg"}
RESIDENT = {"name": "Стоян Засегнатов", "egn": "4001010003"}
TEXT = "В дома не дават вода на баща ми Стоян Засегнатов."
PERSONAL = (SENDER["name"], "888 123 456", "888123456", "penka@example.bg", RESIDENT["name"], RESIDENT["egn"], TEXT)
SIGNAL: dict[str, Any] = {
    "category": "NEGLECT",
    "municipality": "BLG03",
    "danger_to_life": True,
    "text": TEXT,
    "signaller": SENDER,
    "concerned": [RESIDENT],
}
TRIAGE = {"category": "NEGLECT", "danger_to_life": True}
GROUND = {"ground": "UNLAWFUL", "reference": "ЗЛД-1/2026"}


@pytest.fixture
async def monitoring(serve: Serve) -> Served:
    return await serve("monitoring")


async def on(monitoring: Served, day: str) -> None:
    """Make it noon of `day` in legal time."""
    write_offset(monitoring.clock_file, datetime.fromisoformat(f"{day}T10:00:00+00:00") - datetime.now(UTC))

    async def today() -> str:
        clock: Clock = monitoring.app.state.api.clock
        return clock.today().isoformat()

    await eventually(today, day.__eq__)


async def filed(monitoring: Served, **changes: Any) -> str:
    """A signal that somebody without a token sent; its path."""
    answer = await monitoring.post("/v1/signals", SIGNAL | changes)
    assert answer.status_code == 201, answer.text
    found = await monitoring.get(f"/v1/signals?receipt={answer.json()['receipt']}", **INSPECTOR)
    (item,) = found.json()["items"]
    return f"/v1/signals/{item['id']}"


async def step(
    monitoring: Served, path: str, verb: str, sent: dict[str, Any], who: dict[str, Any] = INSPECTOR
) -> dict[str, Any]:
    answer = await monitoring.post(f"{path}/{verb}", sent, **who)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def read(monitoring: Served, path: str, **who: Any) -> dict[str, Any]:
    answer = await monitoring.get(path, **(who or INSPECTOR))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def subject(monitoring: Served, path: str, who: str = "signaller") -> str:
    """The id of a person of whom a signal tells."""
    found = (await read(monitoring, path, **DPO))[who]
    return str((found if who == "signaller" else found[0])["subject_id"])


async def test_whoever_signals_gets_a_receipt_and_nothing_else(monitoring: Served) -> None:
    answer = await monitoring.post("/v1/signals", SIGNAL)
    assert (answer.status_code, set(answer.json())) == (201, {"receipt"})
    assert {"location", "etag"}.isdisjoint(answer.headers)
    for path in ("/v1/signals", f"/v1/signals/{uuid4()}"):
        assert (await monitoring.get(path)).status_code == 401


async def test_the_same_request_again_gets_the_same_receipt(monitoring: Served) -> None:
    answers = [await monitoring.post("/v1/signals", SIGNAL, key="again") for _ in range(2)]
    assert answers[0].content == answers[1].content
    assert await count(monitoring, "signal") == 1
    assert await count(monitoring, "subject_key") == 2


async def test_an_inspector_reads_it_whole(monitoring: Served) -> None:
    path = await filed(monitoring)
    found = await read(monitoring, path)
    SignalRead.model_validate(found)
    assert (found["text"], found["signaller"]["name"], found["concerned"][0]["egn"]) == (
        TEXT,
        SENDER["name"],
        RESIDENT["egn"],
    )
    assert (found["anonymous"], found["about_person"], found["state"]) == (False, True, "RECEIVED")
    assert found["actions"] == ["triage"]


async def test_a_list_holds_no_personal_data(monitoring: Served) -> None:
    await filed(monitoring)
    answer = await monitoring.get("/v1/signals?municipality=BLG03&danger_to_life=true&oblast=BLG", **INSPECTOR)
    assert len(PageOf[SignalSummary].model_validate_json(answer.content).items) == 1
    assert not [plain for plain in PERSONAL if plain in answer.text]


async def test_an_anonymous_signal_names_nobody(monitoring: Served) -> None:
    path = await filed(monitoring, signaller=None, concerned=[])
    found = await read(monitoring, path)
    assert (found["anonymous"], found["about_person"], found["signaller"]["name"]) == (True, False, None)
    assert found["text"] == TEXT


async def test_only_an_officer_says_how_a_signal_came(monitoring: Served) -> None:
    path = await filed(monitoring, channel="PHONE")
    assert (await read(monitoring, path))["channel"] == "PORTAL"
    taken_down = await monitoring.post("/v1/signals", SIGNAL | {"channel": "PHONE"}, **INSPECTOR)
    found = await monitoring.get(f"/v1/signals?receipt={taken_down.json()['receipt']}", **INSPECTOR)
    assert found.json()["items"][0]["channel"] == "PHONE"


@pytest.mark.parametrize("who", [MAYOR, PROVIDER, RDSP], ids=lambda who: str(who["role"]))
async def test_who_takes_no_part_sees_none(monitoring: Served, who: dict[str, Any]) -> None:
    path = await filed(monitoring)
    answer = await monitoring.get(path, **who)
    assert answer.status_code == (403 if who is PROVIDER else 404)
    listed = await monitoring.get("/v1/signals", **who)
    assert listed.status_code == 403 or listed.json()["items"] == []
    feed = await monitoring.get("/v1/changes", **who)
    assert "signal" not in feed.text


async def test_an_analyst_of_the_agency_may_not_read_signals(monitoring: Served) -> None:
    path = await filed(monitoring)
    assert (await monitoring.get(path, **ANALYST)).status_code == 403


async def test_forwarded_it_is_read_by_the_competent_body_and_by_no_other(monitoring: Served) -> None:
    path = await filed(monitoring)
    await step(monitoring, path, "triage", TRIAGE)
    moved = await step(monitoring, path, "forward", {"body": "RDSP:BLG"})
    assert (moved["state"], moved["forwarded_to"]) == ("FORWARDED", "RDSP:BLG")
    assert (await read(monitoring, path, **RDSP))["signaller"]["name"] == SENDER["name"]
    assert (await monitoring.get(path, **OTHER_RDSP)).status_code == 404
    assert (await monitoring.post(f"{path}/triage", TRIAGE, **RDSP)).status_code == 403


async def test_refused_with_reasons_that_are_kept_as_personal_data(monitoring: Served) -> None:
    path = await filed(monitoring)
    await step(monitoring, path, "triage", TRIAGE)
    body = {"ground": "NOT_SUBSTANTIATED", "explanation": "Г-н Засегнатов е посетен и е добре."}
    moved = await step(monitoring, path, "refuse", body, DIRECTOR)
    assert (moved["state"], moved["refusal_ground"]) == ("REFUSED", "NOT_SUBSTANTIATED")
    found = await read(monitoring, path)
    assert (found["explanation"], found["actions"]) == (body["explanation"], [])


async def test_it_leads_to_an_inspection(monitoring: Served) -> None:
    await push(monitoring, [started()])
    await apply(monitoring)
    (inspection,) = (await monitoring.get("/v1/inspections")).json()["items"]
    path = await filed(monitoring)
    await step(monitoring, path, "triage", TRIAGE)
    await step(monitoring, path, "plan-inspection", {})
    unknown = await monitoring.post(f"{path}/close", {"inspection_id": str(uuid4())}, **INSPECTOR)
    assert (unknown.status_code, unknown.json()["code"]) == (409, "inspection_unknown")
    moved = await step(monitoring, path, "close", {"inspection_id": inspection["id"]})
    assert (moved["state"], moved["inspection_id"]) == ("CLOSED", inspection["id"])


async def test_nothing_is_decided_before_it_was_read(monitoring: Served) -> None:
    path = await filed(monitoring)
    for verb, body in (("forward", {"body": "RDSP:BLG"}), ("plan-inspection", {})):
        refused = await monitoring.post(f"{path}/{verb}", body, **INSPECTOR)
        assert (refused.status_code, refused.json()["legal_transitions"]) == (409, ["triage"])


async def test_people_whom_it_turns_out_to_concern_are_added(monitoring: Served) -> None:
    path = await filed(monitoring, concerned=[])
    moved = await step(monitoring, path, "triage", TRIAGE | {"concerned": [RESIDENT]})
    assert moved["about_person"]
    assert [each["egn"] for each in (await read(monitoring, path))["concerned"]] == [RESIDENT["egn"]]


async def test_terms_run_from_the_day_it_came_and_their_passing_is_told(monitoring: Served) -> None:
    await on(monitoring, "2026-03-02")
    path = await filed(monitoring)
    found = await read(monitoring, path)
    assert (found["forwarding_due"], found["decision_due"]) == ("2026-03-09", "2026-05-04")
    await on(monitoring, "2026-03-09")
    assert await fire(monitoring) == 0
    await on(monitoring, "2026-03-10")
    assert await fire(monitoring) == 1
    assert (await read(monitoring, path))["overdue"] == ["signal.forwarding"]
    await step(monitoring, path, "triage", TRIAGE)
    await on(monitoring, "2026-05-05")
    assert await fire(monitoring) == 1
    assert (await read(monitoring, path))["overdue"] == ["signal.forwarding", "signal.decision"]
    listed = await monitoring.get("/v1/signals?overdue=true", **INSPECTOR)
    assert len(listed.json()["items"]) == 1


async def test_a_signal_decided_in_time_is_not_told_late(monitoring: Served) -> None:
    await on(monitoring, "2026-03-02")
    path = await filed(monitoring)
    await step(monitoring, path, "triage", TRIAGE)
    await step(monitoring, path, "plan-inspection", {})
    await on(monitoring, "2026-06-01")
    await fire(monitoring)
    assert (await read(monitoring, path))["overdue"] == []


async def test_forwarding_after_its_term_is_accepted_and_marked(monitoring: Served) -> None:
    await on(monitoring, "2026-03-02")
    path = await filed(monitoring)
    await step(monitoring, path, "triage", TRIAGE)
    await on(monitoring, "2026-03-12")
    assert (await step(monitoring, path, "forward", {"body": "RDSP:BLG"}))["overdue"] == ["signal.forwarding"]


async def test_no_event_answer_or_table_holds_a_word_of_it(monitoring: Served) -> None:
    path = await filed(monitoring)
    await step(monitoring, path, "triage", TRIAGE | {"concerned": [RESIDENT]})
    await step(monitoring, path, "refuse", {"ground": "REPEATED", "explanation": TEXT})
    await read(monitoring, path)
    tables = await monitoring.worker.fetch(
        "SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
        " AND has_table_privilege(oid, 'SELECT')"
    )
    assert len(tables) > 20
    found = {
        (table["name"], plain)
        for table in tables
        for row in await monitoring.worker.fetch(f'SELECT t::text AS text FROM "{table["name"]}" AS t')
        for plain in PERSONAL
        if plain in row["text"] or plain.encode().hex() in row["text"]
    }
    assert not found


async def test_each_read_is_recorded_and_told_to_who_asks_for_the_people_it_tells_of(monitoring: Served) -> None:
    path = await filed(monitoring)
    await monitoring.get(path, **INSPECTOR, headers={"Aksu-Purpose": "case 12/2026"})
    log = await monitoring.get(f"{path}/access-log", **DPO)
    page = PageOf[AuditEntry].model_validate_json(log.content)
    assert next((entry.roles, entry.purpose) for entry in page.items) == (["inspector"], "case 12/2026")
    assert (await monitoring.get(f"{path}/access-log", **INSPECTOR)).status_code == 403
    assert (await monitoring.get(f"/v1/signals/{uuid4()}/access-log", **DPO)).status_code == 404


async def test_erasing_who_signalled_leaves_the_signal_countable(monitoring: Served) -> None:
    path = await filed(monitoring)
    sender = await subject(monitoring, path)
    erased = await monitoring.post(f"/v1/subjects/{sender}/erasures", GROUND, **DPO)
    assert erased.status_code == 201
    found = await read(monitoring, path)
    assert (found["signaller"]["erased"], found["signaller"]["name"], found["text"]) == (True, None, None)
    assert (found["category"], found["concerned"][0]["name"]) == ("NEGLECT", RESIDENT["name"])
    assert len((await monitoring.get("/v1/signals", **INSPECTOR)).json()["items"]) == 1


async def test_restricted_a_person_is_hidden_from_all_but_the_legal_role(monitoring: Served) -> None:
    path = await filed(monitoring)
    person = await subject(monitoring, path, "concerned")
    body = {"ground": "ACCURACY_CONTESTED", "reference": "ЗЛД-2/2026"}
    await monitoring.post(f"/v1/subjects/{person}/restrictions", body, **DPO)
    found = (await read(monitoring, path))["concerned"][0]
    assert (found["restricted"], found["name"], found["egn"]) == (True, None, None)
    assert (await read(monitoring, path, **DPO))["concerned"][0]["name"] == RESIDENT["name"]
    await step(monitoring, path, "triage", TRIAGE)
    await step(monitoring, path, "forward", {"body": "RDSP:BLG"})
    assert (await read(monitoring, path, **RDSP))["concerned"][0]["name"] is None
    await monitoring.post(f"/v1/subjects/{person}/lift-restriction", {"reference": "ЗЛД-2/2026"}, **DPO)
    assert (await read(monitoring, path, **RDSP))["concerned"][0]["name"] == RESIDENT["name"]


async def test_who_asks_is_found_by_phone_and_told_their_own_data_alone(monitoring: Served) -> None:
    await filed(monitoring)
    found = await monitoring.post("/v1/subjects/search", {"phone": "00359888123456"}, **DPO)
    (item,) = found.json()["items"]
    export = await monitoring.get(f"/v1/subjects/{item['id']}/export", **DPO)
    told = export.json()
    assert told["data"] == SENDER | {"text": TEXT}
    assert told["record"]["category"] == "NEGLECT"
    assert RESIDENT["egn"] not in export.text


async def test_retention_begins_when_the_signal_is_done(monitoring: Served) -> None:
    path = await filed(monitoring)
    await step(monitoring, path, "triage", TRIAGE)
    started_at = "SELECT count(*) FROM subject_key WHERE counts_from IS NOT NULL"
    assert await monitoring.worker.fetchval(started_at) == 0
    await step(monitoring, path, "refuse", {"ground": "REPEATED", "explanation": "Без нови данни"})
    assert await monitoring.worker.fetchval(started_at) == await count(monitoring, "subject_key") == 3


@pytest.mark.parametrize(
    "wrong",
    [
        {"category": SENDER["name"]},
        {"municipality": RESIDENT["egn"]},
        {"signaller": SENDER | {"phone": SENDER["name"]}},
        {"signaller": SENDER | {"email": RESIDENT["egn"]}},
        {"signaller": {"name": SENDER["name"] * 40}},
        {"concerned": [{"egn": SENDER["name"]}]},
        {"concerned": SENDER["name"]},
        {"place_id": RESIDENT["egn"]},
        {"text": "", "note": TEXT},
        {SENDER["name"]: TEXT},
    ],
    ids=lambda wrong: next(iter(wrong)) if next(iter(wrong)).isascii() else "a field of that name",
)
async def test_a_refusal_quotes_nothing_of_what_was_sent(
    monitoring: Served, wrong: dict[str, Any], capfd: pytest.CaptureFixture[str]
) -> None:
    answer = await monitoring.post("/v1/signals", SIGNAL | wrong)
    assert answer.status_code == 422
    told = json.dumps(answer.json(), ensure_ascii=False) + "".join(capfd.readouterr())
    assert not [plain for plain in PERSONAL if plain in told]


async def test_a_signal_is_forwarded_to_a_body_that_may_read_it(monitoring: Served) -> None:
    path = await filed(monitoring)
    await step(monitoring, path, "triage", TRIAGE)
    for body in ("PROVIDER:130007884", "RDSP:XX", SENDER["name"]):
        refused = await monitoring.post(f"{path}/forward", {"body": body}, **INSPECTOR)
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "unknown_body")
        assert body not in refused.text
