"""Pushing inspection events over HTTP."""

import asyncio
import json
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from monitoring_builders import (
    INSPECTOR,
    SUBJECT,
    closed,
    count,
    finding,
    inspection,
    prescription,
    push,
    started,
)

from aksu_local.served import Serve, Served
from aksu_monitoring.ingest.push.schemas import PushReport

STRUCTURED = "application/cloudevents+json"


@pytest.fixture
async def monitoring(serve: Serve) -> Served:
    return await serve("monitoring")


async def send(
    monitoring: Served, body: object, *, media: str = STRUCTURED, subject: str = SUBJECT, **headers: str
) -> httpx.Response:
    token = monitoring.headers("integration", None, subject=subject)
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await monitoring.client.post(
        "/v1/inspection-events", content=content, headers=token | {"Content-Type": media} | headers
    )


def binary(event: dict[str, Any]) -> dict[str, str]:
    return {f"ce-{name}": quote(str(value)) for name, value in event.items() if name != "data"}


async def test_a_batch_is_accepted_when_it_is_stored(monitoring: Served) -> None:
    answer = await push(monitoring, inspection())
    assert answer.status_code == 202, answer.text
    report = PushReport.model_validate_json(answer.content)
    assert [item.result for item in report.items] == ["accepted"] * 4
    assert await count(monitoring, "ingest_event") == 4


async def test_one_event_is_the_same_in_all_three_modes(monitoring: Served) -> None:
    for number, time in enumerate(({}, {"time": "2026-03-01T09:00:00+02:00"})):
        event = started(attributes={"subject": f"П-{number}/2026"})
        del event["time"]
        event |= time
        first = await send(monitoring, event)
        assert (first.status_code, first.json()["accepted"]) == (202, 1)
        again = await send(monitoring, event["data"], media="application/json", **binary(event))
        assert (again.status_code, again.json()["items"][0]["result"]) == (202, "duplicate")
        batch = await push(monitoring, [event, finding(number + 7)])
        assert [item["result"] for item in batch.json()["items"]] == ["duplicate", "accepted"]
        subjects = await monitoring.worker.fetch("SELECT subject FROM ingest_event")
        assert event["subject"] in {row["subject"] for row in subjects}


async def test_repeating_a_batch_is_a_success_and_stores_nothing_new(monitoring: Served) -> None:
    events = inspection()
    await push(monitoring, events)
    again = await push(monitoring, [*events, finding(5)])
    assert again.status_code == 202
    assert [item["result"] for item in again.json()["items"]] == ["duplicate"] * 4 + ["accepted"]
    assert await count(monitoring, "ingest_event") == 5


async def test_an_event_twice_in_one_batch_is_stored_once(monitoring: Served) -> None:
    event = started()
    answer = await push(monitoring, [event, event])
    assert [item["result"] for item in answer.json()["items"]] == ["accepted", "duplicate"]
    assert await count(monitoring, "ingest_event") == 1


async def test_the_same_id_with_other_content_is_refused(monitoring: Served) -> None:
    event = started()
    await push(monitoring, [event])
    data = {"data": event["data"] | {"kind": "SIGNAL"}}
    for change in ({"subject": "R-2"}, {"sequence": 2}, {"time": "2026-03-02T09:00:00Z"}, data):
        answer = await push(monitoring, [finding(7), event | change])
        assert (answer.status_code, answer.json()["code"]) == (422, "items_refused")
        assert [item["result"] for item in answer.json()["items"]] == ["withheld", "conflict"]
        assert answer.json()["items"][1]["errors"][0]["pointer"] == "/1/id"
        assert await count(monitoring, "ingest_event") == 1


async def test_two_events_cannot_have_one_place_in_the_sequence(monitoring: Served) -> None:
    await push(monitoring, [started()])
    answer = await push(monitoring, [started(attributes={"id": "another"})])
    error = answer.json()["items"][0]["errors"][0]
    assert (answer.status_code, error["code"], error["pointer"]) == (422, "sequence_taken", "/0/sequence")


