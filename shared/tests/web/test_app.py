"""What every application has, and what it refuses to start with."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from starlette.responses import Response

from aksu_shared.auth.dependencies import requires
from aksu_shared.serving.health import Health
from aksu_shared.web.app import create_app
from aksu_shared.web.routing import Router, StrictRoute


async def nothing() -> Response:
    return Response()


def build(router: APIRouter, app: FastAPI) -> FastAPI:
    return create_app(title="x", version="1", config=app.state.config, routers=[router], health=Health())


def test_a_route_without_a_right_stops_the_start(app: FastAPI) -> None:
    router = Router()
    router.get("/open")(nothing)
    with pytest.raises(ValueError, match="/v1/open declares no right"):
        build(router, app)


def test_a_route_with_an_unknown_right_stops_the_start(app: FastAPI) -> None:
    router = Router()
    router.get("/x", dependencies=[requires("registry.service.fly")])(nothing)
    with pytest.raises(ValueError, match="unknown rights"):
        build(router, app)


def test_a_route_outside_v1_stops_the_start(app: FastAPI) -> None:
    router = APIRouter(route_class=StrictRoute)
    router.get("/x", dependencies=[requires("registry.service.read")])(nothing)
    with pytest.raises(ValueError, match="not below /v1/"):
        build(router, app)


def test_a_route_of_another_class_stops_the_start(app: FastAPI) -> None:
    router = APIRouter(prefix="/v1")
    router.get("/x", dependencies=[requires("registry.service.read")])(nothing)
    with pytest.raises(ValueError, match="no StrictRoute"):
        build(router, app)


def test_two_routes_of_one_name_stop_the_start(app: FastAPI) -> None:
    router = Router(dependencies=[requires("registry.service.read")])
    router.get("/a")(nothing)
    router.get("/b")(nothing)
    with pytest.raises(ValueError, match="two routes are called nothing"):
        build(router, app)


async def test_codelists_come_whole_or_by_name_with_an_etag(client: httpx.AsyncClient) -> None:
    whole = await client.get("/v1/codelists")
    assert whole.json()["items"][0]["items"][0] == {"id": "RED", "bg": "Червено", "en": "Red"}
    one = await client.get("/v1/codelists/colours")
    assert [item["id"] for item in one.json()["items"]] == ["RED", "BLUE"]
    again = await client.get("/v1/codelists/colours", headers={"If-None-Match": one.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert (await client.get("/v1/codelists/none")).status_code == 404


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
async def test_documentation_loads_nothing_from_elsewhere(client: httpx.AsyncClient, page: str) -> None:
    answer = await client.get(page)
    assert answer.status_code == 200
    loaded = re.findall(r"""(?:src|href|url)\s*[=:]\s*["']?([^"'\s>,]+)""", answer.text)
    assert loaded
    assert not re.findall(r"(?:https?:)?//", answer.text.replace("http://www.w3.org", ""))
    for path in loaded:
        assert (await client.get(path)).status_code == 200, path
    assert "default-src 'self'" in answer.headers["content-security-policy"]


async def test_the_description_names_operations_rights_limits_and_problems(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    create = document["paths"]["/v1/things"]["post"]
    assert create["operationId"] == "create_thing"
    assert create["x-aksu-rights"] == ["registry.service.create"]
    assert create["x-aksu-max-body-bytes"] == 1024 * 1024
    assert {"201", "401", "403", "409", "413", "415", "422", "429", "500", "503"} <= create["responses"].keys()
    responses = document["components"]["responses"]
    refused = {status: responses[create["responses"][status]["$ref"].rsplit("/", 1)[1]] for status in ("401", "409")}
    schemas = {status: each["content"]["application/problem+json"]["schema"] for status, each in refused.items()}
    assert schemas["409"] == {"$ref": "#/components/schemas/NameTakenProblem"}
    assert schemas["401"]["discriminator"]["propertyName"] == "code"
    assert schemas["401"]["oneOf"] == [{"$ref": each} for each in schemas["401"]["discriminator"]["mapping"].values()]
    (taken,) = document["components"]["schemas"]["NameTakenProblem"]["examples"]
    assert taken["legal_basis"] == "чл. 1"
    assert "ProblemDocument" in document["components"]["schemas"]
    assert "HTTPValidationError" not in document["components"]["schemas"]
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    shared = document["components"]["parameters"]

    def names(operation: dict[str, Any]) -> set[str]:
        given = operation["parameters"]
        return {(shared[each["$ref"].rsplit("/", 1)[1]] if "$ref" in each else each)["name"] for each in given}

    assert names(document["paths"]["/v1/things"]["get"]) == {"limit", "kind", "on", "Aksu-After", "Accept-Language"}
    assert "Accept-Language" in names(create)
    assert {"RateLimit", "Location"} <= create["responses"]["201"]["headers"].keys()


async def test_every_reference_of_the_description_leads_somewhere(client: httpx.AsyncClient) -> None:
    answer = await client.get("/openapi.json")
    found = re.findall(r'"#/components/(\w+)/([^"]+)"', answer.text)
    assert {kind for kind, _ in found} == {"headers", "parameters", "responses", "schemas"}
    assert [(kind, name) for kind, name in found if name not in answer.json()["components"][kind]] == []


async def test_a_head_request_is_a_get_without_its_body(client: httpx.AsyncClient) -> None:
    assert (await client.head("/v1/things")).status_code == 200


async def test_a_trailing_slash_is_another_path(client: httpx.AsyncClient) -> None:
    assert (await client.get("/v1/things/")).status_code == 404


async def test_the_lifespan_of_the_service_surrounds_the_requests(app: FastAPI) -> None:
    seen: list[str] = []

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        seen.append("open")
        yield
        seen.append("closed")

    started = create_app(
        title="x", version="1", config=app.state.config, routers=[], health=Health(), lifespan=lifespan
    )
    async with started.router.lifespan_context(started):
        assert seen == ["open"]
    assert seen == ["open", "closed"]
