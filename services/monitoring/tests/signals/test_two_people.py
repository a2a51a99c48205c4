"""That no life is in danger two people say; and who sent a signal stays with the Agency when it is forwarded."""

import json
from typing import Any

import pytest
from monitoring_builders import INSPECTOR, MAYOR
from signal_builders import (
    CALM,
    DIRECTOR,
    DPO,
    FORWARD,
    RDSP,
    RESIDENT,
    SENDER,
    TEXT,
    TOLD,
    TRIAGE,
    filed,
    read,
    step,
    subject,
)

from aksu_local.served import Serve, Served

REFUSALS = [
    {"ground": ground, "explanation": "Няма данни"}
    for ground in ("ANONYMOUS", "NOT_SUBSTANTIATED", "REPEATED", "TOO_OLD")
]
LOWER = {"explanation": "Проверено по телефона: Засегнатов е добре."}


@pytest.fixture
async def monitoring(serve: Serve) -> Served:
    return await serve("monitoring")


async def test_triage_raises_danger_and_does_not_lower_it(monitoring: Served) -> None:
    path = await filed(monitoring)
    refused = await monitoring.post(f"{path}/triage", CALM, **INSPECTOR)
    assert (refused.status_code, refused.json()["code"]) == (409, "danger_stands")
    assert (await read(monitoring, path))["danger_to_life"] is True
    calm = await filed(monitoring, danger_to_life=False)
    assert (await step(monitoring, calm, "triage", TRIAGE))["danger_to_life"] is True
    again = await monitoring.post(f"{calm}/triage", CALM, **INSPECTOR)
    assert again.json()["code"] == "danger_stands"


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda given: str(given["ground"]))
@pytest.mark.parametrize("who", [INSPECTOR, DIRECTOR], ids=lambda who: str(who["role"]))
async def test_a_signal_with_danger_is_not_refused_while_danger_stands(
    monitoring: Served, refusal: dict[str, str], who: dict[str, Any]
) -> None:
    path = await filed(monitoring, signaller=None)
    await step(monitoring, path, "triage", TRIAGE)
    refused = await monitoring.post(f"{path}/refuse", refusal, **who)
    assert (refused.status_code, refused.json()["code"]) == (409, "danger_stands")
    assert "refuse" not in (await read(monitoring, path, **who))["actions"]


async def test_the_director_lowers_it_with_reasons_and_then_it_may_be_refused(monitoring: Served) -> None:
    path = await filed(monitoring)
    await step(monitoring, path, "triage", TRIAGE)
    assert (await read(monitoring, path, **DIRECTOR))["actions"] == ["lower-danger", "plan-inspection"]
    by_inspector = await monitoring.post(f"{path}/lower-danger", LOWER, **INSPECTOR)
    assert (by_inspector.status_code, by_inspector.json()["right"]) == (403, "monitoring.signal.lower_danger")
    lowered = await step(monitoring, path, "lower-danger", LOWER, DIRECTOR)
    assert (lowered["state"], lowered["danger_to_life"]) == ("TRIAGED", False)
    assert (await read(monitoring, path))["explanation"] == LOWER["explanation"]
    log = await monitoring.worker.fetchval("SELECT string_agg(state::text || coalesce(reason, ''), '') FROM change_log")
    assert "Засегнатов" not in log
    assert (await step(monitoring, path, "refuse", REFUSALS[1]))["state"] == "REFUSED"


async def test_who_triaged_it_does_not_lower_it_whatever_roles_they_hold(monitoring: Served) -> None:
    path = await filed(monitoring)
    await step(monitoring, path, "triage", TRIAGE, INSPECTOR | {"subject": "somebody"})
    refused = await monitoring.post(f"{path}/lower-danger", LOWER, **DIRECTOR, subject="somebody")
    assert (refused.status_code, refused.json()["code"], refused.json()["earlier"]) == (409, "four_eyes", "triage")


@pytest.mark.parametrize("body", [RDSP, MAYOR], ids=lambda who: str(who["body"]))
async def test_a_forwarded_signal_carries_no_word_of_who_sent_it(monitoring: Served, body: dict[str, Any]) -> None:
    path = await filed(monitoring)
    await step(monitoring, path, "triage", TRIAGE)
    await step(monitoring, path, "forward", FORWARD | {"body": body["body"]})
    found = await read(monitoring, path, **body)
    assert (found["text"], found["forwarded_text"], found["signaller"]) == (TOLD, TOLD, None)
    assert found["concerned"][0]["egn"] == RESIDENT["egn"]
    told = json.dumps(found, ensure_ascii=False)
    assert not [plain for plain in (*SENDER.values(), TEXT) if plain in told]
    own = await read(monitoring, path)
    assert (own["text"], own["forwarded_text"], own["signaller"]["name"]) == (TEXT, TOLD, SENDER["name"])


async def test_neither_a_restriction_lifted_nor_the_reasons_open_more_to_the_body(monitoring: Served) -> None:
    path = await filed(monitoring)
    await step(monitoring, path, "triage", TRIAGE)
    await step(monitoring, path, "lower-danger", LOWER, DIRECTOR)
    sender = await subject(monitoring, path)
    ground = {"ground": "ACCURACY_CONTESTED", "reference": "ЗЛД-2/2026"}
    await monitoring.post(f"/v1/subjects/{sender}/restrictions", ground, **DPO)
    await step(monitoring, path, "forward", FORWARD)
    await monitoring.post(f"/v1/subjects/{sender}/lift-restriction", {"reference": "ЗЛД-2/2026"}, **DPO)
    found = await read(monitoring, path, **RDSP)
    assert (found["signaller"], found["explanation"], found["text"]) == (None, None, TOLD)


@pytest.mark.parametrize(
    "text",
    [
        f"{SENDER['name'].upper()} съобщава за липса на вода.",
        "Пенка   Подателева съобщава.",
        f"Пишете на {SENDER['email'].upper()}",
        "Телефон за връзка 0888-123-456",
    ],
    ids=["name", "blanks", "e-mail", "telephone"],
)
async def test_what_is_forwarded_does_not_tell_who_sent_it(monitoring: Served, text: str) -> None:
    path = await filed(monitoring)
    await step(monitoring, path, "triage", TRIAGE)
    refused = await monitoring.post(f"{path}/forward", FORWARD | {"text": text}, **INSPECTOR)
    assert (refused.status_code, refused.json()["code"]) == (409, "names_sender")
    assert SENDER["name"] not in refused.text
    assert (await read(monitoring, path))["state"] == "TRIAGED"


async def test_a_relative_of_the_sender_may_be_named(monitoring: Served) -> None:
    path = await filed(monitoring, signaller={"name": "Мария Засегнатова"})
    await step(monitoring, path, "triage", TRIAGE)
    told = FORWARD | {"text": "Стоян Засегнатов не получава вода; стая 12."}
    assert (await step(monitoring, path, "forward", told))["state"] == "FORWARDED"
