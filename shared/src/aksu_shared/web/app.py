"""`create_app`: the one way in which a service's HTTP application is put together."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import fastapi_offline
from fastapi import APIRouter, FastAPI
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from aksu_shared.auth.dependencies import Access
from aksu_shared.auth.jwks import DiscoveredKeys, FileKeys, Keys
from aksu_shared.auth.permissions import Rights
from aksu_shared.auth.pseudonym import Pseudonyms
from aksu_shared.auth.tokens import TokenRules, TokenVerifier
from aksu_shared.config.base import BaseConfig
from aksu_shared.serving.health import Health, health_routes
from aksu_shared.web import codelists as lists
from aksu_shared.web import me
from aksu_shared.web.dispatch import Dispatcher
from aksu_shared.web.middleware import Edge
from aksu_shared.web.openapi import complete
from aksu_shared.web.rate import CallerRates, Rate
from aksu_shared.web.room import WaitingRoom
from aksu_shared.web.routing import VERSION, StrictRoute

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[Any]]

_STATIC: Final = "/static"
_BESIDE: Final = "static"
"""The same from a page beside it: under whatever path a proxy has put the service."""
_DESCRIPTION: Final = "openapi.json"
_BURST_SECONDS: Final = 10
"""The requests of so many seconds may come at once: a page with twenty parts, a list read to its end."""
_DOCS_POLICY: Final = {
    "Content-Security-Policy": "default-src 'self'; script-src 'self' 'unsafe-inline';"
    " style-src 'self' 'unsafe-inline'; img-src 'self' data:; worker-src 'self' blob:; frame-ancestors 'none'"
}
_ON_THIS_MACHINE: Final = r"https?://(?:localhost|127\.0\.0\.1)(?::[0-9]{1,5})?"
"""Where a browser application is tried: it may call the local platform from the first minute."""
_EXPOSED: Final = (
    "ETag",
    "Aksu-Position",
    "X-Correlation-Id",
    "Retry-After",
    "RateLimit",
    "RateLimit-Policy",
    "Location",
    "Content-Disposition",
    "Idempotency-Replayed",
)


class ServiceApp(FastAPI):
    """FastAPI with the platform's edge in place of its own layers of middleware."""

    edge_options: Mapping[str, Any] = {}

    def build_middleware_stack(self) -> ASGIApp:
        """Edge, then dispatch. The edge answers every failure, so Starlette's two error layers have nothing to do."""
        routes = [route for route in self.router.routes if isinstance(route, StrictRoute)]
        app: ASGIApp = Edge(Dispatcher(self.router, routes), **self.edge_options)
        for cls, args, kwargs in reversed(self.user_middleware):
            app = cls(app, *args, **kwargs)
        return app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Enter the edge at once: FastAPI asks the environment at every request whether to record telemetry."""
        scope["app"] = self
        if self.middleware_stack is None:
            self.middleware_stack = self.build_middleware_stack()
        await self.middleware_stack(scope, receive, send)

    def openapi(self) -> dict[str, Any]:
        """The API's description, with rights and problems."""
        if not self.openapi_schema:
            self.openapi_schema = complete(super().openapi(), self.router.routes)
        return self.openapi_schema

    @cached_property
    def contract(self) -> bytes:
        """The same as JSON, made once. It takes a quarter of a second: whoever serves asks for it before."""
        return json.dumps(self.openapi(), ensure_ascii=False, separators=(",", ":")).encode()


def _edge_options(config: BaseConfig, access: Access) -> dict[str, Any]:
    """How much is taken in at once, for how long, and how often from one caller."""
    return {
        "limit": config.concurrency_limit,
        "room": WaitingRoom(config.waiting_limit, each=config.waiting_limit_each),
        "deadline": config.request_deadline_seconds,
        "rates": CallerRates(
            access,
            subjects=Rate(config.subject_rate, window=_BURST_SECONDS),
            addresses=Rate(config.address_rate, window=_BURST_SECONDS),
        ),
    }


