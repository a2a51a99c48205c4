"""pytest plugin: a service's application in this process, over a database of its own.

async def test_x(serve: Serve) -> None:
registry = await serve("registry")
answer = await registry.post("/v1/providers", {...}, role="licensing_officer", body="AKSU")

What a service answers without a database, `unopened` asks: for malformed requests that is all there is to start.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final, NoReturn
from uuid import uuid4

import asyncpg
import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from aksu_local.databases import ServiceUrls
from aksu_shared.auth.dependencies import Access
from aksu_shared.auth.issuer import DEVELOPMENT_ISSUER, DevelopmentIssuer
from aksu_shared.config.base import BaseConfig
from aksu_shared.db.migrate import upgrade
from aksu_shared.db.pool import create_pool


@dataclass(frozen=True, kw_only=True)
class Doors:
    """A service's application and a client of it. By itself nothing is behind it: no database, no bus."""

    service: str
    app: FastAPI
    client: httpx.AsyncClient
    config: BaseConfig
    issuer: DevelopmentIssuer

    def headers(self, role: str | None, body: str | None, *, subject: str | None = None) -> dict[str, str]:
        """An Authorization header for a caller of `role` acting for `body`; none without a role."""
        if role is None:
            return {}
        token = self.issuer.issue(subject or f"test-{role}", roles=[role], body=body)
        return {"Authorization": f"Bearer {token}"}

    async def get(
        self, path: str, *, role: str | None = None, body: str | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """GET as that caller."""
        return await self.client.get(path, headers=self.headers(role, body) | dict(headers or {}))

    async def post(
        self,
        path: str,
        json: object,
        *,
        role: str | None = None,
        body: str | None = None,
        subject: str | None = None,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """POST as that caller, under a new idempotency key unless one is given."""
        sent = self.headers(role, body, subject=subject) | {"Idempotency-Key": key or str(uuid4())}
        return await self.client.post(path, json=json, headers=sent | dict(headers or {}))

    async def patch(
        self, path: str, json: object, *, version: int | None, role: str | None = None, body: str | None = None
    ) -> httpx.Response:
        """PATCH as that caller, with `If-Match` when a version is given."""
        sent = self.headers(role, body) | ({"If-Match": f'"{version}"'} if version is not None else {})
        return await self.client.patch(path, json=json, headers=sent)


@dataclass(frozen=True, kw_only=True)
class Served(Doors):
    """A running application, its client, and a pool of the worker role that sees all rows."""

    worker: "asyncpg.Pool[Any]"
    urls: ServiceUrls
    clock_file: Path

    def actor(self, subject: str) -> str:
        """Under which pseudonym the holder of such a token acts."""
        access: Access = self.app.state.access
        return access.pseudonyms.of(subject)

    def advance(self, seconds: float) -> None:
        """Move legal time; the application sees it within 100 ms."""
        self.clock_file.write_text(str(seconds), encoding="ascii")


Unopened = Callable[..., Doors]
"""`unopened("registry")`: what a service answers by itself, malformed requests above all; with settings by name."""

Serve = Callable[..., Awaitable[Served]]
"""`await serve("registry")`; further settings of its configuration by name."""

NO_BUS: Final = "postgresql://nobody@/no_bus?host=/nowhere"
"""An API opens no bus. A test that does passes `bus_url=await fresh_bus()`."""
_NOWHERE: Final = ServiceUrls(database="nowhere", owner=NO_BUS, runtime=NO_BUS, worker=NO_BUS, reader=NO_BUS)


async def migrated(service: str, urls: ServiceUrls) -> None:
    """Bring a database to the service's schema."""
    await asyncio.to_thread(upgrade, service, urls.owner)


async def registry_schema(urls: ServiceUrls) -> None:
    """Prepare a registry's database."""
    await migrated("registry", urls)


async def licensing_schema(urls: ServiceUrls) -> None:
    """Prepare a licensing database."""
    await migrated("licensing", urls)


async def monitoring_schema(urls: ServiceUrls) -> None:
    """Prepare a monitoring database."""
    await migrated("monitoring", urls)


async def reporting_schema(urls: ServiceUrls) -> None:
    """Prepare a reporting database."""
    await migrated("reporting", urls)


SCHEMAS = {
    "registry": registry_schema,
    "licensing": licensing_schema,
    "monitoring": monitoring_schema,
    "reporting": reporting_schema,
}
"""What `fresh_database(service, prepare=SCHEMAS[service])` makes once and then copies."""


@pytest.fixture(scope="session")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> DevelopmentIssuer:
    """The development issuer of the session."""
    return DevelopmentIssuer(tmp_path_factory.mktemp("keys"))


class _Closed:
    """In place of what a started application uses."""

    def __getattr__(self, name: str) -> NoReturn:
        pytest.fail(f"a request went as far as `{name}` of the service: for that it must be started, with `serve`")


@pytest_asyncio.fixture
async def unopened(issuer: DevelopmentIssuer, tmp_path: Path) -> AsyncIterator[Unopened]:
    """Give a function that builds a service's application without starting it: it may reach nothing."""
    made: list[Doors] = []

    def build(service: str, **settings: Any) -> Doors:  # noqa: ANN401 - of the configuration
        config = config_of(service, _NOWHERE, issuer, tmp_path / f"{service}.clock", **settings)
        app = application(service, config)
        app.state.api = _Closed()
        made.append(Doors(service=service, app=app, client=client_of(service, app), config=config, issuer=issuer))
        return made[-1]

    yield build
    for doors in made:
        await doors.client.aclose()


@pytest_asyncio.fixture
async def serve(
    fresh_database: Callable[..., Awaitable[ServiceUrls]],
    issuer: DevelopmentIssuer,
    tmp_path: Path,
) -> AsyncIterator[Serve]:
    """Give a function that serves a service: its application over a fresh database."""
    async with AsyncExitStack() as stack:

        async def start(service: str, **settings: Any) -> Served:  # noqa: ANN401 - of the configuration
            urls = await fresh_database(service, prepare=SCHEMAS[service])
            clock_file = tmp_path / f"{service}.clock"
            config = config_of(service, urls, issuer, clock_file, **settings)
            app = application(service, config)
            await stack.enter_async_context(app.router.lifespan_context(app))
            client = await stack.enter_async_context(client_of(service, app))
            worker = await stack.enter_async_context(await create_pool(urls.worker, application="test", size=4))
            return Served(
                service=service,
                app=app,
                client=client,
                worker=worker,
                urls=urls,
                config=config,
                issuer=issuer,
                clock_file=clock_file,
            )

        yield start


def application(service: str, config: BaseConfig) -> FastAPI:
    """The service's application, not yet started."""
    app: FastAPI = import_module(f"aksu_{service}.main").create(config)
    return app


def client_of(service: str, app: FastAPI) -> httpx.AsyncClient:
    """A client of an application in this process; what it raises is answered with 500, as by a server."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=f"http://{service}.test")


def config_of(
    service: str,
    urls: ServiceUrls,
    issuer: DevelopmentIssuer,
    clock_file: Path,
    **settings: Any,  # noqa: ANN401 - of the configuration
) -> BaseConfig:
    """The service's configuration over that database; `settings` are added to it or replace it."""
    config_class = getattr(import_module(f"aksu_{service}.config"), f"{service.capitalize()}Config")
    given: dict[str, Any] = {
        "environment": "test",
        "database_url": urls.runtime,
        "worker_database_url": urls.worker,
        "owner_database_url": urls.owner,
        "bus_url": NO_BUS,
        "oidc_issuer": DEVELOPMENT_ISSUER,
        "oidc_jwks_file": issuer.jwks_file,
        "clock_file": clock_file,
        "max_concurrent_requests": 200,
        "access_patience_seconds": "off",  # a service by itself hears of no revocation
    }
    made: BaseConfig = config_class(**given | settings)
    return made
