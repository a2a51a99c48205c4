"""Who sent a signal and whom it is about: read by who deals with it, told nowhere else, erased and restricted."""

import json
from typing import Any
from uuid import uuid4

import pytest
from monitoring_builders import INSPECTOR, MAYOR, PROVIDER, count, push, started
from monitoring_worker import apply
from signal_builders import (
    CALM,
    DIRECTOR,
    DPO,
    FORWARD,
    GROUND,
    PERSONAL,
    RDSP,
    RESIDENT,
    SENDER,
    SIGNAL,
    TEXT,
    TRIAGE,
    filed,
    read,
    step,
    subject,
)

from aksu_local.served import Serve, Served
from aksu_monitoring.signals.schemas import SignalSummary
from aksu_monitoring.wiring import HOLDINGS
from aksu_shared.kernel.logging import correlation_id
from aksu_shared.operations.audit import AuditEntry
from aksu_shared.privacy.expiry import hide_restricted
from aksu_shared.web.reads import PageOf

TOKENS = (PROVIDER, MAYOR, INSPECTOR, DPO)
SESSION = "5e551000a9e45011000000000000abcd"
"""A correlation id by which a person's other requests could be found."""


@pytest.fixture
async def monitoring(serve: Serve) -> Served:
    return await serve("monitoring")


async def test_whoever_signals_gets_a_receipt_and_nothing_else(monitoring: Served) -> None:
    answer = await monitoring.post("/v1/signals", SIGNAL)
    assert (answer.status_code, set(answer.json())) == (201, {"receipt"})
    assert {"location", "etag"}.isdisjoint(answer.headers)
    for path in ("/v1/signals", f"/v1/signals/{uuid4()}"):
        assert (await monitoring.get(path)).status_code == 401


