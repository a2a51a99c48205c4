"""Pushed events over the bus: signed, stored once, and what is bad kept for people to repair and replay."""

import json
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any
from uuid import uuid4

import pytest
from monitoring_builders import ANALYST, INSPECTOR, SOURCE, SUBJECT, count, finding, inspection, started
from monitoring_worker import apply_all, worker_of

from aksu_local.kafka import Kafka
from aksu_local.served import Serve, Served
from aksu_local.testing import FreshBus, emptied
from aksu_monitoring.ingest.bus.loop import GROUP, TOPIC, PushedLoop
from aksu_monitoring.ingest.sources.service import Senders
from aksu_monitoring.ingest.sources.signatures import new_key, sign
from aksu_monitoring.ingest.sources.store import SourceStore
from aksu_shared.bus import Record
from aksu_shared.privacy.keys import DEVELOPMENT

STRUCTURED = "application/cloudevents+json"
PATH = "/v1/pushed-records"


def record(event: object, secret: str | None = None, *, at: float | None = None, media: str = STRUCTURED) -> Record:
    body = event if isinstance(event, bytes) else json.dumps(event, ensure_ascii=False).encode()
    key = event.get("subject", "k") if isinstance(event, dict) else "k"
    headers = {"content-type": media}
    if secret is not None:
        headers |= sign(secret, body, message_id=str(uuid4()), timestamp=int(time.time() if at is None else at))
    return Record(TOPIC, str(key), body, headers)


async def consume(monitoring: Served, records: Sequence[Record], *, unregistered: bool = False) -> None:
    """Publish these records and let the loop take all of them; then apply what was staged."""
    async with AsyncExitStack() as stack:
        worker = await stack.enter_async_context(worker_of(monitoring))
        await worker.bus.publish(records)
        consumer = await stack.enter_async_context(worker.bus.consumer(GROUP, (TOPIC,)))
        loop = PushedLoop(worker, Senders(unregistered=unregistered, ring=DEVELOPMENT))
        deadline = time.monotonic() + 60
        while True:
            await loop.turn(consumer)
            lag = await consumer.lag()
            if lag and not any(lag.values()):
                break
            assert time.monotonic() < deadline
        await apply_all(worker)


async def added(monitoring: Served, name: str = SUBJECT) -> str:
    key, secret = new_key("v1a")
    await SourceStore(monitoring.worker, DEVELOPMENT).add(name, key)
    return secret


@pytest.fixture
async def monitoring(serve: Serve, fresh_bus: FreshBus) -> Served:
    return await serve("monitoring", bus_url=await fresh_bus())


async def kept(monitoring: Served) -> list[dict[str, Any]]:
    answer = await monitoring.get(PATH, **ANALYST)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


@pytest.fixture(params=["embedded", pytest.param("kafka", marks=pytest.mark.processes)])
def broker(request: pytest.FixtureRequest) -> Kafka | None:
    """The Kafka broker, or None for the embedded bus."""
    found: Kafka | None = request.getfixturevalue("kafka") if request.param == "kafka" else None
    return found


async def test_a_signed_inspection_takes_effect_once_however_often_it_comes(
    serve: Serve, fresh_bus: FreshBus, broker: Kafka | None
) -> None:
    bus_url = await (emptied(broker.url) if broker else fresh_bus())
    monitoring = await serve("monitoring", bus_url=bus_url)
    secret = await added(monitoring)
    records = [record(event, secret) for event in inspection()]
    await consume(monitoring, [*records, *records[::-1]])
    assert await count(monitoring, "ingest_event") == 4
    assert await monitoring.worker.fetchval("SELECT state FROM inspection") == "CLOSED_WITH_PRESCRIPTIONS"
    rows = await kept(monitoring)
    assert [(row["state"], row["result"], row["source"]) for row in rows] == [("DUPLICATE", "duplicate", SOURCE)] * 4


BAD: list[tuple[str, Any, str, str]] = [
    ("unsigned", lambda _: record(started()), "unsigned", "signature_refused"),
    ("another's key", lambda _: record(started(), new_key("v1a")[1]), "unsigned", "signature_refused"),
    ("stale", lambda secret: record(started(), secret, at=time.time() - 400), "unsigned", "signature_refused"),
    ("unknown source", lambda secret: record(started(attributes={"source": "/integrations/x"}), secret), "invalid",
     "source_unknown"),
    ("a person's number", lambda secret: record(started(attributes={"subject": "Р-8001010008"}), secret), "invalid",
     "personal_number"),
    ("two forms of a source", lambda secret: record(started(attributes={"source": "/integrations/%70ortal"}), secret),
     "invalid", "source_unknown"),
    ("no event", lambda secret: record(b"[]", secret), "invalid", "source_unknown"),
    ("no JSON", lambda secret: record(b'{"a":1,"a":2}', secret), "invalid", "json.duplicate_key"),
    ("binary", lambda secret: record(started()["data"], secret, media="application/json"), "invalid",
     "unsupported_media_type"),
    ("too large", lambda secret: record(started(filler="x" * 70_000), secret), "invalid", "event_too_large"),
    ("bad data", lambda secret: record(started(kind="PALACE"), secret), "invalid", "unknown_code"),
]  # fmt: skip


