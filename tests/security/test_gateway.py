"""The gateway: what it keeps out, what it lets through unchanged, and that its figures are those of the services."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from gateway import SERVICES, TEMPLATE, Gateway, gateway
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from aksu_local.contracts import application_of
from aksu_shared.serving.protocol import DEFAULT
from aksu_shared.serving.server import KEEP_ALIVE_SECONDS, serving
from aksu_shared.web.middleware import DEFAULT_DEADLINE
from aksu_shared.web.routing import StrictRoute

CONFIGURATION = TEMPLATE.read_text(encoding="utf-8")
SIZES = {"k": 1024, "m": 1024 * 1024}


async def _echo(request: Request) -> Response:
    body = await request.body()
    return JSONResponse({"headers": dict(request.headers), "path": request.url.path, "bytes": len(body)})


async def _refused(_: Request) -> Response:
    return JSONResponse({"code": "service_exists"}, 409, media_type="application/problem+json")


@pytest_asyncio.fixture
async def upstream() -> AsyncIterator[str]:
    app = Starlette(
        routes=[
            Route("/v1/refused", _refused),
            Route("/{path:path}", _echo, methods=["GET", "POST"]),
        ]
    )
    async with serving(app) as url:
        yield url.removeprefix("http://")


@pytest_asyncio.fixture
async def door(tmp_path: Path, upstream: str) -> AsyncIterator[Gateway]:
    async with gateway(tmp_path, {"registry": upstream, "monitoring": upstream}) as found:
        yield found


def problem(answer: httpx.Response) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["status"] == answer.status_code
    assert document["type"] == f"urn:aksu:problem:{document['code']}"
    assert document["instance"] == f"urn:aksu:request:{answer.headers['x-correlation-id']}"
    return document


async def test_who_calls_is_told_by_the_gateway_and_not_by_the_caller(door: Gateway) -> None:
    forged = {"X-Forwarded-For": "192.0.2.1", "Forwarded": "for=192.0.2.1", "X-Forwarded-Proto": "http"}
    async with door.client("registry") as client:
        seen = (await client.get("/v1/services", headers=forged)).json()["headers"]
    assert (seen["x-forwarded-for"], seen["x-forwarded-proto"]) == ("127.0.0.1", "https")
    assert seen["host"] == "registry.aksu.test"
    assert "forwarded" not in seen


async def test_a_services_own_answer_and_an_encoded_path_pass_as_they_are(door: Gateway) -> None:
    async with door.client("registry") as client:
        assert (await client.get("/v1/refused")).json() == {"code": "service_exists"}
        assert (await client.get("/v1/a%2Fb//c")).json()["path"] == "/v1/a/b//c"


async def test_a_host_that_is_not_ours_gets_no_certificate(door: Gateway) -> None:
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await door.connect("other")


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/readyz"])
async def test_what_is_for_operators_is_not_there(door: Gateway, path: str) -> None:
    async with door.client("registry") as client:
        answer = await client.get(path, headers={"Accept-Language": "en"})
    assert (answer.status_code, problem(answer)["title"]) == (404, "There is no such object.")


async def test_a_body_is_bounded_by_its_route(door: Gateway) -> None:
    body = b"x" * (2 * SIZES["m"])
    async with door.client("monitoring") as client:
        too_large = await client.post("/v1/signals", content=body)
        taken = await client.post("/v1/inspection-events", content=body)
    assert (too_large.status_code, problem(too_large)["code"]) == (413, "too_large")
    assert taken.json()["bytes"] == len(body)


async def test_headers_that_are_too_long_are_a_problem_too(door: Gateway) -> None:
    async with door.client("registry") as client:
        answer = await client.get("/v1/services", headers={"X-Long": "x" * 40_000})
    assert (answer.status_code, problem(answer)["title"]) == (431, "Заглавията са твърде дълги.")


async def test_what_is_not_http_is_a_problem(door: Gateway) -> None:
    reader, writer = await door.connect("registry")
    writer.write(b"GET /v1/services HTTP/1.1\r\nHost: registry.aksu.test\r\nContent-Length: x\r\n\r\n")
    answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"urn:aksu:problem:bad_request" in answer


async def test_a_service_that_is_away_is_503_with_when_to_come_again(door: Gateway) -> None:
    async with door.client("licensing") as client:
        answer = await client.get("/v1/licences")
    assert (answer.status_code, problem(answer)["code"], answer.headers["retry-after"]) == (503, "unavailable", "1")


async def test_an_address_that_asks_too_often_is_429(tmp_path: Path, upstream: str) -> None:
    few = {"AKSU_REQUESTS_PER_SECOND": 1, "AKSU_BURST": 5}
    async with gateway(tmp_path, {"registry": upstream}, **few) as door, door.client("registry") as client:
        answers = [await client.get("/v1/services") for _ in range(8)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert 1 <= len(refused) <= 2
    assert all(problem(answer)["code"] == "too_many_requests" and answer.headers["retry-after"] for answer in refused)


async def test_the_log_holds_neither_path_nor_query(door: Gateway) -> None:
    async with door.client("registry") as client:
        await client.get("/v1/services/Иванка?name=Петканова")
    line = await asyncio.to_thread(door.log.read_text, encoding="utf-8")
    assert '"host":"registry.aksu.test"' in line
    assert not re.search("Иванка|Петканова|%D0", line)


def _figure(name: str, settings: str | None = None) -> int:
    """Seconds or bytes that a location's settings, or else those around it, give a directive."""
    found = re.search(rf"\b{name} +(\d+)([skm]);", settings) if settings else None
    found = found or re.search(rf"^ *{name} +(\d+)([skm]);", CONFIGURATION, re.MULTILINE)
    assert found, name
    return int(found[1]) * SIZES.get(found[2], 1)


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_gets_the_body_and_the_time_it_takes(service: str) -> None:
    locations = re.findall(r"^  location (=|~) (\S+) \{ (.*proxy_pass.*) \}", CONFIGURATION, re.MULTILINE)
    bodies: dict[str, int] = {}
    for route in application_of(service).routes:
        if not isinstance(route, StrictRoute):
            continue
        path = re.sub(r"\{[^}]*\}", "x", route.path)
        settings = next(
            (text for how, at, text in locations if (at == path if how == "=" else re.match(at, path))), None
        )
        bodies[path] = max(route.body_limit, bodies.get(path, 0))
        assert _figure("client_max_body_size", settings) >= route.body_limit, path
        assert _figure("proxy_read_timeout", settings) > (route.seconds or DEFAULT_DEADLINE), path
    for _, at, settings in locations:
        largest = max((limit for path, limit in bodies.items() if re.fullmatch(at.strip("^$"), path)), default=None)
        assert largest in {None, _figure("client_max_body_size", settings)}, at


def test_the_deadlines_are_those_of_the_services() -> None:
    assert _figure("client_header_timeout") == DEFAULT.header
    assert _figure("client_body_timeout") == DEFAULT.body
    assert _figure("send_timeout") == DEFAULT.write
    assert _figure("keepalive_timeout") < KEEP_ALIVE_SECONDS
    assert re.findall(r"keepalive 32; keepalive_timeout (\d+)s", CONFIGURATION) == ["20"] * 4
