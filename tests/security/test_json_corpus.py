"""Odd JSON: one table of verdicts, the same over HTTP and on the bus."""

import json
import time
from typing import Any, Final

import pytest
from monitoring_builders import ANALYST, count, finding
from monitoring_worker import worker_of

from aksu_local.served import Serve, Served
from aksu_local.testing import FreshBus
from aksu_monitoring.ingest.bus.loop import GROUP, TOPIC, PushedLoop
from aksu_monitoring.ingest.sources.service import Senders
from aksu_shared.bus import Record
from aksu_shared.privacy.keys import DEVELOPMENT

STRUCTURED: Final = "application/cloudevents+json"
ACCEPTED: Final = "accepted"
SYNTAX: Final = "json.syntax"
NUMBER: Final = "json.number"
CHARACTER: Final = "json.character"
UNSEEN: Final = "unseen_character"

NOTES: list[tuple[bytes, str]] = [
    (b'"plain"', ACCEPTED),
    ('"кирилица"'.encode(), ACCEPTED),
    (rb'"\u0410\u041a"', ACCEPTED),
    (rb'"\ud83d\ude00"', ACCEPTED),
    (rb'"\/\n\r\n\t."', ACCEPTED),
    (rb'"\/\b\f\n\r\t"', UNSEEN),
    (rb'"a\\u0000b"', ACCEPTED),
    ('"\N{RIGHT-TO-LEFT OVERRIDE}а\N{ZERO WIDTH SPACE}"'.encode(), UNSEEN),
    (b"null", ACCEPTED),
    (b' \r\n\t"spaced" ', ACCEPTED),
    (b'"' + b"[{" * 500 + b'"', ACCEPTED),
    (b"1", "string_type"),
    (b"true", "string_type"),
    (b"[]", "string_type"),
    (b'{"a":1}', "string_type"),
    (b"9223372036854775807", "string_type"),
    (b'""', "string_too_short"),
    (b'"' + b"x" * 9000 + b'"', "string_too_long"),
    (b"9223372036854775808", NUMBER),
    (b"1e400", NUMBER),
    (b"-1e400", NUMBER),
    (b"NaN", NUMBER),
    (b"-Infinity", NUMBER),
    (b"1" * 5000, NUMBER),
    (b"01", SYNTAX),
    (b"+1", SYNTAX),
    (b".5", SYNTAX),
    (b"1.", SYNTAX),
    (b"0x10", SYNTAX),
    (b"1_000", SYNTAX),
    (b"'a'", SYNTAX),
    (b"True", SYNTAX),
    (b"undefined", SYNTAX),
    (b'"a\nb"', SYNTAX),
    (b'"a\tb"', SYNTAX),
    (b'"a\x00b"', SYNTAX),
    (rb'"\x41"', SYNTAX),
    (rb'"\u00g0"', SYNTAX),
    (b"/* c */ 1", SYNTAX),
    (b"[1,]", SYNTAX),
    (b'{"a":1,}', SYNTAX),
    (b"[" * 500, "json.depth"),
    (b"[" * 40 + b"]" * 40, "json.depth"),
    (b'{"a":1,"a":2}', "json.duplicate_key"),
    (rb'{"a":1,"\u0061":2}', "json.duplicate_key"),
    (rb'"\u0000"', CHARACTER),
    (rb'"\ud800"', CHARACTER),
    (rb'"\udc00\ud800"', CHARACTER),
    (b'"\xff"', "json.encoding"),
    (b'"\xc0\x80"', "json.encoding"),
    (b'"\xed\xa0\x80"', "json.encoding"),
]  # fmt: skip
"""What is written for the note of a finding → the verdict: accepted, or the code of the first error."""


def whole(number: int, note: bytes) -> bytes:
    event = json.dumps(finding(2, attributes={"subject": f"R-{number}", "id": f"id-{number}"}, note="@@"))
    return event.encode().replace(b'"@@"', note)


DOCUMENTS: list[tuple[bytes, str]] = [
    *((whole(number, note), verdict) for number, (note, verdict) in enumerate(NOTES)),
    (b"", SYNTAX),
    (b"{", SYNTAX),
    (whole(900, b'"a"') + b"{}", SYNTAX),
    (whole(901, b'"a"') + b"\x00", SYNTAX),
    (b"\xef\xbb\xbf" + whole(902, b'"a"'), "json.bom"),
    (whole(903, b'"a"').decode().encode("utf-16"), "json.encoding"),
    (whole(904, b'"a"').replace(b'"specversion"', b'"id":"again","specversion"'), "json.duplicate_key"),
    (whole(905, b'"a"').replace(b'"sequence": 2', b'"sequence": 2.5'), "int_type"),
    (whole(906, b'"a"').replace(b'"sequence": 2', b'"sequence": 1e3'), "int_type"),
    (whole(907, b'"a"').replace(b'"1.0"', b"1.0"), "literal_error"),
]


@pytest.fixture
async def monitoring(serve: Serve, fresh_bus: FreshBus) -> Served:
    return await serve("monitoring", bus_url=await fresh_bus())


async def over_http(monitoring: Served, body: bytes) -> str:
    headers = monitoring.headers("integration", None, subject="portal") | {"Content-Type": STRUCTURED}
    answer = await monitoring.client.post("/v1/inspection-events", content=body, headers=headers)
    document: dict[str, Any] = answer.json()
    if answer.status_code == 202:
        return str(document["items"][0]["result"])
    assert answer.status_code == 422, (answer.status_code, body[:100])
    return str(document["errors"][0]["code"])


async def on_the_bus(monitoring: Served, bodies: list[bytes]) -> list[str]:
    async with (
        worker_of(monitoring) as worker,
        worker.bus.consumer(GROUP, (TOPIC,)) as consumer,
    ):
        await worker.bus.publish([Record(TOPIC, "k", body, {"content-type": STRUCTURED}) for body in bodies])
        loop, deadline = PushedLoop(worker, Senders(unregistered=True, ring=DEVELOPMENT)), time.monotonic() + 60
        while not (lag := await consumer.lag()) or any(lag.values()):
            await loop.turn(consumer)
            assert time.monotonic() < deadline
    rows = await monitoring.worker.fetch('SELECT "offset", errors FROM pushed_record ORDER BY "offset"')
    first = await monitoring.worker.fetchval('SELECT min("offset") FROM pushed_record')
    refused = {row["offset"]: row["errors"][0]["code"] for row in rows}
    origin = first - next(number for number, (_, verdict) in enumerate(DOCUMENTS) if verdict != ACCEPTED)
    return [refused.get(origin + number, ACCEPTED) for number in range(len(bodies))]


async def test_the_same_document_meets_the_same_verdict_over_http_and_on_the_bus(monitoring: Served) -> None:
    wanted = [verdict for _, verdict in DOCUMENTS]
    bodies = [body for body, _ in DOCUMENTS]
    bus = await on_the_bus(monitoring, bodies)
    good = await count(monitoring, "ingest_event")
    assert good == wanted.count(ACCEPTED)
    await monitoring.worker.execute("DELETE FROM ingest_event")
    http = [await over_http(monitoring, body) for body in bodies]
    assert [pair for pair in zip(http, wanted, bodies, strict=True) if pair[0] != pair[1]] == []
    assert [pair for pair in zip(bus, wanted, bodies, strict=True) if pair[0] != pair[1]] == []
    assert await count(monitoring, "ingest_event") == good
    assert (await monitoring.get("/v1/pushed-records?limit=200", **ANALYST)).status_code == 200
