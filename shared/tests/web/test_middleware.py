"""The edge: every answer correlated, bounded, safe to show, logged and counted."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from aksu_shared.serving.health import Health


@asynccontextmanager
async def client_of(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client


@pytest.mark.parametrize(
    "given",
    [
        "0123456789abcdef",
        "0af7651916cd43dd8448eb211c80319c",
        "019a0000-0000-7000-8000-00000000000f",
        "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    ],
)
async def test_a_correlation_id_that_is_one_comes_back(client: httpx.AsyncClient, given: str) -> None:
    answer = await client.get("/v1/things/404", headers={"X-Correlation-Id": given})
    assert answer.headers["x-correlation-id"] == given
    assert answer.json()["instance"] == f"urn:aksu:request:{given}"


@pytest.mark.parametrize(
    "given",
    ["", "a b", "a" * 65, "a\tb", "<script>", "я", "Ivan.Petrov", "case-17", "8001010008", "80010100080888123456"],
)
async def test_a_bad_correlation_id_is_replaced(client: httpx.AsyncClient, given: str) -> None:
    answer = await client.get("/v1/things", headers={b"X-Correlation-Id": given.encode()})
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-correlation-id"])


async def test_every_answer_carries_the_security_headers(client: httpx.AsyncClient) -> None:
    for path in ("/v1/things", "/v1/things/404", "/nowhere", "/v1/failures/bug", "/healthz"):
        headers = (await client.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["referrer-policy"] == "no-referrer"


async def test_a_request_is_logged_as_one_sentence_with_fields(client: httpx.AsyncClient) -> None:
    with capture_logs() as logs:
        await client.get("/v1/things/404?language=en", headers={"X-Correlation-Id": "c0ffee0000000001"})
    (line,) = [line for line in logs if line["event"] == "Request answered"]
    assert {key: line[key] for key in ("method", "path", "route", "status", "log_level")} == {
        "method": "GET",
        "path": "/v1/things/404",
        "route": "/v1/things/{number}",
        "status": 404,
        "log_level": "info",
    }
    assert "language" not in str(line)  # a query may hold what somebody searched for


async def test_probes_are_not_logged(client: httpx.AsyncClient) -> None:
    with capture_logs() as logs:
        await client.get("/healthz")
    assert logs == []


async def test_requests_are_counted_by_template_and_status(client: httpx.AsyncClient) -> None:
    labels = {"method": "GET", "route": "/v1/things/{number}", "status": "404"}
    before = REGISTRY.get_sample_value("http_requests_total", labels) or 0
    await client.get("/v1/things/404")
    assert REGISTRY.get_sample_value("http_requests_total", labels) == before + 1
    text = (await client.get("/metrics")).text
    assert 'http_request_seconds_bucket{le="0.005",method="GET",route="/v1/things/{number}"}' in text


async def test_unknown_paths_and_methods_make_no_series_of_their_own(client: httpx.AsyncClient) -> None:
    await client.request("FROB", "/nowhere/at/all")
    text = (await client.get("/metrics")).text
    assert 'method="OTHER",route="unmatched",status="404"' in text
    assert "FROB" not in text
    assert "/nowhere" not in text


async def test_a_bug_shows_nothing_of_itself_and_is_logged_with_its_trace(client: httpx.AsyncClient) -> None:
    with capture_logs() as logs:
        answer = await client.get("/v1/failures/bug", headers={"Accept-Language": "en"})
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "ValueError" not in answer.text
    assert answer.json()["title"] == "Internal error. Give the operator the correlation id."
    (line,) = [line for line in logs if line["event"] == "Request failed unexpectedly"]
    assert isinstance(line["exc_info"], ValueError)


@pytest.mark.parametrize(("kind", "retry_after"), [("unavailable", "7"), ("timeout", "1"), ("refused", "1")])
async def test_what_is_away_is_503_with_retry_after(client: httpx.AsyncClient, kind: str, retry_after: str) -> None:
    answer = await client.get(f"/v1/failures/{kind}")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, retry_after)
    assert "10.0.0.1" not in answer.text


async def test_an_exception_that_carries_an_answer_is_answered_with_it(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/failures/replay")
    assert (answer.status_code, answer.text, answer.headers["aksu-position"]) == (201, "first answer", "x:1")


async def test_above_the_limit_a_request_is_refused_at_once_and_probes_are_not(
    make_app: Callable[..., FastAPI], gate: Any
) -> None:
    async with client_of(make_app(max_concurrent_requests=1)) as client:
        held = asyncio.create_task(client.get("/v1/held"))
        await asyncio.wait_for(gate.entered.wait(), 5)
        loop = asyncio.get_running_loop()
        started = loop.time()
        refused = await client.get("/v1/things")
        assert loop.time() - started < 0.1
        assert (refused.status_code, refused.headers["retry-after"], refused.json()["code"]) == (
            503,
            "1",
            "unavailable",
        )
        assert (await client.get("/healthz")).status_code == 200
        gate.open.set()
        assert (await held).text == "held"
        assert (await client.get("/v1/things")).status_code == 200


async def test_a_request_that_waits_takes_no_slot(make_app: Callable[..., FastAPI], gate: Any) -> None:
    async with client_of(make_app(max_concurrent_requests=1)) as client:
        polled = asyncio.create_task(client.get("/v1/polled"))
        await asyncio.wait_for(gate.entered.wait(), 5)
        assert (await client.get("/v1/things")).status_code == 200
        gate.open.set()
        assert (await polled).text == "polled"


async def test_a_request_is_given_up_at_the_deadline(make_app: Callable[..., FastAPI]) -> None:
    async with client_of(make_app(request_deadline_seconds=0.05)) as client:
        answer = await client.get("/v1/held")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert (await client.get("/v1/things")).status_code == 200


async def test_a_route_may_have_a_deadline_of_its_own(make_app: Callable[..., FastAPI], gate: Any) -> None:
    async with client_of(make_app(request_deadline_seconds=0.05)) as client:
        polled = asyncio.create_task(client.get("/v1/polled"))
        assert (await client.get("/v1/held")).status_code == 503  # its deadline is past the polled one's default
        gate.open.set()
        assert (await polled).text == "polled"


async def test_methods_and_paths_that_do_not_exist_are_problems(client: httpx.AsyncClient) -> None:
    missing = await client.get("/v1/nothing", headers={"Accept-Language": "en-GB,bg;q=0.5"})
    assert (missing.status_code, missing.json()["title"]) == (404, "There is no such object.")
    assert missing.headers["content-language"] == "en"
    wrong = await client.delete("/v1/things/5")
    assert (wrong.status_code, wrong.headers["allow"], wrong.json()["code"]) == (405, "GET, HEAD", "method_not_allowed")
    assert wrong.json()["title"] == "Методът не се поддържа. Позволени: GET, HEAD."
    assert (await client.delete("/v1/things")).headers["allow"] == "GET, HEAD, POST"
    assert (await client.post("/docs")).headers["allow"] == "GET, HEAD"


async def test_a_rule_names_its_code_and_legal_basis(client: httpx.AsyncClient, officer: dict[str, str]) -> None:
    answer = await client.post("/v1/things", json={"name": "taken"}, headers=officer)
    assert answer.status_code == 409
    assert (
        answer.json().items()
        >= {
            "code": "name_taken",
            "type": "urn:aksu:problem:name_taken",
            "title": "Името „taken“ е заето.",
            "legal_basis": "чл. 1",
            "name": "taken",
        }.items()
    )


async def test_readiness_fails_while_draining_and_liveness_does_not(client: httpx.AsyncClient, health: Health) -> None:
    assert (await client.get("/readyz")).status_code == 200
    health.draining = True
    assert (await client.get("/readyz")).status_code == 503
    assert (await client.get("/healthz")).status_code == 200


async def test_browsers_of_configured_origins_may_call_and_others_not(make_app: Callable[..., FastAPI]) -> None:
    preflight = {"Origin": "https://a.bg", "Access-Control-Request-Method": "POST"}
    async with client_of(make_app(cors_origins=("https://a.bg",))) as client:
        assert (await client.options("/v1/things", headers=preflight)).headers[
            "access-control-allow-origin"
        ] == "https://a.bg"
        failed = await client.get("/v1/failures/bug", headers={"Origin": "https://a.bg"})
        assert failed.headers["access-control-allow-origin"] == "https://a.bg"
        assert (
            "access-control-allow-origin"
            not in (await client.get("/v1/things", headers={"Origin": "https://b.bg"})).headers
        )
    async with client_of(make_app()) as client:
        assert "access-control-allow-origin" not in (await client.options("/v1/things", headers=preflight)).headers


@pytest.mark.parametrize(
    ("environment", "origin", "admitted"),
    [
        ("local", "http://localhost:5173", True),
        ("local", "http://127.0.0.1:3000", True),
        ("local", "http://localhost.evil.bg", False),
        ("local", "http://localhost:5173.evil.bg", False),
        ("local", "https://a.bg", False),
        ("test", "http://localhost:5173", False),
    ],
)
async def test_the_local_platform_serves_browser_applications_of_the_same_machine(
    make_app: Callable[..., FastAPI], environment: str, origin: str, *, admitted: bool
) -> None:
    asked = "authorization,content-disposition,content-type,idempotency-key"
    preflight = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": asked,
    }
    async with client_of(make_app(environment=environment)) as client:
        answer = await client.options("/v1/things", headers=preflight)
        assert (answer.headers.get("access-control-allow-origin") == origin) is admitted
        if admitted:
            assert answer.status_code == 200
            exposed = (await client.get("/v1/things", headers={"Origin": origin})).headers[
                "access-control-expose-headers"
            ]
            assert {"ETag", "Content-Disposition", "Idempotency-Replayed"} <= {*exposed.split(", ")}