async def test_bad_records_are_kept_with_their_reason_and_hold_nothing_up(monitoring: Served) -> None:
    secret = await added(monitoring)
    good = record(started(attributes={"subject": "R-good-1"}), secret)
    await consume(monitoring, [*(make(secret) for _, make, _, _ in BAD), good])
    assert await count(monitoring, "ingest_event") == 1
    rows = await kept(monitoring)
    found = [(row["result"], row["errors"][0]["code"]) for row in rows]
    assert found == [(result, code) for _, _, result, code in BAD]
    assert {row["state"] for row in rows} == {"PARKED"}


async def test_a_source_sees_only_what_was_made_sure_to_be_its_own(monitoring: Served) -> None:
    secret = await added(monitoring)
    await consume(monitoring, [record(started(kind="PALACE"), secret), record(started())])
    token = monitoring.headers("integration", None, subject=SUBJECT)
    own = (await monitoring.client.get(PATH, headers=token)).json()["items"]
    assert [row["result"] for row in own] == ["invalid"]
    other = monitoring.headers("integration", None, subject="other")
    assert (await monitoring.client.get(PATH, headers=other)).json()["items"] == []
    assert (await monitoring.get(PATH)).status_code == 401


async def test_a_refused_record_is_repaired_and_replayed_by_a_person(monitoring: Served) -> None:
    secret = await added(monitoring)
    bad = started(kind="PALACE")
    await consume(monitoring, [record(bad, secret)])
    (row,) = await kept(monitoring)
    one = await monitoring.get(f"{PATH}/{row['id']}", **ANALYST)
    assert one.json()["actions"] == ["repair", "replay", "discard"]
    again = await monitoring.post(f"{PATH}/{row['id']}/replay", {}, **ANALYST)
    assert (again.status_code, again.json()["code"]) == (409, "record_still_refused")
    headers = monitoring.headers("aksu_analyst", "AKSU") | {"If-Match": '"1"'}
    body = {"event": bad | {"data": bad["data"] | {"kind": "SIGNAL"}}, "reason": "сгрешен вид"}
    repaired = await monitoring.client.put(f"{PATH}/{row['id']}", json=body, headers=headers)
    assert (repaired.status_code, repaired.json()["state"]) == (200, "REPAIRED"), repaired.text
    replayed = await monitoring.post(f"{PATH}/{row['id']}/replay", {}, **ANALYST)
    assert (replayed.status_code, replayed.json()["state"]) == (200, "REPLAYED")
    assert await count(monitoring, "ingest_event") == 1
    once_more = await monitoring.post(f"{PATH}/{row['id']}/replay", {}, **ANALYST)
    assert (once_more.status_code, once_more.json()["code"]) == (409, "not_parked")


async def test_an_unsigned_record_is_not_replayed_unless_a_person_vouches_for_it(monitoring: Served) -> None:
    await added(monitoring)
    event = started()
    await consume(monitoring, [record(event)])
    (row,) = await kept(monitoring)
    refused = await monitoring.post(f"{PATH}/{row['id']}/replay", {}, **ANALYST)
    assert (refused.status_code, refused.json()["code"]) == (409, "record_not_vouched_for")
    headers = monitoring.headers("aksu_analyst", "AKSU") | {"If-Match": '"1"'}
    body = {"event": event, "reason": "потвърдено по телефона"}
    assert (await monitoring.client.put(f"{PATH}/{row['id']}", json=body, headers=headers)).status_code == 200
    assert (await monitoring.post(f"{PATH}/{row['id']}/replay", {}, **ANALYST)).status_code == 200
    assert await count(monitoring, "ingest_event") == 1


async def test_a_discarded_record_stays_listed_with_its_reason(monitoring: Served) -> None:
    secret = await added(monitoring)
    await consume(monitoring, [record(finding(2, result="GOOD"), secret)])
    (row,) = await kept(monitoring)
    assert (await monitoring.post(f"{PATH}/{row['id']}/discard", {"reason": "х"}, **INSPECTOR)).status_code == 403
    done = await monitoring.post(f"{PATH}/{row['id']}/discard", {"reason": "проба"}, **ANALYST)
    assert done.json()["state"] == "DISCARDED"
    one = (await monitoring.get(f"{PATH}/{row['id']}", **ANALYST)).json()
    assert (one["state"], one["resolution"], one["resolved_by"]) == (
        "DISCARDED", "проба", monitoring.actor("test-aksu_analyst"),
    )  # fmt: skip


async def test_a_record_discarded_after_its_repair_keeps_both_reasons(monitoring: Served) -> None:
    event = started()
    await added(monitoring)
    await consume(monitoring, [record(event)])
    (row,) = await kept(monitoring)
    headers = monitoring.headers("aksu_analyst", "AKSU") | {"If-Match": '"1"'}
    body = {"event": event, "reason": "потвърдено по телефона"}
    assert (await monitoring.client.put(f"{PATH}/{row['id']}", json=body, headers=headers)).status_code == 200
    await monitoring.post(f"{PATH}/{row['id']}/discard", {"reason": "изпратен и на хартия"}, **ANALYST)
    one = (await monitoring.get(f"{PATH}/{row['id']}", **ANALYST)).json()
    assert (one["state"], one["repair_reason"], one["resolution"]) == (
        "DISCARDED", "потвърдено по телефона", "изпратен и на хартия",
    )  # fmt: skip
    assert one["repaired_at"] < one["resolved_at"]


async def test_where_systems_need_not_be_added_an_unsigned_record_is_taken(monitoring: Served) -> None:
    await consume(monitoring, [record(started())], unregistered=True)
    assert await count(monitoring, "ingest_event") == 1
