"""The edge of an application, one pure ASGI middleware: correlation, limits, deadline, headers, failures, log, figures.

One class instead of seven layers: each layer would wrap `send` once more for every request.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import structlog
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aksu_shared.kernel.errors import Problem, TooManyRequests, Unavailable
from aksu_shared.kernel.logging import set_correlation
from aksu_shared.serving.metrics import HTTP
from aksu_shared.serving.problems import problem_of, render_problem
from aksu_shared.web.caching import kept_apart
from aksu_shared.web.rate import CallerRates
from aksu_shared.web.room import WaitingRoom, unless_gone
from aksu_shared.web.shown import correlation_of, shown_path

DEFAULT_DEADLINE: Final = 10.0
FREE_PATHS: Final = frozenset({"/healthz", "/readyz", "/metrics"})
"""Answered however busy the application is, and not logged: probes come every few seconds."""
_SWEEP_SECONDS: Final = 0.25

_SECURITY: Final = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"strict-transport-security", b"max-age=31536000; includeSubDomains"),  # browsers heed it over TLS alone
]
_POLICY_NAME: Final = b"content-security-policy"
_POLICY: Final = (_POLICY_NAME, b"default-src 'none'; frame-ancestors 'none'")
_BODILESS: Final = frozenset({"GET", "HEAD"})
_EXCHANGE: Final = "aksu.exchange"

_log = structlog.get_logger(__name__)


class Edge:
    """Wraps the whole application.

    `limit` bounds the requests at work, `room` those that wait for something, `deadline` the seconds each may take,
    `rates` the requests of each caller.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        room: WaitingRoom,
        limit: int = 20,
        deadline: float = DEFAULT_DEADLINE,
        rates: CallerRates | None = None,
    ) -> None:
        self.app = app
        self.rates = rates
        self.room = room
        self.limit = limit
        self.deadline = deadline
        self.active = 0
        self.log = structlog.get_logger(__name__).bind()  # bound once: a lazy logger binds itself for every line
        self._at_work: set[Exchange] = set()
        self._sweep: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection event of ASGI."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        exchange = Exchange(self, scope, send)
        scope[_EXCHANGE] = exchange
        if scope["path"] in FREE_PATHS:
            await exchange.run(receive)
            exchange.part()
            return
        refusal = self._refusal(exchange, scope)
        if refusal is not None:
            HTTP.refused += 1
            await exchange.fail(refusal)
        else:
            self.active += 1
            HTTP.active += 1
            try:
                await exchange.run(receive)
            finally:
                self.active -= 1
                HTTP.active -= 1
        exchange.record()
        exchange.part()

    def _refusal(self, exchange: "Exchange", scope: Scope) -> Problem | None:
        """Why this request is not even begun: its caller makes too many, or too many are at work."""
        if self.rates is not None:
            try:
                exchange.standing = self.rates.take(scope)
            except TooManyRequests as refused:
                return refused
        return Unavailable(retry_after=1) if self.active >= self.limit else None

    def watch(self, exchange: "Exchange") -> None:
        """See to it that `exchange` is given up at its deadline: one timer for all is cheaper than one for each."""
        self._at_work.add(exchange)
        loop = asyncio.get_running_loop()
        if self._sweep is None or self._loop is not loop:
            self._loop = loop
            self._sweep = loop.call_later(self._tick, self._give_up_overdue)

    def forget(self, exchange: "Exchange") -> None:
        """`exchange` has ended."""
        self._at_work.discard(exchange)

    @property
    def _tick(self) -> float:
        return min(_SWEEP_SECONDS, self.deadline / 5)

    def _give_up_overdue(self) -> None:
        self._sweep = None
        now = time.perf_counter()
        for exchange in self._at_work:
            exchange.give_up_if_overdue(now)
        if self._at_work and self._loop is not None:
            self._sweep = self._loop.call_later(self._tick, self._give_up_overdue)


