"""Every failure leaves as RFC 9457 `application/problem+json`, rendered here and documented from the same classes.

BadRequest 400, MethodNotAllowed 405, RequestTimeout 408, ExpectationFailed 417, HeadersTooLarge 431 and
MethodNotImplemented 501 belong to the protocol and live here; the rest of the tree is in `aksu_shared.kernel.errors`.
"""

import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final

import structlog
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, HTTPConnection

from aksu_shared.kernel.errors import Malformed, NotAuthenticated, NotFound, Problem, TooManyRequests, Unavailable
from aksu_shared.kernel.logging import correlation_id
from aksu_shared.kernel.masking import without_quotes
from aksu_shared.serving.language import language_of

MEDIA_TYPE: Final = "application/problem+json"

_CLASSES: Final = "x-problems"

_log = structlog.get_logger(__name__)


class BadRequest(Problem):
    """Not HTTP, or not enough of it."""

    status = 400
    code = "bad_request"
    bg = "Заявката не може да бъде прочетена."
    en = "The request cannot be read."


class MethodNotAllowed(Problem):
    """The path exists; `allowed` lists its methods."""

    status = 405
    code = "method_not_allowed"
    bg = "Методът не се поддържа. Позволени: {allowed}."
    en = "The method is not supported. Allowed: {allowed}."


class RequestTimeout(Problem):
    """The client sent its request too slowly."""

    status = 408
    code = "request_timeout"
    bg = "Заявката не пристигна навреме."
    en = "The request did not arrive in time."


class ExpectationFailed(Problem):
    """The client expects something else than to be told to continue."""

    status = 417
    code = "expectation_failed"
    bg = "Сървърът изпълнява само очакването 100-continue."
    en = "The server meets no expectation but 100-continue."


class HeadersTooLarge(Problem):
    """More header bytes than the server takes."""

    status = 431
    code = "headers_too_large"
    bg = "Заглавията са твърде дълги."
    en = "The headers are too long."


class MethodNotImplemented(Problem):
    """A method that has no meaning on any path here: CONNECT."""

    status = 501
    code = "method_not_implemented"
    bg = "Методът не се поддържа."
    en = "The method is not supported."


class FieldErrorDocument(BaseModel):
    """One bad field of a problem."""

    pointer: str = Field(description="RFC 6901 pointer into the body, `?query`, `{path}` or `!header` parameter")
    code: str
    message: str
    legal_basis: str | None = None


class ProblemDocument(BaseModel):
    """An RFC 9457 problem. A problem may carry further members that its code defines."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="`urn:aksu:problem:<code>`")
    title: str = Field(description="for people, in Bulgarian or English by Accept-Language")
    status: int
    code: str = Field(description="stable, for programs")
    legal_basis: str | None = None
    errors: list[FieldErrorDocument] | None = Field(default=None, description="the first 50 bad fields")
    more_errors: int | None = Field(default=None, description="how many bad fields there are besides; absent: none")
    instance: str | None = Field(default=None, description="`urn:aksu:request:<correlation id>`")


def problems(*classes: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route: each class documented, several of one status merged; common ones included."""
    by_status: dict[int, list[type[Problem]]] = {}
    every: set[type[Problem]] = {*classes, TooManyRequests, Problem, Unavailable}
    for cls in sorted(every, key=lambda cls: (cls.status, cls.code)):
        by_status.setdefault(cls.status, []).append(cls)
    return {status: _documented(status, group) for status, group in by_status.items()}


def merged(*responses: Mapping[int | str, dict[str, Any]] | None) -> dict[int | str, dict[str, Any]]:
    """Join several `problems()`; where two document one status, the problems of both stay."""
    result: dict[int | str, dict[str, Any]] = {}
    for response in filter(None, responses):
        for status, entry in response.items():
            if (known := result.get(status)) and _CLASSES in known and _CLASSES in entry:
                classes = dict.fromkeys((*known[_CLASSES], *entry[_CLASSES]))
                result[status] = _documented(int(status), sorted(classes, key=lambda cls: cls.code))
            else:
                result[status] = entry
    return result


