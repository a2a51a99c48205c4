"""Routes of the platform: right first, then bounded body, strict JSON, no unknown parameter.

router = Router(tags=["services"])                      # everything below /v1

@router.get("/services", dependencies=[requires("registry.service.read")])
async def list_services(filters: Annotated[ServiceFilters, Query()], principal: PrincipalDep) -> Response: ...

@router.post("/events", dependencies=[requires("monitoring.ingest.push")], max_body_size=INGEST_BODY)
@accepts("application/cloudevents+json", "application/cloudevents-batch+json")
@deadline(30)
async def push(request: Request) -> Response: ...
"""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, TypeVar, cast

from fastapi import APIRouter, FastAPI, params
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from fastapi.routing import APIRoute, request_response
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from aksu_shared.auth.dependencies import Access, Right
from aksu_shared.auth.tokens import InvalidToken
from aksu_shared.kernel.errors import Forbidden, Malformed, NotAuthenticated, TooLarge, UnsupportedMedia
from aksu_shared.pinned.functions import function_of
from aksu_shared.serving.messages import malformed
from aksu_shared.serving.problems import classes_of, merged, problems, published
from aksu_shared.web.middleware import extend_deadline
from aksu_shared.web.opening import opened_last
from aksu_shared.web.parameters import query_of
from aksu_shared.web.reading import compile_read
from aksu_shared.web.request import DEFAULT_BODY, FORM_TYPES, JSON_TYPES, StrictRequest

F = TypeVar("F", bound=Callable[..., Any])

VERSION: Final = "/v1"
_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})


def accepts(*media_types: str) -> Callable[[F], F]:
    """Declare the media types of a body that the function reads itself; others are refused with 415."""

    def mark(function: F) -> F:
        function.__dict__["accepted_media"] = media_types
        return function

    return mark


def deadline(seconds: float) -> Callable[[F], F]:
    """Give a route more or less time than the application's request deadline."""

    def mark(function: F) -> F:
        function.__dict__["deadline_seconds"] = seconds
        return function

    return mark


class StrictRoute(APIRoute):
    """A route that checks the caller's right before it reads, and reads nothing unbounded or unknown.

    `rights` are the declared actions; `refusals` the problems it may answer, by status; `max_body_size` bounds the
    body in bytes (default 1 MiB); `seconds` is its own deadline.
    """

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        dependencies: Sequence[params.Depends] | None = None,
        responses: dict[int | str, dict[str, Any]] | None = None,
        max_body_size: int | None = None,
        **options: Any,  # noqa: ANN401 - APIRoute's own
    ) -> None:
        self._access: Access
        self.rights = tuple(item.action for item in dependencies or () if isinstance(item, Right))
        self.body_limit = DEFAULT_BODY if max_body_size is None else max_body_size
        self.seconds: float | None = getattr(endpoint, "deadline_seconds", None)
        self._accepted: tuple[str, ...] = getattr(endpoint, "accepted_media", ())
        others = [item for item in dependencies or () if not isinstance(item, Right)]
        documented = merged(self._common(options), responses)
        self.refusals = classes_of(documented)
        super().__init__(path, opened_last(endpoint), dependencies=others, responses=published(documented), **options)
        self._short = compile_read(self)
        self._long: ASGIApp = AsyncExitStackMiddleware(self.app)
        self.app = self._run

    def belong_to(self, application: FastAPI) -> None:
        """Take part in `application`: its overrides of dependencies, meant for tests, hold here."""
        self.dependency_overrides_provider = application
        self._access = application.state.access
        self._long = AsyncExitStackMiddleware(request_response(self.get_route_handler()))

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler behind the checks of the body. Called by APIRoute while the route is built."""
        inner = super().get_route_handler()
        accepted = self._media()
        parsed = accepted == JSON_TYPES and self.body_field is not None
        query = query_of(function_of(self.dependant))

        async def handle(request: Request) -> Response:
            query.parse(request.scope)
            strict = StrictRequest(request.scope, request.receive, limit=self.body_limit)
            if accepted and strict.announces_body:
                strict.check_media(accepted)
                if parsed and await strict.body():
                    await strict.json()
            try:
                return await inner(strict)
            except RequestValidationError as error:
                error.with_traceback(None)  # or the error would hold a frame of FastAPI's which holds the error
                raise malformed(error.errors()) from None

        return handle

    async def _run(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.seconds is not None:
            extend_deadline(scope, self.seconds)
        await self._access.admit(scope, self.rights)
        if self._short is None or scope["app"].dependency_overrides:
            await self._long(scope, receive, send)
            return
        response = await self._short.answer(StrictRequest(scope, receive, limit=self.body_limit))
        await response(scope, receive, send)

    def _media(self) -> tuple[str, ...]:
        if self._accepted or self.body_field is None:
            return self._accepted
        is_form = isinstance(self.body_field.field_info, params.Form)
        return FORM_TYPES if is_form else JSON_TYPES

    def _common(self, options: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
        reads = _WITH_BODY & set(options.get("methods") or ())
        return problems(
            Malformed,
            *((NotAuthenticated, InvalidToken, Forbidden) if self.rights else ()),
            *((TooLarge, UnsupportedMedia) if reads else ()),
        )


class Router(APIRouter):
    """A router of strict routes below `/v1`."""

    def __init__(self, *, prefix: str = "", **options: Any) -> None:  # noqa: ANN401 - APIRouter's own
        super().__init__(prefix=VERSION + prefix, route_class=cast("type[APIRoute]", StrictRoute), **options)