def create_app(
    *,
    title: str,
    version: str,
    config: BaseConfig,
    routers: Sequence[APIRouter],
    health: Health,
    lifespan: Lifespan | None = None,
    codelists: lists.Codelists | None = None,
    rights: Rights | None = None,
    verifier: TokenVerifier | None = None,
    description: str = "",
) -> FastAPI:
    """Build the application. Raises ValueError for a route outside /v1, without a right, or named twice.

    `lifespan` receives the application and sets what the routes need on its `state`. `verifier` replaces the one
    that `config` describes, for tests.
    """
    rights = rights or Rights.load()
    app = ServiceApp(
        title=title,
        version=version,
        description=description,
        lifespan=lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    access = app.state.access = Access(verifier or build_verifier(config), rights)
    app.edge_options = _edge_options(config, access)
    app.state.health = health
    app.state.config = config
    app.state.codelists = lists.PublishedCodelists(codelists or {})
    _add_routes(app, [*routers, *([lists.router, me.router] if codelists else [])], rights)
    app.router.routes.extend(health_routes(health))
    _add_docs(app)
    if config.cors_origins or config.environment == "local":
        app.add_middleware(
            CORSMiddleware,
            allow_origins=config.cors_origins,
            allow_origin_regex=_ON_THIS_MACHINE if config.environment == "local" else None,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=[
                "Authorization",
                "Content-Disposition",
                "Content-Type",
                "Idempotency-Key",
                "If-Match",
                "If-None-Match",
                "Aksu-After",
                "Aksu-Purpose",
                "X-Correlation-Id",
                "traceparent",
            ],
            expose_headers=_EXPOSED,
        )
    return app


def build_verifier(config: BaseConfig) -> TokenVerifier:
    """The verifier that `config` describes: keys from a file, or from the issuer."""
    keys: Keys = (
        FileKeys(config.oidc_jwks_file)
        if config.oidc_jwks_file
        else DiscoveredKeys(
            config.oidc_issuer, jwks_url=config.oidc_jwks_url, https_only=config.environment == "production"
        )
    )
    rules = TokenRules(
        issuer=config.oidc_issuer,
        audience=config.oidc_audience,
        types=config.oidc_token_types,
        leeway=config.oidc_leeway_seconds,
        max_lifetime=config.max_token_lifetime,
        roles_claim=config.oidc_roles_claim,
        body_claim=config.oidc_body_claim,
        low_s=config.requires_low_s,
    )
    return TokenVerifier(rules, keys, pseudonyms=Pseudonyms(config.pseudonym_key.get_secret_value()))


def _add_routes(app: FastAPI, routers: Iterable[APIRouter], rights: Rights) -> None:
    """Take the routers' routes over as they are: `include_router` would build every route twice and match it twice."""
    names: set[str] = set()
    for router in routers:
        for route in router.routes:
            if not isinstance(route, StrictRoute):
                raise ValueError(f"{route} is no StrictRoute: use aksu_shared.web.routing.Router, without nesting")  # noqa: TRY004
            _check_route(route, rights, names)
            route.belong_to(app)
            app.router.routes.append(route)


def _check_route(route: StrictRoute, rights: Rights, names: set[str]) -> None:
    if not route.path.startswith(f"{VERSION}/"):
        raise ValueError(f"{route.path} is not below {VERSION}/")
    if not route.rights:
        raise ValueError(f"{route.path} declares no right: dependencies=[requires(…)]")
    if unknown := set(route.rights) - set(rights.actions):
        raise ValueError(f"{route.path} declares unknown rights {sorted(unknown)}")
    if route.operation_id is None:
        route.operation_id = route.unique_id = route.name
    if route.operation_id in names:
        raise ValueError(f"two routes are called {route.operation_id}: names are the operation ids of the API")
    names.add(route.operation_id)


def _add_docs(app: ServiceApp) -> None:
    """Serve the documentation pages and all they load from here: nothing comes from another host."""
    folder = Path(fastapi_offline.__file__).parent / "static"
    app.mount(_STATIC, StaticFiles(directory=folder), name="static")

    async def contract(_: Request) -> Response:
        return Response(app.contract, media_type="application/json")

    async def docs(_: Request) -> Response:
        page = get_swagger_ui_html(
            openapi_url=_DESCRIPTION,
            title=app.title,
            swagger_js_url=f"{_BESIDE}/swagger-ui-bundle.js",
            swagger_css_url=f"{_BESIDE}/swagger-ui.css",
            swagger_favicon_url=f"{_BESIDE}/favicon.png",
        )
        return HTMLResponse(bytes(page.body), headers=_DOCS_POLICY)

    async def redoc(_: Request) -> Response:
        page = get_redoc_html(
            openapi_url=_DESCRIPTION,
            title=app.title,
            redoc_js_url=f"{_BESIDE}/redoc.standalone.js",
            redoc_favicon_url=f"{_BESIDE}/favicon.png",
            with_google_fonts=False,
        )
        return HTMLResponse(bytes(page.body), headers=_DOCS_POLICY)

    app.add_route(f"/{_DESCRIPTION}", contract, include_in_schema=False)
    app.add_route("/docs", docs, include_in_schema=False)
    app.add_route("/redoc", redoc, include_in_schema=False)