def published(responses: Mapping[int | str, dict[str, Any]]) -> dict[int | str, dict[str, Any]]:
    """The same without the classes, for FastAPI, which takes JSON only."""
    return {status: {k: v for k, v in entry.items() if k != _CLASSES} for status, entry in responses.items()}


def classes_of(responses: Mapping[int | str, dict[str, Any]]) -> Mapping[int, tuple[type[Problem], ...]]:
    """Status → the problems documented for it, in the order of their codes."""
    return {int(status): tuple(entry[_CLASSES]) for status, entry in responses.items() if _CLASSES in entry}


def _documented(status: int, classes: list[type[Problem]]) -> dict[str, Any]:
    return {"description": HTTPStatus(status).phrase, _CLASSES: classes}


def render_problem(problem: Problem, request: HTTPConnection | Mapping[str, Any]) -> tuple[int, bytes, dict[str, str]]:
    """Status, body and headers of `problem` in the language of `request` (a Starlette request or an ASGI scope)."""
    scope = request.scope if isinstance(request, HTTPConnection) else request
    accepted = next((value for name, value in scope.get("headers", ()) if name == b"accept-language"), b"")
    language = language_of(accepted.decode("latin-1"))
    document = problem.render(language, instance=correlation_id())
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":"), default=str).encode("utf-8", "replace")
    headers = {"Content-Type": MEDIA_TYPE, "Content-Language": language, "Vary": "Accept-Language"}
    return problem.status, body, headers | {"Cache-Control": "no-store"} | problem.headers


def problem_of(error: Exception) -> Problem:
    """What to answer when a request ended with `error`; what is not the caller's doing is logged here."""
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    cause = error.__cause__
    if isinstance(error, HTTPException) and isinstance(cause, Problem):
        error = cause  # FastAPI wraps what is raised while it reads a form
    if isinstance(error, Problem):
        return error
    if isinstance(error, HTTPException):
        return _of_http(error)
    if isinstance(error, ClientDisconnect):
        return BadRequest()
    if _is_infrastructure(error):
        _log.warning("A dependency is unavailable", error=type(error).__name__, detail=without_quotes(str(error))[:200])
        return Unavailable()
    _log.error("Request failed unexpectedly", exc_info=error)
    return Problem()


_BY_STATUS: Final[Mapping[int, type[Problem]]] = {
    cls.status: cls for cls in (BadRequest, NotAuthenticated, NotFound, Malformed, RequestTimeout, HeadersTooLarge)
}


def not_allowed(methods: Iterable[str]) -> MethodNotAllowed:
    """The problem of a path that has `methods` and was asked with another; HEAD goes where GET does."""
    every = set(methods)
    allowed = ", ".join(sorted(every | ({"HEAD"} if "GET" in every else set())))
    return MethodNotAllowed(allowed=allowed, headers={"Allow": allowed})


def _of_http(error: HTTPException) -> Problem:
    headers = dict(error.headers or {})
    if error.status_code == MethodNotAllowed.status:
        return not_allowed(headers.get("Allow", "").replace(" ", "").split(","))
    cls = _BY_STATUS.get(error.status_code)
    return cls(headers=headers) if cls else Problem()


_RETRYABLE_CLASSES: Final = ("08", "53", "57", "58")  # connection, resources, operator intervention, system error
_RETRYABLE_STATES: Final = frozenset({"40001", "40P01", "55P03", "25P03", "25006"})


def _is_infrastructure(error: Exception) -> bool:
    """Whether a connection, pool or statement gave out; told by SQLSTATE and name, so that no driver is imported."""
    original = getattr(error, "orig", None) or error
    state = getattr(original, "sqlstate", None)
    if isinstance(state, str):
        return state.startswith(_RETRYABLE_CLASSES) or state in _RETRYABLE_STATES
    if isinstance(original, ConnectionError | TimeoutError) or getattr(error, "connection_invalidated", False):
        return True
    names = {cls.__name__ for cls in type(original).__mro__}
    if names & {"BusUnavailable", "gaierror", "InternalClientError"}:
        return True
    module = type(original).__module__.partition(".")[0]
    if module == "sqlalchemy" and "TimeoutError" in names:
        return True
    return module == "asyncpg" and "InterfaceError" in names and "clos" in str(original)