class Exchange:
    """One request and its answer, as the edge sees them."""

    __slots__ = (
        "_complete", "_correlation", "_deadline", "_edge", "_expired", "_receive", "_scope", "_send", "_started",
        "_task", "standing", "status",
    )  # fmt: skip

    def __init__(self, edge: Edge, scope: Scope, send: Send) -> None:
        self._edge = edge
        self._scope = scope
        self._send = send
        self._started = time.perf_counter()
        self._deadline = self._started + edge.deadline
        self._task: asyncio.Task[Any] | None = None
        self._expired = False
        self._receive: Receive = _no_receive
        self._complete = False
        self._correlation = correlation_of(scope)
        self.standing: Sequence[tuple[bytes, bytes]] = ()
        self.status = 0
        set_correlation(self._correlation)

    async def run(self, receive: Receive) -> None:
        """Run the application; whatever it raises becomes an answer."""
        self._task = asyncio.current_task()
        self._receive = receive
        self._edge.watch(self)
        try:
            await self._edge.app(self._scope, self.receive, self.send)
        except asyncio.CancelledError:
            if not self._expired or self._task is None or self._task.uncancel():
                raise  # the server ends, or somebody else gave the request up
            await self._end(TimeoutError())
        except Exception as error:  # noqa: BLE001 - the one place where everything ends
            self._edge.forget(self)  # its answer is not given up as well
            await self._end(error)
        finally:
            self._edge.forget(self)

    async def receive(self) -> Message:
        """Take the request's next message; who sends its body slowly holds no slot while the others wait for one.

        Raises Unavailable when the body is whole at last and no slot is free: the client may send it again.
        """
        if self._complete:
            return await self._receive()
        edge = self._edge
        edge.active -= 1
        try:
            message = await self._receive()
        finally:
            edge.active += 1
        if not message.get("more_body"):
            self._complete = True
            if edge.active > edge.limit:
                raise Unavailable(retry_after=1)
        return message

    async def send(self, message: Message) -> None:
        """Pass a message on; the head gets the headers that every answer carries."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            given = message.get("headers", ())
            headers = [
                *given,
                *kept_apart(self._scope, given),
                *_SECURITY,
                *self.standing,
                (b"x-correlation-id", self._correlation.id.encode()),
            ]
            for name, _ in headers:
                if name == _POLICY_NAME:
                    break
            else:
                headers.append(_POLICY)
            message["headers"] = headers
        await self._send(message)

    async def fail(self, problem: Problem) -> None:
        """Answer with `problem`."""
        status, body, headers = render_problem(problem, self._scope)
        await Response(body, status, headers)(self._scope, _no_receive, self.send)

    def record(self) -> None:
        """Write the access line and the figures."""
        seconds = time.perf_counter() - self._started
        route = getattr(self._scope.get("route"), "path", "unmatched")
        method = self._scope["method"]
        HTTP.observe(method, route, self.status, seconds)
        self._edge.log.info(
            "Request answered",
            method=method,
            path=shown_path(self._scope, route),
            route=route,
            status=self.status,
            milliseconds=round(seconds * 1000, 1),
        )

    def part(self) -> None:
        """Let go of what holds this exchange in turn: seventy objects of every request waited for the collector."""
        del self._scope[_EXCHANGE], self._scope, self._task, self._receive, self._send

    def reschedule(self, seconds: float) -> None:
        """Set the deadline to `seconds` from now."""
        self._deadline = time.perf_counter() + seconds

    def give_up_if_overdue(self, now: float) -> None:
        """Cancel the request once when its deadline has passed.

        A commit under way is then done or undone as a whole; the caller learns which by its idempotency key.
        """
        if now >= self._deadline and not self._expired and self._task is not None:
            self._expired = True
            self._task.cancel()

    async def rest(self, until: Callable[[], Awaitable[object]]) -> None:
        """Give the slot back until `until` returns. Raises as `waiting` does."""
        edge = self._edge
        with edge.room.seat(self._scope):
            edge.active -= 1
            try:
                whole = self._complete or self._scope["method"] in _BODILESS
                await unless_gone(until, self._receive if whole else None)
            finally:
                edge.active += 1

    async def _end(self, error: Exception) -> None:
        answer = getattr(error, "response", None)
        if isinstance(answer, Response) and not self.status:
            await answer(self._scope, _no_receive, self.send)  # a repeated request ends with its first answer
            return
        if self._expired:
            _log.warning("Request gave up at its deadline")
            problem: Problem = Unavailable(retry_after=1)
        else:
            problem = problem_of(error)
        if self.status:
            _log.warning("Answer broken off", status=self.status, error=type(error).__name__)
            return  # the server closes the connection: the client sees that the body is not whole
        await self.fail(problem)


def extend_deadline(request: HTTPConnection | Mapping[str, Any], seconds: float) -> None:
    """Let this request take `seconds` from now: for exports and long polls."""
    exchange = _exchange(request)
    if exchange is not None:
        exchange.reschedule(seconds)


async def waiting(request: HTTPConnection | Mapping[str, Any], until: Callable[[], Awaitable[object]]) -> None:
    """Wait for `until()` without taking a slot: no connection of the pool may be held meanwhile.

    Raises Unavailable or TooManyRequests when too many wait already, ClientDisconnect as soon as the client hangs up.
    """
    exchange = _exchange(request)
    if exchange is None:
        await until()
    else:
        await exchange.rest(until)


def _exchange(request: HTTPConnection | Mapping[str, Any]) -> Exchange | None:
    scope = request.scope if isinstance(request, HTTPConnection) else request
    found: Exchange | None = scope.get(_EXCHANGE)
    return found


async def _no_receive() -> Message:
    return {"type": "http.disconnect"}
