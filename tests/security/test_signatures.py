"""Messages of pushing systems: forged, replayed, stale, altered, signed by others."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from monitoring_builders import SUBJECT, count, finding, started
from standardwebhooks.webhooks import Webhook

from aksu_local.served import Serve, Served
from aksu_monitoring.ingest.sources.signatures import TOLERANCE, Key, SignatureFault, new_key, sign, verify
from aksu_monitoring.ingest.sources.store import SourceStore
from aksu_shared.privacy.keys import DEVELOPMENT

STRUCTURED = "application/cloudevents+json"
Sender = Callable[..., Awaitable[httpx.Response]]


def content(event: object) -> bytes:
    return json.dumps(event, ensure_ascii=False).encode()


def signed(secret: str, body: bytes, *, at: float | None = None, message_id: str = "msg_1") -> dict[str, str]:
    return sign(secret, body, message_id=message_id, timestamp=int(time.time() if at is None else at))


@pytest.fixture
async def monitoring(serve: Serve) -> Served:
    return await serve("monitoring")


async def send(
    monitoring: Served, body: bytes, headers: Mapping[str, str], *, subject: str = SUBJECT, media: str = STRUCTURED
) -> httpx.Response:
    token = monitoring.headers("integration", None, subject=subject)
    return await monitoring.client.post(
        "/v1/inspection-events", content=body, headers={"Content-Type": media, **token, **headers}
    )


async def added(monitoring: Served, version: Any = "v1a", *, name: str = SUBJECT) -> str:
    key, secret = new_key(version)
    assert await SourceStore(monitoring.worker, DEVELOPMENT).add(name, key)
    monitoring.app.state.senders._read_at = float("-inf")
    return secret


def fault_of(answer: httpx.Response) -> tuple[int, str, str | None]:
    problem = answer.json()
    return answer.status_code, problem["code"], problem.get("fault")


@pytest.mark.parametrize("version", ["v1", "v1a"])
async def test_what_its_source_signed_is_taken_and_a_replay_has_no_second_effect(
    monitoring: Served, version: str
) -> None:
    secret = await added(monitoring, version)
    body = content(started())
    headers = signed(secret, body)
    first = await send(monitoring, body, headers)
    assert (first.status_code, first.json()["accepted"]) == (202, 1), first.text
    replayed = await send(monitoring, body, headers)
    assert (replayed.status_code, replayed.json()["duplicate"]) == (202, 1)
    assert await count(monitoring, "ingest_event") == 1


async def test_the_reference_library_of_standard_webhooks_signs_what_is_taken(monitoring: Served) -> None:
    secret = await added(monitoring, "v1")
    body = content(started())
    now = datetime.now(UTC)
    headers = {
        "webhook-id": "msg_2",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg_2", now, body.decode()),
    }
    assert (await send(monitoring, body, headers)).status_code == 202


def _without_signature(headers: dict[str, str], _body: bytes) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name != "webhook-signature"}


def _other(name: str, value: str) -> Callable[[dict[str, str], bytes], dict[str, str]]:
    return lambda headers, _body: headers | {name: value}


FORGERIES: list[tuple[str, Callable[[dict[str, str], bytes], dict[str, str]], str]] = [
    ("no headers", lambda _headers, _body: {}, "missing"),
    ("no signature", _without_signature, "missing"),
    ("another id", _other("webhook-id", "msg_9"), "wrong"),
    ("another time", lambda h, _: h | {"webhook-timestamp": str(int(h["webhook-timestamp"]) + 1)}, "wrong"),
    ("a time that is none", _other("webhook-timestamp", "1e9"), "unreadable"),
    ("a negative time", _other("webhook-timestamp", "-1"), "unreadable"),
    ("an id with spaces", _other("webhook-id", "a b"), "unreadable"),
    ("no base64", _other("webhook-signature", "v1a,####"), "unreadable"),
    ("an unknown version", _other("webhook-signature", "v9,AAAA"), "wrong"),
    ("an empty signature", _other("webhook-signature", "v1a,"), "wrong"),
    ("no comma", _other("webhook-signature", "v1a"), "wrong"),
    ("too many", _other("webhook-signature", " ".join(["v1a,AAAA"] * 9)), "unreadable"),
    ("the id swallowing the time", lambda h, _: h | {"webhook-id": f"{h['webhook-id']}.{h['webhook-timestamp']}"},
     "wrong"),
]  # fmt: skip


@pytest.mark.parametrize("version", ["v1", "v1a"])
async def test_a_forged_signature_is_refused_and_stores_nothing(monitoring: Served, version: str) -> None:
    secret = await added(monitoring, version)
    body = content(started())
    for name, forge, fault in FORGERIES:
        answer = await send(monitoring, body, forge(signed(secret, body), body))
        assert fault_of(answer) == (401, "signature_refused", fault), name
    assert await count(monitoring, "ingest_event") == 0


async def test_one_altered_byte_breaks_it(monitoring: Served) -> None:
    secret = await added(monitoring)
    body = content(started())
    headers = signed(secret, body)
    for place in range(0, len(body), 37):
        altered = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
        assert fault_of(await send(monitoring, altered, headers)) == (401, "signature_refused", "wrong")


@pytest.mark.parametrize(("seconds", "good"), [(-TOLERANCE + 5, True), (-TOLERANCE - 5, False), (TOLERANCE + 5, False)])
async def test_five_minutes_either_way_are_tolerated(monitoring: Served, seconds: int, *, good: bool) -> None:
    secret = await added(monitoring)
    body = content(started())
    answer = await send(monitoring, body, signed(secret, body, at=time.time() + seconds))
    assert answer.status_code == 202 if good else fault_of(answer) == (401, "signature_refused", "stale")


async def test_another_source_s_key_does_not_open_this_one(monitoring: Served) -> None:
    await added(monitoring)
    other = await added(monitoring, name="other")
    body = content(started())
    answer = await send(monitoring, body, signed(other, body))
    assert fault_of(answer) == (401, "signature_refused", "wrong")


async def test_a_signed_message_cannot_speak_for_another_source(monitoring: Served) -> None:
    other = await added(monitoring, name="other")
    body = content(started())  # its source attribute is SUBJECT's
    answer = await send(monitoring, body, signed(other, body), subject="other")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "foreign_source")
    assert await count(monitoring, "ingest_event") == 0


async def test_a_public_key_is_no_shared_secret(monitoring: Served) -> None:
    key, _ = new_key("v1a")
    assert await SourceStore(monitoring.worker, DEVELOPMENT).add(SUBJECT, key)
    body, now = content(started()), str(int(time.time()))
    digest = hmac.digest(key.material, f"m.{now}.".encode() + body, hashlib.sha256)
    headers = {"webhook-id": "m", "webhook-timestamp": now}
    for version in ("v1", "v1a"):
        forged = headers | {"webhook-signature": f"{version},{base64.b64encode(digest).decode()}"}
        assert fault_of(await send(monitoring, body, forged)) == (401, "signature_refused", "wrong")


async def test_binary_mode_is_refused_of_who_signs_because_attributes_in_headers_are_not_signed(
    monitoring: Served,
) -> None:
    secret = await added(monitoring)
    event = started()
    body = content(event["data"])
    attributes = {f"ce-{name}": str(value) for name, value in event.items() if name != "data"}
    answer = await send(monitoring, body, signed(secret, body) | attributes, media="application/json")
    assert fault_of(answer) == (401, "signature_refused", "attributes_unsigned")


async def test_while_keys_rotate_both_hold_and_after_the_overlap_only_the_new_one(monitoring: Served) -> None:
    store, senders = SourceStore(monitoring.worker, DEVELOPMENT), monitoring.app.state.senders
    old = await added(monitoring)
    key, new = new_key("v1")
    assert await store.rotate(SUBJECT, key, overlap=timedelta(hours=1))
    senders._read_at = float("-inf")
    for number, secret in enumerate((old, new)):
        body = content(finding(number + 2))
        assert (await send(monitoring, body, signed(secret, body))).status_code == 202
    body = content(finding(9))
    both = signed(old, body)
    both["webhook-signature"] += " " + signed(new, body)["webhook-signature"].replace("v1,", "v2,")
    assert (await send(monitoring, body, both)).status_code == 202
    last, newest = new_key("v1a")
    assert await store.rotate(SUBJECT, last, overlap=timedelta(0))
    senders._read_at = float("-inf")
    verdicts = [(await send(monitoring, body, signed(secret, body))).status_code for secret in (old, new, newest)]
    assert verdicts == [401, 401, 202]


async def test_a_disabled_source_is_refused_within_a_second_though_it_signs(monitoring: Served) -> None:
    secret = await added(monitoring)
    body = content(started())
    assert (await send(monitoring, body, signed(secret, body))).status_code == 202
    assert await SourceStore(monitoring.worker, DEVELOPMENT).disable(SUBJECT)
    deadline = time.monotonic() + 2
    while (answer := await send(monitoring, body, signed(secret, body))).status_code == 202:
        assert time.monotonic() < deadline
    assert fault_of(answer)[:2] == (403, "source_disabled")
    assert not await SourceStore(monitoring.worker, DEVELOPMENT).rotate(
        SUBJECT, new_key("v1a")[0], overlap=timedelta(0)
    )


async def test_who_was_not_added_may_not_push_where_that_is_required(serve: Serve) -> None:
    monitoring = await serve("monitoring", unregistered_sources=False)
    answer = await send(monitoring, content(started()), {})
    assert fault_of(answer)[:2] == (403, "source_unknown")
    assert await count(monitoring, "ingest_event") == 0


async def test_the_runtime_role_cannot_add_a_key(monitoring: Served) -> None:
    pool = monitoring.app.state.api.pool
    for attack in (
        "INSERT INTO push_source (name) VALUES ('x')",
        "DELETE FROM push_key",
        "UPDATE push_key SET id = id",
    ):
        with pytest.raises(Exception, match="permission denied"):
            await pool.execute(attack)


@pytest.mark.parametrize("text", ["whsec_AAAA", "whpk_AAAA", "whsk_" + "A" * 44, "", "whsec_é", "whpk_" + "A" * 44])
def test_a_key_of_another_form_is_no_key(text: str) -> None:
    with pytest.raises(ValueError, match="key"):
        Key.parse(text)


def test_verifying_without_a_key_never_succeeds() -> None:
    _, secret = new_key("v1a")
    with pytest.raises(SignatureFault):
        verify(signed(secret, b"x"), b"x", keys=(), now=time.time())
