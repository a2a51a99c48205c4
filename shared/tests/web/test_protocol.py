"""Slow, endless and absent clients, over real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import FastAPI

from aksu_shared.serving.protocol import Deadlines
from aksu_shared.serving.server import serving

SHORT = Deadlines(header=0.3, body=0.3, body_bytes=10, write=0.3, max_header_bytes=4096, discard=200_000)
WITHIN = 20.0
"""Seconds a test waits for what should come after some tenths of one."""


@asynccontextmanager
async def connection(url: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    address = urlsplit(url)
    assert address.port
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def everything(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(WITHIN):
        return await reader.read()


async def one_answer(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    async with asyncio.timeout(WITHIN):
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(
            next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")).split()[1]
        )
        return head, await reader.readexactly(length)


def problem(answer: bytes) -> tuple[int, dict[str, Any]]:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head
    return int(head.split()[1]), json.loads(body)


@pytest.fixture
async def url(app: FastAPI) -> AsyncIterator[str]:
    async with serving(app, deadlines=SHORT, keep_alive=0.3) as address:
        yield address


async def test_a_silent_connection_is_closed(url: str) -> None:
    async with connection(url) as (reader, _):
        assert await everything(reader) == b""


async def test_half_a_header_is_answered_408_and_closed(url: str) -> None:
    async with connection(url) as (reader, writer):
        writer.write(b"GET /v1/things HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        status, body = problem(await everything(reader))
        assert (status, body["code"]) == (408, "request_timeout")


async def test_a_header_fed_drop_by_drop_meets_the_same_deadline(url: str) -> None:
    async with connection(url) as (reader, writer):
        feeding = asyncio.create_task(drip(writer, b"GET /v1/things HTTP/1.1\r\n" + b"x" * 2000))
        await refused_as_late(reader)
        feeding.cancel()


async def refused_as_late(reader: asyncio.StreamReader) -> None:
    """What a client reads that is still sending: the answer, or only that the connection was closed on it."""
    try:
        answer = await everything(reader)
    except ConnectionResetError:
        return
    assert problem(answer)[0] == 408


async def drip(writer: asyncio.StreamWriter, data: bytes) -> None:
    for byte in data:
        writer.write(bytes([byte]))
        await asyncio.sleep(0.02)


async def test_empty_lines_before_a_request_do_not_hold_a_connection(url: str) -> None:
    async with connection(url) as (reader, writer):
        writer.write(b"GET /v1/things HTTP/1.1\r\nHost: x\r\n\r\n")
        await one_answer(reader)
        feeding = asyncio.create_task(drip(writer, b"\r\n" * 500))
        await refused_as_late(reader)
        feeding.cancel()


async def test_a_body_that_stops_is_answered_408_and_closed(url: str) -> None:
    async with connection(url) as (reader, writer):
        writer.write(b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n")
        writer.write(b"Content-Type: application/cloudevents+json\r\n\r\nabc")
        assert problem(await everything(reader))[0] == 408


async def test_a_body_that_moves_is_waited_for(url: str) -> None:
    async with connection(url) as (reader, writer):
        writer.write(b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n")
        writer.write(b"Content-Type: application/cloudevents+json\r\n\r\n")
        for _ in range(5):
            writer.write(b"x" * 20)
            await asyncio.sleep(0.15)
        assert (await one_answer(reader))[1] == b"100"


async def test_an_idle_connection_is_closed_after_its_last_answer(url: str) -> None:
    async with connection(url) as (reader, writer):
        writer.write(b"GET /v1/things HTTP/1.1\r\nHost: x\r\n\r\n")
        head, _ = await one_answer(reader)
        assert head.startswith(b"HTTP/1.1 200")
        assert await everything(reader) == b""


@pytest.mark.parametrize(
    "header",
    [b"X-Long: " + b"x" * 100_000, b"X-Many: y\r\n" * 1000, b"X-Endless: " + b"x" * 5000],
    ids=["long", "many", "endless"],
)
async def test_too_many_header_bytes_are_answered_431(url: str, header: bytes) -> None:
    async with connection(url) as (reader, writer):
        writer.write(b"GET /v1/things HTTP/1.1\r\nHost: x\r\n" + header + b"\r\n\r\n")
        assert problem(await everything(reader))[0] == 431


async def test_what_is_not_http_is_answered_with_a_problem(url: str) -> None:
    async with connection(url) as (reader, writer):
        writer.write(b"\x16\x03\x01\x02\x00 hello\r\n\r\n")
        assert problem(await everything(reader))[0] == 400


async def test_requests_in_one_read_are_answered_in_order(url: str) -> None:
    async with connection(url) as (reader, writer):
        writer.write(b"".join(b"GET /v1/things/%d HTTP/1.1\r\nHost: x\r\n\r\n" % number for number in range(5)))
        for number in range(5):
            assert json.loads((await one_answer(reader))[1])["name"].startswith(f"{number} ")


async def test_a_client_still_sending_too_much_gets_to_read_why(url: str) -> None:
    async with connection(url) as (reader, writer):
        writer.write(b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 150000\r\n")
        writer.write(b"Content-Type: application/cloudevents+json\r\n\r\n")
        writer.write(b"x" * 150_000)
        head, body = await one_answer(reader)
        assert (head[:12], json.loads(body)["limit"]) == (b"HTTP/1.1 413", 100)
        writer.write(b"GET /v1/things HTTP/1.1\r\nHost: x\r\n\r\n")  # the rest was read and thrown away
        assert (await one_answer(reader))[0].startswith(b"HTTP/1.1 200")


async def test_a_client_that_never_stops_sending_is_cut_off(url: str) -> None:
    async with connection(url) as (_, writer):
        writer.write(b"POST /v1/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n")
        writer.write(b"Content-Type: application/cloudevents+json\r\n\r\n")
        with pytest.raises(ConnectionError):
            await asyncio.wait_for(flood(writer), WITHIN)


async def flood(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"1000\r\n" + b"x" * 4096 + b"\r\n")
        await writer.drain()
        await asyncio.sleep(0)


async def test_a_declared_length_is_refused_before_the_client_is_told_to_continue(url: str) -> None:
    async with connection(url) as (reader, writer):
        writer.write(b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\nExpect: 100-continue\r\n")
        writer.write(b"Content-Type: application/cloudevents+json\r\n\r\n")
        assert (await one_answer(reader))[0].startswith(b"HTTP/1.1 413")


async def test_a_client_that_does_not_read_is_cut_off(url: str) -> None:
    async with connection(url) as (reader, writer):
        writer.write(b"GET /v1/large HTTP/1.1\r\nHost: x\r\n\r\n")
        reader._transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.sleep(1.0)  # longer than the write deadline
        reader._transport.resume_reading()  # type: ignore[attr-defined]
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await one_answer(reader)


async def test_an_answer_that_breaks_off_is_seen_to_be_incomplete(url: str) -> None:
    async with httpx.AsyncClient(base_url=url) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get("/v1/exported")


async def test_no_server_header_tells_what_runs_here(url: str) -> None:
    async with httpx.AsyncClient(base_url=url) as client:
        assert "server" not in (await client.get("/v1/things")).headers


async def test_forwarded_addresses_count_only_from_configured_proxies(make_app: Callable[..., FastAPI]) -> None:
    seen: list[Any] = []

    async def spy(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            seen.append(scope["client"][0])
        await app(scope, receive, send)

    app = make_app()
    for proxies in ((), ("127.0.0.1",), ("10.0.0.0/8",)):
        async with serving(spy, trusted_proxies=proxies) as url, httpx.AsyncClient(base_url=url) as client:
            await client.get("/v1/things", headers={"X-Forwarded-For": "203.0.113.9"})
    assert seen == ["127.0.0.1", "203.0.113.9", "127.0.0.1"]


async def test_who_sends_a_body_slowly_holds_no_slot(make_app: Callable[..., FastAPI]) -> None:
    app = make_app(max_concurrent_requests=1)
    async with serving(app) as url, connection(url) as (reader, writer), httpx.AsyncClient(base_url=url) as client:
        writer.write(
            b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/cloudevents+json\r\n"
            b"Content-Length: 4\r\n\r\nab"
        )
        for _ in range(5):
            assert (await client.get("/v1/things")).status_code == 200
        writer.write(b"cd")
        head, body = await one_answer(reader)
        assert (head[9:12], body) == (b"200", b"4")


async def test_a_body_complete_when_all_slots_are_taken_is_refused_with_503(
    make_app: Callable[..., FastAPI], gate: Any
) -> None:
    app = make_app(max_concurrent_requests=1)
    async with serving(app) as url, connection(url) as (reader, writer), httpx.AsyncClient(base_url=url) as client:
        writer.write(
            b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/cloudevents+json\r\n"
            b"Content-Length: 4\r\n\r\nab"
        )
        held = asyncio.ensure_future(client.get("/v1/held"))
        async with asyncio.timeout(WITHIN):
            await gate.entered.wait()
        writer.write(b"cd")
        head, _ = await one_answer(reader)
        gate.open.set()
        assert head[9:12] == b"503"
        assert b"retry-after: 1" in head.lower()
        assert (await held).status_code == 200


UPGRADES = {
    "java": b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB\r\n",
    "curl": b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n",
    "websocket": b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
}
PUSH = b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/cloudevents+json\r\n"
HIDDEN = b"GET /v1/things/7 HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"GET /v1/things/5 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
upgrades = pytest.mark.parametrize("upgrade", UPGRADES.values(), ids=UPGRADES)


def answers(stream: bytes) -> list[bytes]:
    """The bodies of the answers, each of status 200."""
    found = []
    while stream:
        head, _, rest = stream.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        assert b"upgrade" not in head.lower()
        length = int(
            next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")).split()[1]
        )
        found.append(rest[:length])
        stream = rest[length:]
    return found


@upgrades
@pytest.mark.parametrize("pause", [0, 0.3])
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
async def test_a_body_behind_an_offer_to_upgrade_is_its_requests_and_no_request_of_its_own(
    app: FastAPI, upgrade: bytes, pause: float, *, chunked: bool
) -> None:
    framing = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % len(HIDDEN)
    body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(HIDDEN), HIDDEN) if chunked else HIDDEN
    async with serving(app) as url, connection(url) as (reader, writer):
        writer.write(PUSH + upgrade + framing + b"\r\n\r\n")
        if pause:
            await writer.drain()
            await asyncio.sleep(pause)
        writer.write(body + LAST)  # one more behind it, on the connection that is kept
        first, last = answers(await everything(reader))
        assert (first, json.loads(last)["name"][:2]) == (b"%d" % len(HIDDEN), "5 ")


@upgrades
async def test_an_offer_without_a_body_is_answered_too(url: str, upgrade: bytes) -> None:
    async with connection(url) as (reader, writer):
        for number in range(3):
            writer.write(b"GET /v1/things/%d HTTP/1.1\r\nHost: x\r\n%b\r\n" % (number, upgrade))
            head, body = await one_answer(reader)
            assert (head[:12], json.loads(body)["name"][:2]) == (b"HTTP/1.1 200", f"{number} ")


@upgrades
async def test_an_offer_lifts_no_bound(url: str, upgrade: bytes) -> None:
    async with connection(url) as (reader, writer):
        writer.write(PUSH + upgrade + b"Content-Length: 50\r\n\r\nabc")
        assert problem(await everything(reader))[0] == 408
    async with connection(url) as (reader, writer):
        writer.write(PUSH + upgrade + b"X-Long: " + b"x" * 5000 + b"\r\nContent-Length: 5\r\n\r\nhello")
        assert problem(await everything(reader))[0] == 431


async def test_nobody_gets_through_to_elsewhere(url: str) -> None:
    async with connection(url) as (reader, writer):
        writer.write(b"CONNECT database:5432 HTTP/1.1\r\nHost: database:5432\r\n\r\n" + HIDDEN)
        status, body = problem(await everything(reader))
        assert (status, body["code"]) == (501, "method_not_implemented")


async def test_http_2_without_asking_is_no_http(url: str) -> None:
    async with connection(url) as (reader, writer):
        writer.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        assert problem(await everything(reader))[0] == 400


CHUNKS = PUSH + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n"


@pytest.mark.parametrize(
    ("begun", "endless"),
    [(b"0\r\n", b"X: y\r\n" * 250), (b"0\r\nX: ", b"y" * 1500), (b"1;", b"y" * 1500)],
    ids=["trailers", "a trailer", "an extension"],
)
async def test_what_comes_behind_a_body_is_bounded_like_headers(url: str, begun: bytes, endless: bytes) -> None:
    async with connection(url) as (reader, writer):
        writer.write(CHUNKS + begun)
        answer = asyncio.create_task(everything(reader))
        while not answer.done():
            writer.write(endless)
            await asyncio.wait([answer], timeout=0.02)  # the server reads meanwhile
        assert problem(answer.result())[0] == 431


async def test_a_trailer_is_no_header(url: str) -> None:
    async with connection(url) as (reader, writer):
        writer.write(CHUNKS + b"0\r\nAuthorization: Bearer none\r\n\r\n" + LAST)
        assert len(answers(await everything(reader))) == 2


async def test_half_a_request_behind_one_at_work_is_refused_after_it(app: FastAPI, gate: Any) -> None:
    async with serving(app, deadlines=SHORT) as url, connection(url) as (reader, writer):
        writer.write(b"GET /v1/held HTTP/1.1\r\nHost: x\r\n\r\n" + b"GET /v1/things HTTP/1.1\r\nHost: ")
        await asyncio.sleep(0.5)  # longer than the header deadline
        gate.open.set()
        held, refused = (await everything(reader)).split(b"HTTP/1.1 ")[1:]
        assert (held[:3], refused[:3]) == (b"200", b"408")


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /v1/things HTTP/1.1\r\n\r\n", 400),
        (b"GET /v1/things HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", 400),
        (b"GET /v1/things\r\n\r\n", 400),
        (b"GET /v1/things HTTP/2.0\r\nHost: x\r\n\r\n", 400),
        (b"GET /v1/things HTTP/1.1\r\nHost: x\r\nExpect: tea\r\n\r\n", 417),
    ],
    ids=range(5),
)
async def test_a_head_of_no_certain_meaning_is_refused_with_a_problem(url: str, head: bytes, status: int) -> None:
    async with connection(url) as (reader, writer):
        writer.write(head)
        assert problem(await everything(reader))[0] == status