BAD: list[tuple[Any, str]] = [
    (started(kind="PALACE"), "/0/data/kind"),
    (started(place={"municipality": "BLG03"}), "/0/data/place"),
    (started(place={"municipality": "XXX99", "settlement": "с", "address": "а"}), "/0/data/place/municipality"),
    (started(provider_eik="123456789"), "/0/data/provider_eik"),
    (started(started_on="01.03.2026"), "/0/data/started_on"),
    (started(started_on="2999-01-01"), "/0/data/started_on"),
    (started(surprise=1), "/0/data/surprise"),
    (finding(2, result="GOOD"), "/0/data/result"),
    (finding(2, catalogue_version=None), "/0/data/catalogue_version"),
    (prescription(2, due_on="2026-03-01"), "/0/data"),
    (prescription(2, text=""), "/0/data/text"),
    (closed(4, last_sequence=5), "/0"),
    (closed(4, outcome="FINE"), "/0/data/outcome"),
    (started(attributes={"sequence": 0}), "/0/sequence"),
    (started(attributes={"sequence": "1a"}), "/0/sequence"),
    (started(attributes={"sequence": 10_001}), "/0/sequence"),
    (started(attributes={"sequence": None}), "/0/sequence"),
    (started(attributes={"source": "/integrations/somebody"}), "/0/source"),
    (started(attributes={"type": "bg.aksu.ingest.inspection.opened.v1"}), "/0/type"),
    (started(attributes={"type": None}), "/0/type"),
    (started(attributes={"specversion": "0.3"}), "/0/specversion"),
    (started(attributes={"id": ""}), "/0/id"),
    (started(attributes={"id": "x" * 201}), "/0/id"),
    (started(attributes={"id": "a\nb"}), "/0/id"),
    (started(attributes={"subject": "a\x1fb"}), "/0/subject"),
    (started(attributes={"subject": "ЕГН 8001010008 Иван Иванов"}), "/0/subject"),
    (started(attributes={"subject": "Иван.Иванов"}), "/0/subject"),
    (started(attributes={"subject": "ЕГН8001010008"}), "/0/subject"),
    (started(attributes={"subject": "Д-7111042925/2026"}), "/0/subject"),
    (prescription(2, reference="П-8001010008"), "/0/data/reference"),
    (prescription(2, reference="за Иван"), "/0/data/reference"),
    (started(attributes={"time": "yesterday"}), "/0/time"),
    (started(attributes={"time": "2026-03-01T09:00:00"}), "/0/time"),
    (started(attributes={"time": "0001-01-01T00:00:00+14:00"}), "/0/time"),
    (started(attributes={"datacontenttype": "text/xml"}), "/0/datacontenttype"),
    (started(attributes={"data": None}), "/0/data"),
    ("an event", "/0"),
    (None, "/0"),
    ([], "/0"),
]


async def test_a_bad_event_is_refused_where_it_is_wrong_in_both_languages(monitoring: Served) -> None:
    for event, pointer in BAD:
        texts = set()
        for language in ("bg", "en"):
            answer = await push(monitoring, [event], language=language)
            assert answer.status_code == 422, answer.text
            (error,) = answer.json()["items"][0]["errors"]
            assert error["pointer"] in {pointer, f"{pointer}/type"}, error
            assert answer.json()["items"][0]["result"] == "invalid"
            texts.add(error["message"])
        assert len(texts) == 2, texts
    assert await count(monitoring, "ingest_event") == 0


async def test_one_bad_event_keeps_its_whole_batch_out(monitoring: Served) -> None:
    answer = await push(monitoring, [started(), finding(2, result="GOOD"), prescription(3)])
    assert [item["result"] for item in answer.json()["items"]] == ["withheld", "invalid", "withheld"]
    assert (answer.json()["refused"], answer.json()["total"]) == (1, 3)
    assert await count(monitoring, "ingest_event") == 0


