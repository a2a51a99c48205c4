"""The HTTP binding of CloudEvents to the letter: what headers say, data as Base64, media types, instants."""

import base64
import json
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from monitoring_builders import SUBJECT, push, started

from aksu_local.served import Serve, Served

PLAIN = "application/json"


@pytest.fixture
async def monitoring(serve: Serve) -> Served:
    return await serve("monitoring")


async def send_binary(monitoring: Served, *headers: tuple[bytes, bytes], media: str = PLAIN) -> httpx.Response:
    """A start in binary mode; `headers` replace those of the same name."""
    event = started()
    replaced = {name for name, _ in headers}
    usual = [(f"ce-{name}".encode(), quote(str(value)).encode()) for name, value in event.items() if name != "data"]
    given = [(name, value) for name, value in usual if name not in replaced]
    token = monitoring.headers("integration", None, subject=SUBJECT)
    own = [(b"Authorization", token["Authorization"].encode()), (b"Content-Type", media.encode())]
    return await monitoring.client.post(
        "/v1/inspection-events", content=json.dumps(event["data"]).encode(), headers=[*own, *given, *headers]
    )


async def subject_of(monitoring: Served) -> str:
    (row,) = await monitoring.worker.fetch("SELECT subject FROM ingest_event")
    return str(row["subject"])


def refusals(answer: httpx.Response) -> set[tuple[str, str]]:
    return {(error["pointer"], error["code"]) for error in answer.json()["errors"]}


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        (b"R-17", "R-17"),
        (b"%D0%9F-17", "П-17"),
        (b'"R/17"', "R/17"),
        (b'"R-\\17"', "R-17"),
        (b'"%D0%9F-17"', "П-17"),
    ],
    ids=["plain", "percent", "quoted", "escaped", "quoted-percent"],
)
async def test_an_attribute_is_read_as_the_binding_says(monitoring: Served, sent: bytes, meant: str) -> None:
    answer = await send_binary(monitoring, (b"ce-subject", sent))
    assert answer.status_code == 202, answer.text
    assert await subject_of(monitoring) == meant


@pytest.mark.parametrize(
    "sent",
    ["Преписка".encode(), "Преписка".encode("cp1251"), b"%CF%F0-7", b"%FF%FE", b"%C0%AF"],
    ids=["raw utf-8", "raw cp1251", "percent cp1251", "no utf-8", "overlong"],
)
async def test_what_could_mean_two_references_is_refused(monitoring: Served, sent: bytes) -> None:
    answer = await send_binary(monitoring, (b"ce-subject", sent))
    assert answer.status_code == 422
    assert ("!ce-subject", "header_not_encoded") in refusals(answer)


@pytest.mark.parametrize("name", ["subject", "id", "type", "specversion", "sequence"])
async def test_of_two_headers_of_a_name_neither_wins(monitoring: Served, name: str) -> None:
    value = quote(str(started()[name])).encode()
    header = f"ce-{name}".encode()
    answer = await send_binary(monitoring, (header, value), (header, value))
    assert answer.status_code == 422
    assert (f"!ce-{name}", "repeated_header") in refusals(answer)


async def test_two_content_types_are_refused(monitoring: Served) -> None:
    answer = await send_binary(monitoring, (b"Content-Type", b"application/json"))
    assert answer.status_code == 422
    assert refusals(answer) == {("!Content-Type", "repeated_header")}


@pytest.mark.parametrize(
    "media",
    ["application/json; charset=windows-1251", "application/cloudevents+json; charset=utf-16", "text/plain"],
)
async def test_a_charset_json_does_not_have_is_refused(monitoring: Served, media: str) -> None:
    answer = await send_binary(monitoring, media=media)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "media", ["application/json; charset=UTF-8", 'application/json;charset="utf-8"', "Application/JSON"]
)
async def test_utf_8_may_be_said(monitoring: Served, media: str) -> None:
    assert (await send_binary(monitoring, media=media)).status_code == 202


async def test_a_compressed_body_is_refused_and_told_how_to_come(monitoring: Served) -> None:
    answer = await send_binary(monitoring, (b"Content-Encoding", b"gzip"))
    assert (answer.status_code, answer.headers["accept-encoding"]) == (415, "identity")
    assert (await send_binary(monitoring, (b"Content-Encoding", b"identity"))).status_code == 202


def as_base64(event: dict[str, Any], data: bytes | None = None) -> dict[str, Any]:
    """The event with its data as bytes, the way SDKs write what they were given as such."""
    told = {name: value for name, value in event.items() if name != "data"}
    return told | {
        "data_base64": base64.b64encode(json.dumps(event["data"]).encode() if data is None else data).decode()
    }


async def test_data_as_base64_are_the_same_data(monitoring: Served) -> None:
    event = started()
    answer = await push(monitoring, [as_base64(event)])
    assert answer.status_code == 202, answer.text
    again = await push(monitoring, [event])
    assert [item["result"] for item in again.json()["items"]] == ["duplicate"]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"data": {}}, "data_twice"),
        ({"data_base64": "???"}, "bad_base64"),
        ({"data_base64": 7}, "bad_base64"),
        ({"data_base64": base64.b64encode(b"{").decode()}, "bad_base64"),
        ({"data_base64": base64.b64encode(b'{"a":1,"a":2}').decode()}, "bad_base64"),
        ({"data_base64": "A" * 100_000}, "event_too_large"),
    ],
    ids=["both", "no base64", "no text", "no json", "no strict json", "too much"],
)
async def test_other_base64_is_refused(monitoring: Served, changed: dict[str, Any], code: str) -> None:
    answer = await push(monitoring, [as_base64(started()) | changed])
    assert answer.status_code == 422
    assert code in {found for _, found in refusals(answer)}


@pytest.mark.parametrize("time", ["2016-12-31T23:59:60Z", "2016-12-31t23:59:60.5+02:00"])
async def test_a_leap_second_is_an_instant(monitoring: Served, time: str) -> None:
    answer = await push(monitoring, [started(attributes={"time": time})])
    assert answer.status_code == 202, answer.text


@pytest.mark.parametrize("time", ["2016-12-31T23:58:60Z", "2016-12-31T23:59:61Z", "2016-12-31T24:59:60Z"])
async def test_a_second_that_never_was_is_none(monitoring: Served, time: str) -> None:
    assert (await push(monitoring, [started(attributes={"time": time})])).status_code == 422


async def test_a_number_may_be_written_with_noughts(monitoring: Served) -> None:
    assert (await push(monitoring, [started(attributes={"sequence": "0000000001"})])).status_code == 202
    answer = await push(monitoring, [started(attributes={"sequence": "1000000"})])
    assert ("/0/sequence", "less_than_equal") in refusals(answer)
