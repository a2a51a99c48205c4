"""What FastAPI has understood of a function is read whole: a kind of parameter it learns of later is noticed here."""

import dataclasses
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

import pytest
from fastapi import BackgroundTasks, Body, Cookie, Depends, Header, Query, Request, Response, Security
from fastapi.dependencies.models import Dependant
from fastapi.requests import HTTPConnection
from fastapi.routing import APIRoute
from fastapi.security import SecurityScopes

from aksu_shared.kernel.schemas.base import Filters
from aksu_shared.pinned.functions import Function, function_of

FIELDS = {
    "path_params", "query_params", "header_params", "cookie_params", "body_params", "dependencies", "name", "call",
    "request_param_name", "websocket_param_name", "http_connection_param_name", "response_param_name",
    "background_tasks_param_name", "security_scopes_param_name", "own_oauth_scopes", "parent_oauth_scopes",
    "use_cache", "path", "scope", "concurrency",
}  # fmt: skip


class Wanted(Filters):
    limit: int = 50


async def region(request: Request) -> str:
    return str(request.url)


async def unit() -> AsyncIterator[str]:
    yield ""


def understood(endpoint: Callable[..., Any]) -> Function:
    return function_of(APIRoute("/things/{number}", endpoint, methods=["POST"]).dependant)


def test_fastapi_understands_no_more_of_a_function_than_was_examined() -> None:
    assert {field.name for field in dataclasses.fields(Dependant)} == FIELDS


def test_the_parameters_of_a_function_are_told_by_where_they_come_from() -> None:
    async def read(
        number: int,
        wanted: Annotated[Wanted, Query()],
        connection: HTTPConnection,
        found: Annotated[str, Depends(region)],
        after: Annotated[str | None, Header(alias="Aksu-After")] = None,
    ) -> None: ...

    function = understood(read)
    assert function.call is read
    assert [field.name for field in function.path] == ["number"]
    assert [(field.name, field.field_info.annotation) for field in function.query] == [("wanted", Wanted)]
    assert [(field.name, field.alias) for field in function.headers] == [("after", "Aksu-After")]
    assert function.request_names == ["connection"]
    ((name, inner),) = function.dependencies
    assert (name, inner.call, inner.request_names) == ("found", region, ["request"])
    assert function.simple
    assert inner.simple


def test_a_field_gives_the_value_or_what_is_wrong_with_it_and_where() -> None:
    async def read(number: int) -> None: ...

    (field,) = understood(read).path
    assert field.validate("7", {}, loc=("path", "number")) == (7, [])
    value, (error,) = field.validate("seven", {}, loc=("path", "number"))
    assert (value, error["type"], error["loc"]) == (None, "int_parsing", ("path", "number"))


async def with_a_body(body: Annotated[str, Body()]) -> None: ...
async def with_a_cookie(session: Annotated[str, Cookie()]) -> None: ...
async def with_a_response(response: Response) -> None: ...
async def with_tasks(tasks: BackgroundTasks) -> None: ...
async def with_scopes(scopes: SecurityScopes) -> None: ...


@pytest.mark.parametrize("endpoint", [with_a_body, with_a_cookie, with_a_response, with_tasks, with_scopes])
def test_a_function_that_needs_what_only_fastapi_gives_is_not_simple(endpoint: Callable[..., Any]) -> None:
    assert not understood(endpoint).simple


@pytest.mark.parametrize("needed", [Depends(region, use_cache=False), Security(region, scopes=["all"])])
def test_a_dependency_asked_for_in_a_special_way_is_not_simple(needed: Any) -> None:
    async def read(found: str = needed) -> None: ...

    assert not understood(read).dependencies[0][1].simple