async def test_partial_stores_the_good_ones_and_says_so_with_207(monitoring: Served) -> None:
    known = started()
    await push(monitoring, [known])
    events = [known, finding(2, result="GOOD"), prescription(3), finding(3), known | {"subject": "R-9"}]
    answer = await push(monitoring, events, query="?partial=true")
    assert answer.status_code == 207
    report = PushReport.model_validate_json(answer.content)
    assert [item.result for item in report.items] == ["duplicate", "invalid", "accepted", "conflict", "conflict"]
    assert await count(monitoring, "ingest_event") == 2
    fine = await push(monitoring, [finding(4)], query="?partial=true")
    assert fine.status_code == 202


async def test_a_dry_run_says_what_the_real_push_then_does_and_stores_nothing(monitoring: Served) -> None:
    known = started()
    await push(monitoring, [known])
    batches = [
        [known | {"subject": "R-9"}, finding(2)],
        [finding(2, result="GOOD"), finding(3)],
        [known, finding(4)],
    ]
    for query in ("?", "?partial=true&"):
        for events in batches:
            before = await count(monitoring, "ingest_event")
            dry = await push(monitoring, events, query=f"{query}dry_run=true")
            assert await count(monitoring, "ingest_event") == before
            real = await push(monitoring, events, query=query)
            assert dry.json()["items"] == real.json()["items"]
            assert dry.status_code == (200 if real.is_success else real.status_code)


async def test_in_binary_mode_faults_name_headers_and_members_of_the_body(monitoring: Served) -> None:
    event = started(kind="PALACE", attributes={"sequence": 0})
    answer = await send(monitoring, event["data"], media="application/json", **binary(event))
    assert {error["pointer"] for error in answer.json()["errors"]} == {"/kind", "!ce-sequence"}
    missing = await send(monitoring, event["data"], media="application/json")
    assert "!ce-type" in {error["pointer"] for error in missing.json()["errors"]}


async def test_more_than_a_hundred_events_are_refused(monitoring: Served) -> None:
    events = [started(attributes={"subject": f"R-{n}"}) for n in range(101)]
    assert (await push(monitoring, events[:100])).status_code == 202
    refused = await push(monitoring, events)
    assert (refused.status_code, refused.json()["code"]) == (422, "too_many_items")


async def test_an_empty_batch_is_accepted(monitoring: Served) -> None:
    answer = await push(monitoring, [])
    assert (answer.status_code, answer.json()["items"]) == (202, [])


async def test_an_event_above_64_kibibytes_is_refused(monitoring: Served) -> None:
    large = started(attributes={"padding": "x" * 66_000})
    answer = await push(monitoring, [large, finding(2)])
    error = answer.json()["items"][0]["errors"][0]
    assert (answer.status_code, error["code"], error["pointer"]) == (422, "event_too_large", "/0")
    assert (await push(monitoring, [started(attributes={"padding": "x" * 60_000}), finding(2)])).status_code == 202


async def test_a_body_above_8_mebibytes_is_413(monitoring: Served) -> None:
    answer = await send(monitoring, b"[" + b" " * (8 * 1024 * 1024) + b"]", media="application/cloudevents-batch+json")
    assert answer.status_code == 413


async def test_what_is_no_event_is_refused(monitoring: Served) -> None:
    bodies = [
        (b"{", STRUCTURED, 422),
        (b'{"id": 1, "id": 2}', STRUCTURED, 422),
        (b"{}", "application/cloudevents-batch+json", 422),
        (b"<event/>", "application/cloudevents+xml", 415),
        (b"", STRUCTURED, 422),
    ]
    for body, media, status in bodies:
        assert (await send(monitoring, body, media=media)).status_code == status


