"""A small service on the platform's conventions, and clients for it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, FastAPI, Header, Query, Request, UploadFile
from starlette.responses import Response, StreamingResponse

from aksu_shared.auth.dependencies import PrincipalDep, requires
from aksu_shared.auth.issuer import DevelopmentIssuer
from aksu_shared.config.base import BaseConfig
from aksu_shared.kernel.errors import NotFound, RuleBroken, Text, Unavailable
from aksu_shared.kernel.schemas.base import Body, Filters, Resource
from aksu_shared.serving.health import Health
from aksu_shared.serving.problems import problems
from aksu_shared.web.app import create_app
from aksu_shared.web.middleware import waiting
from aksu_shared.web.routing import Router, accepts, deadline


class Amount(Body):
    value: int
    due: date | None = None


class NewThing(Body):
    name: str
    amounts: tuple[Amount, ...] = ()


class Thing(Resource):
    name: str


class ThingFilters(Filters):
    limit: Annotated[int, Query(ge=1, le=200)] = 50
    kind: tuple[str, ...] = ()
    on: date | None = None


class NameTaken(RuleBroken):
    code = "name_taken"
    bg = "Името „{name}“ е заето."
    en = "The name '{name}' is taken."
    legal_basis = "чл. 1"


class Replayed(Exception):
    def __init__(self) -> None:
        super().__init__()
        self.response = Response(b"first answer", 201, {"Aksu-Position": "x:1"})


class Gate:
    """Lets a test hold a request inside its function."""

    def __init__(self) -> None:
        self.entered = asyncio.Event()
        self.open = asyncio.Event()
        self.finished: list[str] = []


READ = [requires("registry.service.read")]
WRITE = [requires("registry.service.create")]


def things(gate: Gate) -> Router:  # noqa: C901 - a list of routes
    router = Router(tags=["things"])

    async def plain(request: Request, after: Annotated[str, Header(alias="Aksu-After")] = "") -> str:
        return request.url.path + after

    async def closing() -> AsyncIterator[str]:
        yield "closing"
        gate.finished.append("dependency")

    @router.get("/things", dependencies=READ)
    async def list_things(
        filters: Annotated[ThingFilters, Query()], principal: PrincipalDep, path: Annotated[str, Depends(plain)]
    ) -> Response:
        text = f"{filters.limit} {','.join(filters.kind)} {filters.on} {principal.body} {path}"
        return Response(text, media_type="text/plain")

    @router.get("/things-the-long-way", dependencies=READ)
    async def list_things_long(
        filters: Annotated[ThingFilters, Query()],
        principal: PrincipalDep,
        path: Annotated[str, Depends(plain)],
        _: Annotated[str, Depends(closing)],
    ) -> Response:
        text = f"{filters.limit} {','.join(filters.kind)} {filters.on} {principal.body} {path}"
        return Response(text, media_type="text/plain")

    @router.get("/things/{number}", dependencies=READ, responses=problems(NotFound))
    async def read_thing(number: int, request: Request, language: str = "bg") -> Thing:
        if number == 404:
            raise NotFound
        return Thing(name=f"{number} {language} {request.query_params.get('language')}")

    @router.post("/things", status_code=201, dependencies=WRITE, responses=problems(NameTaken))
    async def create_thing(body: NewThing) -> Thing:
        if body.name == "taken":
            raise NameTaken(name=body.name)
        return Thing(name=body.name)

    @router.post("/uploads", dependencies=WRITE, max_body_size=4096)
    async def upload(file: UploadFile) -> Thing:
        return Thing(name=str(len(await file.read())))

    @router.post("/events", dependencies=READ, max_body_size=100)
    @accepts("application/cloudevents+json")
    async def push(request: Request) -> Response:
        return Response(str(len(await request.body())))

    @router.get("/failures/{kind}", dependencies=READ)
    async def fail(kind: str) -> Response:
        raise {
            "bug": ValueError("secret internals"),
            "replay": Replayed(),
            "unavailable": Unavailable(retry_after=7),
            "timeout": TimeoutError(),
            "refused": ConnectionRefusedError("10.0.0.1"),
        }[kind]

    @router.get("/held", dependencies=READ)
    async def held() -> Response:
        gate.entered.set()
        await gate.open.wait()
        gate.finished.append("held")
        return Response("held")

    @router.get("/polled", dependencies=READ)
    @deadline(30)
    async def polled(request: Request) -> Response:
        gate.entered.set()
        await waiting(request, gate.open.wait)
        return Response("polled")

    @router.get("/exported", dependencies=READ)
    async def exported() -> Response:
        async def rows() -> AsyncIterator[bytes]:
            yield b"one\n"
            raise ValueError("broken")

        return StreamingResponse(rows())

    @router.get("/large", dependencies=READ)
    async def large() -> Response:
        return Response(b"x" * 20_000_000)

    return router


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture(scope="session")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> DevelopmentIssuer:
    return DevelopmentIssuer(tmp_path_factory.mktemp("issuer"))


def config_for(issuer: DevelopmentIssuer, **settings: Any) -> BaseConfig:
    known: dict[str, Any] = {
        "environment": "test",
        "database_url": "postgresql:///unused",
        "bus_url": "postgresql:///unused",
        "oidc_issuer": issuer.issuer,
        "oidc_audience": "aksu-registry",
        "oidc_jwks_file": Path(issuer.jwks_file),
    }
    return BaseConfig(**(known | settings))


@pytest.fixture
def health() -> Health:
    return Health()


@pytest.fixture
def make_app(issuer: DevelopmentIssuer, gate: Gate, health: Health) -> Callable[..., FastAPI]:
    def make(**settings: Any) -> FastAPI:
        return create_app(
            title="Sample",
            version="1",
            config=config_for(issuer, **settings),
            routers=[things(gate)],
            health=health,
            codelists={"colours": {"RED": Text("Червено", "Red"), "BLUE": Text("Синьо", "Blue")}},
        )

    return make


@pytest.fixture
def app(make_app: Callable[..., FastAPI]) -> FastAPI:
    return make_app()


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client


@pytest.fixture
def officer(issuer: DevelopmentIssuer) -> dict[str, str]:
    token = issuer.issue("officer", roles=["licensing_officer"], body="AKSU")
    return {"Authorization": f"Bearer {token}"}
