"""A command's unit of work is opened when its input has been judged, and closed before its answer leaves."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, FastAPI, Header, Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from aksu_local.waiting import eventually
from aksu_shared.auth.dependencies import PrincipalDep, requires
from aksu_shared.auth.issuer import DevelopmentIssuer
from aksu_shared.kernel.errors import RuleBroken
from aksu_shared.kernel.schemas.base import Body
from aksu_shared.serving.health import Health
from aksu_shared.serving.problems import problems
from aksu_shared.web.app import create_app
from aksu_shared.web.routing import Router

from .conftest import config_for

WRITE = [requires("registry.service.create")]
JSON = {"Content-Type": "application/json"}


class Sized(Body):
    size: int


class TooSmall(RuleBroken):
    code = "too_small"
    bg = "Малко."
    en = "Small."


class Diary(list[str]):
    """What happened, in order."""


def commands(diary: Diary) -> Router:
    router = Router(tags=["commands"])

    async def opened(
        request: Request, principal: PrincipalDep, note: Annotated[str, Header(alias="Aksu-Note")] = ""
    ) -> AsyncIterator[str]:
        diary.append("opened" + note)
        try:
            yield f"{principal.body} {request.method}"
        except TooSmall:
            diary.append("rolled back")
            raise
        except asyncio.CancelledError:
            diary.append("given up")
            raise
        diary.append("closed")

    Opened = Annotated[str, Depends(opened, scope="function")]  # noqa: N806 - a type

    @router.post("/sizes/{number}", status_code=201, dependencies=WRITE, responses=problems(TooSmall))
    async def size(number: int, body: Sized, unit: Opened) -> Response:
        diary.append("ran")
        if body.size < 0:
            raise TooSmall
        return Response(f"{unit} {number} {body.size}", 201)

    @router.patch("/sizes/{number}", dependencies=WRITE)
    async def resize(number: int, unit: Opened, body: Sized | None = None) -> Response:
        return Response(f"{unit} {number} {body}")

    @router.delete("/sizes/{number}", dependencies=WRITE)
    async def forget(number: int, unit: Opened) -> Response:
        diary.append("waits")
        await asyncio.sleep(60)
        return Response(f"{unit} {number}")

    return router


@pytest.fixture
def diary() -> Diary:
    return Diary()


@pytest.fixture
def app(issuer: DevelopmentIssuer, diary: Diary) -> FastAPI:
    return create_app(
        title="Sample", version="1", config=config_for(issuer), routers=[commands(diary)], health=Health()
    )


async def test_a_command_gets_its_parameters_body_and_unit_of_work(
    client: httpx.AsyncClient, officer: dict[str, str], diary: Diary
) -> None:
    answer = await client.post("/v1/sizes/7", json={"size": 3}, headers=officer)
    assert (answer.status_code, answer.text) == (201, "AKSU POST 7 3")
    assert diary == ["opened", "ran", "closed"]


async def test_the_unit_of_work_is_closed_before_the_answer_leaves(
    app: FastAPI, officer: dict[str, str], diary: Diary
) -> None:
    async def noting(scope: Scope, receive: Receive, send: Send) -> None:
        async def note(message: Message) -> None:
            diary.append("answered")
            await send(message)

        await app(scope, receive, note)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(noting), base_url="http://test") as client:
        await client.post("/v1/sizes/7", json={"size": 3}, headers=officer)
    assert diary[:4] == ["opened", "ran", "closed", "answered"]


async def test_a_refusal_reaches_the_unit_of_work_and_then_the_caller(
    client: httpx.AsyncClient, officer: dict[str, str], diary: Diary
) -> None:
    answer = await client.post("/v1/sizes/7", json={"size": -1}, headers=officer)
    assert (answer.status_code, answer.json()["code"]) == (409, "too_small")
    assert diary == ["opened", "ran", "rolled back"]


async def test_a_body_that_may_be_missing_may_be_missing(client: httpx.AsyncClient, officer: dict[str, str]) -> None:
    assert (await client.patch("/v1/sizes/7", headers=officer)).text == "AKSU PATCH 7 None"
    assert (await client.patch("/v1/sizes/7", json={"size": 1}, headers=officer)).text == "AKSU PATCH 7 size=1"


@pytest.mark.parametrize(
    ("asked", "pointers"),
    [
        (("/v1/sizes/7", b""), [""]),
        (("/v1/sizes/7", b"{"), [""]),
        (("/v1/sizes/7", b"[]"), [""]),
        (("/v1/sizes/7", b"{}"), ["/size"]),
        (("/v1/sizes/7", b'{"size":"1","more":1}'), ["/size", "/more"]),
        (("/v1/sizes/seven", b'{"size":"1"}'), ["{number}", "/size"]),
        (("/v1/sizes/7?unknown=1", b'{"size":1}'), ["?unknown"]),
    ],
)
async def test_bad_input_is_refused_with_a_pointer_each_and_opens_nothing(
    client: httpx.AsyncClient, officer: dict[str, str], diary: Diary, asked: tuple[str, bytes], pointers: list[str]
) -> None:
    path, body = asked
    answer = await client.post(path, content=body, headers=officer | JSON)
    problem: dict[str, Any] = answer.json()
    assert (answer.status_code, [error["pointer"] for error in problem["errors"]]) == (422, pointers)
    assert diary == []


async def test_a_foreign_media_type_is_refused(client: httpx.AsyncClient, officer: dict[str, str]) -> None:
    answer = await client.post("/v1/sizes/7", content=b"x", headers=officer | {"Content-Type": "text/plain"})
    assert answer.status_code == 415


async def test_what_the_unit_of_work_needs_may_be_bad_too(client: httpx.AsyncClient, diary: Diary) -> None:
    answer = await client.post("/v1/sizes/7", json={"size": 3}, headers={"Authorization": "Bearer none"})
    assert answer.status_code == 401
    assert diary == []


async def test_a_request_given_up_ends_its_unit_of_work(app: FastAPI, officer: dict[str, str], diary: Diary) -> None:
    async def waits() -> bool:
        return "waits" in diary

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        asking = asyncio.create_task(client.delete("/v1/sizes/7", headers=officer))
        await eventually(waits)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    assert diary == ["opened", "waits", "given up"]


def test_the_description_of_the_api_shows_the_parameters_of_the_command_and_of_its_unit_of_work(app: FastAPI) -> None:
    document = app.openapi()
    described = document["paths"]["/v1/sizes/{number}"]["post"]
    names = [each["$ref"].rsplit("/", 1)[1] for each in described["parameters"]]
    shared = [document["components"]["parameters"][name]["name"] for name in names]
    assert shared == ["number", "Aksu-Note", "Accept-Language", *shared[3:]]
    assert "Sized" in described["requestBody"]["content"]["application/json"]["schema"]["$ref"]


def test_a_function_with_two_units_of_work_is_refused_at_start() -> None:
    async def unit() -> AsyncIterator[str]:
        yield ""

    One = Annotated[str, Depends(unit, scope="function")]  # noqa: N806 - a type

    async def twice(first: One, second: One) -> Response:
        return Response(first + second)

    with pytest.raises(ValueError, match="opens 2 units of work"):
        Router().post("/twice", dependencies=WRITE)(twice)
