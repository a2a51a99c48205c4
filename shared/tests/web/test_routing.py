"""What a strict route refuses, before and while it reads."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from aksu_shared.auth.dependencies import current_principal
from aksu_shared.auth.principal import Principal
from aksu_shared.web.routing import StrictRoute

BOTH_WAYS = pytest.mark.parametrize("path", ["/v1/things", "/v1/things-the-long-way"])


def route(app: FastAPI, path: str) -> StrictRoute:
    return next(item for item in app.router.routes if isinstance(item, StrictRoute) and item.path == path)


def errors(response: httpx.Response) -> list[tuple[str, str]]:
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    return [(error["pointer"], error["code"]) for error in response.json()["errors"]]


def test_a_plain_read_takes_the_short_way_and_one_with_a_generator_does_not(app: FastAPI) -> None:
    assert route(app, "/v1/things")._short is not None
    assert route(app, "/v1/things/{number}")._short is not None
    assert route(app, "/v1/things-the-long-way")._short is None
    assert route(app, "/v1/uploads")._short is None


@BOTH_WAYS
async def test_both_ways_give_the_same_answer(client: httpx.AsyncClient, path: str, officer: dict[str, str]) -> None:
    answer = await client.get(f"{path}?limit=7&kind=a&kind=b&on=2025-03-31", headers=officer)
    assert answer.text == f"7 a,b 2025-03-31 AKSU {path}"
    assert (await client.get(path)).text == f"50  None None {path}"
    assert (await client.get(path, headers={"Aksu-After": "!5"})).text == f"50  None None {path}!5"


@BOTH_WAYS
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("limt=5", [("?limt", "unknown_parameter")]),
        ("limit=5&limit=6", [("?limit", "repeated_parameter")]),
        ("limit=0", [("?limit", "greater_than_equal")]),
        ("limit=many&on=20250331", [("?limit", "int_parsing"), ("?on", "iso_date")]),
        ("kind=%00", [("?kind", "string_unicode")]),
        ("kind=%ff", [("?kind", "string_unicode")]),
        ("a=1&b=2", [("?a", "unknown_parameter"), ("?b", "unknown_parameter")]),
    ],
)
async def test_query_parameters_are_refused_by_name(
    client: httpx.AsyncClient, path: str, query: str, expected: list[tuple[str, str]]
) -> None:
    assert errors(await client.get(f"{path}?{query}")) == expected


async def test_a_scalar_parameter_is_read_and_has_its_default(client: httpx.AsyncClient) -> None:
    assert (await client.get("/v1/things/5")).json() == {"name": "5 bg None"}
    assert (await client.get("/v1/things/5?language=en")).json() == {"name": "5 en en"}
    assert errors(await client.get("/v1/things/five")) == [("{number}", "int_parsing")]


async def test_a_path_with_nul_does_not_exist(client: httpx.AsyncClient) -> None:
    assert (await client.get("/v1/things/%00")).status_code == 404


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"name":"a","name":"b"}', [("/name", "json.duplicate_key")]),
        (b'{"name":"a","amounts":[{"value":1e400}]}', [("/amounts/0/value", "json.number")]),
        (b'{"name":"a","amounts":[{"value":"1"}]}', [("/amounts/0/value", "int_type")]),
        (b'{"name":"a","amounts":[{"value":true}]}', [("/amounts/0/value", "int_type")]),
        (b'{"name":"a","amounts":[{"value":1,"due":20250331}]}', [("/amounts/0/due", "iso_date")]),
        (b'{"name":"a","extra":1}', [("/extra", "extra_forbidden")]),
        (b"{}", [("/name", "missing")]),
        (b"[]", [("", "model_attributes_type")]),
        (b"{", [("", "json.syntax")]),
        (b"", [("", "missing")]),
    ],
)
async def test_bodies_are_refused_with_a_pointer_each(
    client: httpx.AsyncClient, officer: dict[str, str], body: bytes, expected: list[tuple[str, str]]
) -> None:
    headers = officer | {"Content-Type": "application/json"}
    assert errors(await client.post("/v1/things", content=body, headers=headers)) == expected


@pytest.mark.parametrize(
    "media", ["application/json", "application/json; charset=utf-8", "application/merge-patch+json"]
)
async def test_json_media_types_are_read(client: httpx.AsyncClient, officer: dict[str, str], media: str) -> None:
    answer = await client.post("/v1/things", content=b'{"name":"a"}', headers=officer | {"Content-Type": media})
    assert (answer.status_code, answer.json()) == (201, {"name": "a"})


@pytest.mark.parametrize("media", ["text/plain", "application/xml", ""])
async def test_other_media_types_are_refused_by_415(
    client: httpx.AsyncClient, officer: dict[str, str], media: str
) -> None:
    answer = await client.post("/v1/things", content=b'{"name":"a"}', headers=officer | {"Content-Type": media})
    assert answer.status_code == 415
    assert answer.json()["accepted"] == "application/json"


async def test_a_function_that_reads_for_itself_declares_what_it_accepts(client: httpx.AsyncClient) -> None:
    media = {"Content-Type": "application/cloudevents+json"}
    assert (await client.post("/v1/events", content=b"x" * 100, headers=media)).text == "100"
    assert (await client.post("/v1/events", content=b"x")).status_code == 415


async def chunks(count: int, taken: list[int]) -> Any:
    for number in range(count):
        taken.append(number)
        yield b"x" * 50


async def test_a_declared_length_above_the_routes_limit_is_refused_unread(client: httpx.AsyncClient) -> None:
    taken: list[int] = []
    headers = {"Content-Type": "application/cloudevents+json", "Content-Length": "5000"}
    answer = await client.post("/v1/events", content=chunks(100, taken), headers=headers)
    assert (answer.status_code, answer.json()["limit"]) == (413, 100)


async def test_an_undeclared_body_is_refused_as_soon_as_it_is_too_long(client: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "application/cloudevents+json"}
    assert (await client.post("/v1/events", content=chunks(3, []), headers=headers)).status_code == 413


async def test_the_default_limit_of_a_body_is_one_mebibyte(client: httpx.AsyncClient, officer: dict[str, str]) -> None:
    name = "x" * (1024 * 1024 - 11)
    headers = officer | {"Content-Type": "application/json"}
    assert (await client.post("/v1/things", content=f'{{"name":"{name}"}}', headers=headers)).status_code == 201
    assert (await client.post("/v1/things", content=f'{{"name":"{name}x"}}', headers=headers)).status_code == 413


async def test_an_upload_is_bounded_too(client: httpx.AsyncClient, officer: dict[str, str]) -> None:
    small = await client.post("/v1/uploads", files={"file": b"x" * 1000}, headers=officer)
    large = await client.post("/v1/uploads", files={"file": b"x" * 5000}, headers=officer)
    as_json = await client.post("/v1/uploads", json={}, headers=officer)
    assert (small.json(), large.status_code, as_json.status_code) == ({"name": "1000"}, 413, 415)


async def test_the_right_is_checked_before_anything_is_read(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/things?unknown=1", content=b"{", headers={"Content-Type": "text/plain"})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_token_without_the_right_is_forbidden_by_name(client: httpx.AsyncClient, issuer: Any) -> None:
    token = issuer.issue("reader", roles=["ministry_reader"], body="MLSP")
    answer = await client.post("/v1/things", json={}, headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["right"]) == (403, "registry.service.create")


@pytest.mark.parametrize("path", ["/v1/things", "/v1/codelists"])
@pytest.mark.parametrize("value", ["Bearer x.y.z", "Bearer", "Basic abc", "Bearer  "])
async def test_a_bad_token_is_refused_even_where_none_is_needed(
    client: httpx.AsyncClient, path: str, value: str
) -> None:
    answer = await client.get(path, headers={"Authorization": value})
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


async def test_a_dependency_of_a_long_read_is_closed(client: httpx.AsyncClient, gate: Any) -> None:
    await client.get("/v1/things-the-long-way")
    assert gate.finished == ["dependency"]


async def test_overrides_of_dependencies_hold_on_reads(app: FastAPI, client: httpx.AsyncClient) -> None:
    app.dependency_overrides[current_principal] = lambda: Principal("x", body="ASP")
    assert " ASP " in (await client.get("/v1/things")).text