async def test_a_system_writes_only_its_own_source(monitoring: Served) -> None:
    answer = await push(monitoring, [started()], subject="registry-of-burgas")
    assert answer.json()["items"][0]["errors"][0]["code"] == "foreign_source"
    own = started(attributes={"source": "/integrations/registry-of-burgas"})
    assert (await push(monitoring, [own], subject="registry-of-burgas")).status_code == 202


async def test_a_subject_cannot_smuggle_scope_keys_in(monitoring: Served) -> None:
    sly = "a,ingest,BG"
    own = started(attributes={"source": "/integrations/a%2Cingest%2CBG"})
    assert (await push(monitoring, [own], subject=sly)).status_code == 202
    await push(monitoring, [started()])
    headers = monitoring.headers("integration", None, subject=sly)
    seen = (await monitoring.get("/v1/inspection-events", headers=headers)).json()["items"]
    assert [item["source"] for item in seen] == ["/integrations/a%2Cingest%2CBG"]


async def test_only_integrations_push(monitoring: Served) -> None:
    assert (await monitoring.client.post("/v1/inspection-events", json={})).status_code == 401
    headers = monitoring.headers(**INSPECTOR) | {"Content-Type": STRUCTURED}
    refused = await monitoring.client.post("/v1/inspection-events", content=json.dumps(started()), headers=headers)
    assert (refused.status_code, refused.json()["right"]) == (403, "monitoring.ingest.push")


async def test_the_handshake_tells_the_rate_to_anybody_and_confirms_an_origin_to_programs_alone(
    monitoring: Served,
) -> None:
    asked = {"WebHook-Request-Origin": "portal.example", "WebHook-Request-Rate": "120"}
    for caller, allowed in (({}, None), (INSPECTOR, None), ({"role": "integration", "body": None}, "portal.example")):
        headers = asked | monitoring.headers(**caller) if caller else asked
        answer = await monitoring.client.options("/v1/inspection-events", headers=headers)
        assert answer.status_code == 200
        assert answer.headers.get("WebHook-Allowed-Origin") == allowed
        assert int(answer.headers["WebHook-Allowed-Rate"]) > 0
        assert "POST" in answer.headers["Allow"]


async def test_thirty_parallel_pushes_of_the_same_batch_store_it_once(monitoring: Served) -> None:
    events = inspection()
    answers = await asyncio.gather(*(push(monitoring, events) for _ in range(30)))
    done = [answer.json() for answer in answers if answer.status_code == 202]
    assert {answer.status_code for answer in answers} <= {202, 503}
    assert sum(report["accepted"] for report in done) == 4
    assert await count(monitoring, "ingest_event") == 4


async def test_of_two_parallel_contradictions_one_is_refused_whole(monitoring: Served) -> None:
    event = started()
    other = event | {"data": event["data"] | {"kind": "SIGNAL"}}
    batches = [[event, finding(2)], [other, finding(3)]]
    answers = await asyncio.gather(*(push(monitoring, events) for events in batches))
    assert sorted(answer.status_code for answer in answers) == [202, 422]
    assert await count(monitoring, "ingest_event") == 2


async def test_a_trace_that_is_none_is_let_pass_unused_and_cannot_break_a_row(monitoring: Served) -> None:
    odd = [started(attributes={"traceparent": "00-x\ny"}), finding(2, attributes={"traceparent": 5})]
    assert (await push(monitoring, odd)).status_code == 202
    rows = await monitoring.worker.fetch(
        "SELECT sequence, payload ->> 'note' AS note FROM ingest_event ORDER BY sequence"
    )
    assert [tuple(row) for row in rows] == [(1, None), (2, "Липсва график")]


async def test_text_with_lines_and_quotes_is_kept_as_it_is(monitoring: Served) -> None:
    note = 'първи ред\nвтори\t"ред"\\ \'; DROP TABLE x; -- $1 {0} 🙂'
    await push(monitoring, [finding(1, note=note)])
    assert await monitoring.worker.fetchval("SELECT payload ->> 'note' FROM ingest_event") == note
