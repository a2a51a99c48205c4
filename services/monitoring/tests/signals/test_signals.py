"""Signals: anybody may send one; triaged, forwarded or decided, in their terms, by who deals with them."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from monitoring_builders import ANALYST, INSPECTOR, MAYOR, PROVIDER, count, push, started
from monitoring_worker import apply, fire
from signal_builders import FORWARD, OTHER_RDSP, RDSP, RESIDENT, SENDER, SIGNAL, TEXT, TRIAGE, filed, on, read, step

from aksu_local.served import Serve, Served, Unopened
from aksu_monitoring.signals.rules import own_key
from aksu_monitoring.signals.schemas import SignalRead
from aksu_shared.auth.principal import ANONYMOUS


@pytest.fixture
async def monitoring(serve: Serve) -> Served:
    return await serve("monitoring")


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
    moved = await step(monitoring, path, "forward", FORWARD)
    assert (moved["state"], moved["forwarded_to"]) == ("FORWARDED", "RDSP:BLG")
    assert (await read(monitoring, path, **RDSP))["concerned"][0]["egn"] == RESIDENT["egn"]
    assert (await monitoring.get(path, **OTHER_RDSP)).status_code == 404
    assert (await monitoring.post(f"{path}/triage", TRIAGE, **RDSP)).status_code == 403


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
    for verb, body in (("forward", FORWARD), ("plan-inspection", {})):
        refused = await monitoring.post(f"{path}/{verb}", body, **INSPECTOR)
        assert (refused.status_code, refused.json()["legal_transitions"]) == (409, ["triage"])
    await step(monitoring, path, "triage", TRIAGE)
    early = await monitoring.post(f"{path}/close", {"inspection_id": str(uuid4())}, **INSPECTOR)
    assert early.json()["legal_transitions"] == [
        "triage", "lower-danger", "forward", "plan-inspection", "refuse",
    ]  # fmt: skip


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
    assert (await step(monitoring, path, "forward", FORWARD))["overdue"] == ["signal.forwarding"]


async def test_a_signal_is_forwarded_to_a_body_that_may_read_it(monitoring: Served) -> None:
    path = await filed(monitoring)
    await step(monitoring, path, "triage", TRIAGE)
    for body in ("PROVIDER:130007884", "RDSP:XX", SENDER["name"]):
        refused = await monitoring.post(f"{path}/forward", FORWARD | {"body": body}, **INSPECTOR)
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "unknown_body")
        assert body not in refused.text


@pytest.mark.parametrize(
    ("number", "rule"), [("4001010001", "Последната, контролна цифра"), ("4013010000", "първите шест цифри")]
)
async def test_a_wrong_number_of_a_person_is_refused_by_field_and_rule(
    unopened: Unopened, number: str, rule: str
) -> None:
    answer = await unopened("monitoring").post(
        "/v1/signals", SIGNAL | {"concerned": [RESIDENT, RESIDENT | {"egn": number}]}
    )
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["pointer"], error["code"]) == (422, "/concerned/1/egn", "bad_personal_number")
    assert rule in error["message"]
    assert number not in answer.text


async def test_a_foreigner_is_named_by_their_own_number(monitoring: Served) -> None:
    answer = await monitoring.post("/v1/signals", SIGNAL | {"concerned": [RESIDENT | {"egn": "7111042925"}]})
    assert answer.status_code == 201


async def test_who_files_a_signal_sees_no_other_even_inside(monitoring: Served) -> None:
    path = await filed(monitoring)
    mine = UUID(path.rpartition("/")[2])
    for key, seen in ((mine, 1), (uuid4(), 0)):
        async with monitoring.app.state.api.commands.work(ANONYMOUS.holding(own_key(key))) as work:
            connection = await work.begin()
            for table in ("signal", "subject_key"):
                assert bool(await connection.fetchval(f"SELECT count(*) FROM {table}")) is bool(seen)
