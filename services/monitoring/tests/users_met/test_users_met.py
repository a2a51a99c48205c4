"""Users met during an inspection: recorded by inspectors, read by the Agency alone, erased like everybody."""

from typing import Any
from uuid import uuid4

import pytest
from monitoring_builders import ANALYST, INSPECTOR, MAYOR, PROVIDER, closed, count, push, started
from monitoring_worker import apply

from aksu_local.served import Serve, Served, Unopened
from aksu_monitoring.users_met.schemas import UserMetRead
from aksu_shared.web.reads import PageOf

DPO: dict[str, Any] = {"role": "data_protection_officer", "body": "AKSU"}
USER = {"name": "Мария Срещната", "egn": "4501010009", "birth_year": 1945, "note": "Казва, че храната не стига."}


@pytest.fixture
async def monitoring(serve: Serve) -> Served:
    return await serve("monitoring")


async def inspected(monitoring: Served) -> str:
    """The path of the users met during an inspection."""
    await push(monitoring, [started()])
    await apply(monitoring)
    (item,) = (await monitoring.get("/v1/inspections")).json()["items"]
    return f"/v1/inspections/{item['id']}/users-met"


async def listed(monitoring: Served, path: str) -> list[UserMetRead]:
    answer = await monitoring.get(path, **INSPECTOR)
    assert answer.status_code == 200, answer.text
    return PageOf[UserMetRead].model_validate_json(answer.content).items


async def test_an_inspector_records_whom_they_spoke_with_and_reads_it_again(monitoring: Served) -> None:
    path = await inspected(monitoring)
    for user in (USER, {"name": "Без ЕГН", "birth_year": 1950}):
        assert (await monitoring.post(path, user, **INSPECTOR)).status_code == 201
    first, second = await listed(monitoring, path)
    assert first.model_dump(include=set(USER)) == USER
    assert (second.name, second.egn, second.birth_year) == ("Без ЕГН", None, 1950)


async def test_they_are_read_page_by_page(monitoring: Served) -> None:
    path = await inspected(monitoring)
    for number in range(5):
        await monitoring.post(path, {"name": f"Потребител {number}"}, **INSPECTOR)
    seen: list[str] = []
    cursor = ""
    while True:
        page = (await monitoring.get(f"{path}?limit=2{cursor}", **INSPECTOR)).json()
        seen += [item["name"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == [f"Потребител {number}" for number in range(5)]


@pytest.mark.parametrize("who", [PROVIDER, MAYOR, ANALYST, {}], ids=["provider", "mayor", "analyst", "anybody"])
async def test_nobody_else_reads_or_records_them(monitoring: Served, who: dict[str, Any]) -> None:
    path = await inspected(monitoring)
    refused = 403 if who else 401
    assert (await monitoring.get(path, **who)).status_code == refused
    assert (await monitoring.post(path, USER, **who)).status_code == refused
    assert await count(monitoring, "subject_key") == 0


async def test_of_an_inspection_that_is_not_there_nobody_is_recorded(monitoring: Served) -> None:
    answer = await monitoring.post(f"/v1/inspections/{uuid4()}/users-met", USER, **INSPECTOR)
    assert answer.status_code == 404
    assert (await monitoring.get(f"/v1/inspections/{uuid4()}/users-met", **INSPECTOR)).status_code == 404


async def test_the_answer_kept_for_a_repetition_names_nobody(monitoring: Served) -> None:
    path = await inspected(monitoring)
    answer = await monitoring.post(path, USER, **INSPECTOR)
    assert set(answer.json()) == {"subject_id", "inspection_id"}
    kept = await monitoring.worker.fetchval("SELECT string_agg(convert_from(body, 'UTF8'), '') FROM idempotency")
    assert str(USER["name"]) not in kept


async def test_each_reading_is_recorded_by_person(monitoring: Served) -> None:
    path = await inspected(monitoring)
    recorded = (await monitoring.post(path, USER, **INSPECTOR)).json()["subject_id"]
    await listed(monitoring, path)
    rows = await monitoring.worker.fetch("SELECT objects FROM read_log WHERE action = 'monitoring.user_met.read'")
    assert [recorded] in [row["objects"] for row in rows]


async def test_erased_a_user_met_is_still_counted(monitoring: Served) -> None:
    path = await inspected(monitoring)
    recorded = (await monitoring.post(path, USER, **INSPECTOR)).json()["subject_id"]
    body = {"ground": "OBJECTION", "reference": "ЗЛД-3/2026"}
    early = await monitoring.post(f"/v1/subjects/{recorded}/erasures", body, **DPO)
    assert (early.status_code, early.json()["code"]) == (409, "subject_needed")
    await push(monitoring, [closed(2, outcome="NO_FINDINGS")])
    await apply(monitoring)
    assert (await monitoring.post(f"/v1/subjects/{recorded}/erasures", body, **DPO)).status_code == 201
    (user,) = await listed(monitoring, path)
    assert (user.erased, user.name, user.egn, user.note) == (True, None, None, None)


@pytest.mark.parametrize(
    "wrong",
    [{"egn": USER["name"]}, {"egn": "4513010000"}, {"birth_year": USER["egn"]}, {"name": ""}, {"ime": USER["name"]}],
)
async def test_a_refusal_quotes_nothing_of_what_was_sent(unopened: Unopened, wrong: dict[str, Any]) -> None:
    path = f"/v1/inspections/{uuid4()}/users-met"
    answer = await unopened("monitoring").post(path, USER | wrong, **INSPECTOR)
    assert answer.status_code == 422
    assert not [value for value in map(str, USER.values()) if value in answer.text]
