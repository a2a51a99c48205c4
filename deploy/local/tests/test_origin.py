"""All services under one address: what is passed on, and that nothing else is changed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from aksu_local.origin import one_origin
from aksu_local.ports import any_ports


async def echo(request: Request) -> Response:
    told = {
        "path": request.scope["raw_path"].decode(),
        "query": request.scope["query_string"].decode(),
        "method": request.method,
        "body": (await request.body()).decode(),
        "token": request.headers.get("authorization"),
    }
    response = JSONResponse(told, 201, {"Location": "/v1/things/7", "ETag": '"3"'})
    response.headers.append("Set-Cookie", "a=1")
    response.headers.append("Set-Cookie", "b=2")
    return response


@asynccontextmanager
async def upstream(port: int) -> AsyncIterator[str]:
    app = Starlette(routes=[Route("/{path:path}", echo, methods=["GET", "POST", "PATCH", "OPTIONS"])])
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn tells nobody that it has started
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await serving


@pytest.fixture
async def origin() -> AsyncIterator[httpx.AsyncClient]:
    ports = any_ports(("registry", "reporting"))
    free = list(ports.values())
    nobody = f"http://127.0.0.1:{free[1]}"
    async with (
        upstream(free[0]) as there,
        one_origin({"registry": there, "reporting": there, "licensing": nobody}, free[2]) as address,
        httpx.AsyncClient(base_url=address) as client,
    ):
        yield client


async def test_a_request_goes_to_the_service_its_path_begins_with(origin: httpx.AsyncClient) -> None:
    answer = await origin.post(
        "/registry/v1/things?a=%D0%B1&a=2", content="тяло".encode(), headers={"Authorization": "Bearer x"}
    )
    assert answer.json() == {
        "path": "/v1/things",
        "query": "a=%D0%B1&a=2",
        "method": "POST",
        "body": "тяло",
        "token": "Bearer x",
    }


async def test_what_comes_back_is_unchanged_but_for_the_way_to_what_was_made(origin: httpx.AsyncClient) -> None:
    answer = await origin.get("/registry/v1/things")
    assert (answer.status_code, answer.headers["etag"], answer.headers["location"]) == (
        201,
        '"3"',
        "/registry/v1/things/7",
    )
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]


async def test_what_names_no_service_is_for_the_pages(origin: httpx.AsyncClient) -> None:
    answer = await origin.get("/territories/BLG")
    assert (answer.json()["path"], answer.headers["location"]) == ("/territories/BLG", "/v1/things/7")


async def test_a_service_that_does_not_answer_is_named(origin: httpx.AsyncClient) -> None:
    answer = await origin.get("/licensing/v1/licences")
    assert (answer.status_code, answer.text) == (502, "licensing does not answer")