@pytest.mark.parametrize("sent", [SIGNAL, SIGNAL | {"signaller": None}], ids=["named", "anonymous"])
@pytest.mark.parametrize("who", TOKENS, ids=lambda who: str(who["role"]))
async def test_no_token_ties_a_signal_to_who_sent_it(
    monitoring: Served, sent: dict[str, Any], who: dict[str, Any], capfd: pytest.CaptureFixture[str]
) -> None:
    tied = {"X-Correlation-Id": SESSION, "traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}
    answer = await monitoring.post("/v1/signals", sent, **who, key="k", headers=tied)
    assert (answer.status_code, answer.headers["X-Correlation-Id"]) == (201, SESSION)
    (change,) = await monitoring.worker.fetch("SELECT actor, actor_body, correlation_id, traceparent FROM change_log")
    assert (change["actor"], change["actor_body"], change["traceparent"]) == ("anonymous", None, None)
    logged = "".join(capfd.readouterr())
    tables = await monitoring.worker.fetch(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
        " AND has_table_privilege(oid, 'SELECT')"
    )
    rows = [row for (name,) in tables for row in await monitoring.worker.fetch(f'SELECT t::text FROM "{name}" AS t')]
    body = () if who["body"] == "AKSU" else (who["body"],)  # the Agency stands in each signal's scope
    for telling in (monitoring.actor(f"test-{who['role']}"), SESSION, "a" * 32, *body):
        assert [row for row in rows if telling in row["t"]] == [], telling
        assert telling not in logged, telling
    assert change["correlation_id"] == correlation_id()  # under which the request was logged


async def test_an_officer_who_takes_a_signal_down_is_noted(monitoring: Served) -> None:
    await monitoring.post("/v1/signals", SIGNAL | {"channel": "PHONE"}, **INSPECTOR)
    await monitoring.post("/v1/signals", SIGNAL | {"channel": "PHONE"}, **PROVIDER)
    noted = await monitoring.worker.fetch("SELECT actor, state ->> 'channel' AS channel FROM change_log ORDER BY seq")
    assert [tuple(row) for row in noted] == [
        (monitoring.actor("test-inspector"), "PHONE"),
        ("anonymous", "PORTAL"),
    ]


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


async def test_refused_with_reasons_that_are_kept_as_personal_data(monitoring: Served) -> None:
    path = await filed(monitoring, danger_to_life=False)
    await step(monitoring, path, "triage", CALM)
    body = {"ground": "NOT_SUBSTANTIATED", "explanation": "Г-н Засегнатов е посетен и е добре."}
    moved = await step(monitoring, path, "refuse", body, DIRECTOR)
    assert (moved["state"], moved["refusal_ground"]) == ("REFUSED", "NOT_SUBSTANTIATED")
    found = await read(monitoring, path)
    assert (found["explanation"], found["actions"]) == (body["explanation"], [])


async def test_no_event_answer_or_table_holds_a_word_of_it(monitoring: Served) -> None:
    path = await filed(monitoring)
    await step(monitoring, path, "triage", TRIAGE | {"concerned": [RESIDENT]})
    await step(monitoring, path, "lower-danger", {"explanation": TEXT}, DIRECTOR)
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
    told = [(entry.roles[0], entry.action, entry.purpose) for entry in page.items]
    assert told[:2] == [
        ("data_protection_officer", "monitoring.signal.audit", None),
        ("inspector", "monitoring.signal.read", "case 12/2026"),
    ]
    assert (await monitoring.get(f"{path}/access-log", **INSPECTOR)).status_code == 403
    assert (await monitoring.get(f"/v1/signals/{uuid4()}/access-log", **DPO)).status_code == 404


async def test_erasing_who_signalled_leaves_the_signal_countable(monitoring: Served) -> None:
    path = await filed(monitoring, danger_to_life=False)
    sender = await subject(monitoring, path)
    early = await monitoring.post(f"/v1/subjects/{sender}/erasures", GROUND, **DPO)
    assert (early.status_code, early.json()["code"]) == (409, "subject_needed")
    await step(monitoring, path, "triage", CALM)
    await step(monitoring, path, "refuse", {"ground": "REPEATED", "explanation": "Без нови данни"})
    erased = await monitoring.post(f"/v1/subjects/{sender}/erasures", GROUND, **DPO)
    assert erased.status_code == 201
    found = await read(monitoring, path)
    assert (found["signaller"]["erased"], found["signaller"]["name"], found["text"]) == (True, None, None)
    assert (found["category"], found["concerned"][0]["name"]) == ("NEGLECT", RESIDENT["name"])
    assert len((await monitoring.get("/v1/signals", **INSPECTOR)).json()["items"]) == 1


async def test_restricted_a_person_is_hidden_from_all_but_the_legal_role_once_the_signal_is_dealt_with(
    monitoring: Served,
) -> None:
    path = await filed(monitoring)
    person = await subject(monitoring, path, "concerned")
    body = {"ground": "ACCURACY_CONTESTED", "reference": "ЗЛД-2/2026"}
    await monitoring.post(f"/v1/subjects/{person}/restrictions", body, **DPO)
    found = (await read(monitoring, path))["concerned"][0]
    assert (found["restricted"], found["name"]) == (True, RESIDENT["name"])  # who decides the signal needs it
    await step(monitoring, path, "triage", TRIAGE)
    await step(monitoring, path, "forward", FORWARD)
    await hide_restricted(monitoring.worker, HOLDINGS)
    found = (await read(monitoring, path))["concerned"][0]
    assert (found["restricted"], found["name"], found["egn"]) == (True, None, None)
    assert (await read(monitoring, path, **DPO))["concerned"][0]["name"] == RESIDENT["name"]
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


async def test_no_cache_keeps_an_answer_that_tells_of_people(monitoring: Served) -> None:
    path = await filed(monitoring)
    sender = await subject(monitoring, path)
    await push(monitoring, [started()])
    await apply(monitoring)
    (inspection,) = (await monitoring.get("/v1/inspections")).json()["items"]
    met, export = f"/v1/inspections/{inspection['id']}/users-met", f"/v1/subjects/{sender}/export"
    for where, who in ((path, INSPECTOR), (met, INSPECTOR), (export, DPO)):
        answer = await monitoring.get(where, **who)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store"), where


async def test_retention_begins_when_the_signal_is_done(monitoring: Served) -> None:
    path = await filed(monitoring, danger_to_life=False)
    await step(monitoring, path, "triage", CALM)
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
        {"concerned": [RESIDENT | {"egn": "4001010001"}]},
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
