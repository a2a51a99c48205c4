"""HTTP/1.1 with deadlines: uvicorn itself waits for ever for half a header, a slow body or a client that does not read.

An ASGI middleware never sees half a request, so the deadlines live in the protocol class.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from aksu_shared.kernel.errors import Problem
from aksu_shared.serving.head import fault_of
from aksu_shared.serving.problems import (
    BadRequest,
    HeadersTooLarge,
    MethodNotImplemented,
    RequestTimeout,
    render_problem,
)
from aksu_shared.serving.request_parser import RequestParser


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """Seconds and bytes a connection may take.

    `header`: from the first byte (or the connection) to the end of the headers. `body`: within each such period at
    least `body_bytes` must arrive. `write`: the client must take something of the answer. `discard`: bytes of a body
    read and thrown away after the answer, so that a client still sending can read why it was refused.
    """

    header: float = 10
    body: float = 5
    body_bytes: int = 4096
    write: float = 30
    max_header_bytes: int = 32 * 1024
    discard: int = 16 * 1024 * 1024


DEFAULT: Final = Deadlines()


class DeadlineProtocol(HttpToolsProtocol):
    """uvicorn's httptools protocol that gives up on slow, endless and absent clients and takes no offer to upgrade."""

    deadlines: Deadlines = DEFAULT

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.parser = RequestParser(self)  # type: ignore[assignment]  # all that uvicorn calls of it
        self._timer: asyncio.TimerHandle | None = None
        self._write_timer: asyncio.TimerHandle | None = None
        self._in_header = False
        self._in_body = False
        self._header_bytes = 0
        self._body_bytes = 0
        self._discarded = 0
        self._trailer_bytes = 0
        self._framing_bytes = 0
        """Of the body, since anything of its content was read: sizes of chunks, what extends them, trailers."""
        self._over = False
        """Whether nothing more is read on this connection: something of it was refused."""
        self._last_word: bytes | None = None
        """The refusal of a request whose turn to be answered has not come."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn narrows it
        """Give a new connection until the header deadline to say something."""
        super().connection_made(transport)
        self._arm(self.deadlines.header, self._header_late)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timers."""
        self._disarm()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Let uvicorn parse, then see what is still awaited of the client: the common request arrives whole."""
        if self._over:
            self._throw_away(len(data))
            return
        if self._in_body:
            self._framing_bytes += len(data)
        else:
            if not self._in_header:
                self.on_header_awaited()
            self._header_bytes += len(data)
        super().data_received(data)
        self._await_more()

    def _await_more(self) -> None:
        """Set the deadline of what the client still owes."""
        if self._over or self.transport.is_closing():
            self._disarm()
        elif self._in_header:
            if self._header_bytes > self.deadlines.max_header_bytes:
                self._refuse(HeadersTooLarge())
            elif self._timer is None:
                self._arm(self.deadlines.header, self._header_late)
        elif self._in_body:
            if self._framing_bytes > self.deadlines.max_header_bytes:
                self._refuse(HeadersTooLarge())
            elif self._timer is None:
                self._arm(self.deadlines.body, self._body_late)
        else:
            self._disarm()

    def on_header_awaited(self) -> None:
        """A request has begun, if only with an empty line."""
        self._in_header = True
        self._header_bytes = 0

    def on_message_begin(self) -> None:
        """Another request in the same read begins here too."""
        if self._over:
            return
        if not self._in_header:
            self.on_header_awaited()
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header. A trailer is only counted: what stands behind the body changes nothing of the request."""
        if self._over:
            return
        if not self._in_body:
            super().on_header(name, value)
            return
        self._trailer_bytes += len(name) + len(value)
        if self._trailer_bytes > self.deadlines.max_header_bytes:
            self._refuse(HeadersTooLarge())

    def on_headers_complete(self) -> None:
        """Start the request, unless its head alone is refused."""
        if self._over:
            return
        self._in_header = False
        self._disarm()
        version = self.parser.get_http_version()
        fault = fault_of(self.url, self.headers, version=version, limit=self.deadlines.max_header_bytes)
        if fault is not None:
            self._refuse(fault)
            return
        super().on_headers_complete()
        self._in_body = True
        self._body_bytes = self._discarded = self._framing_bytes = self._trailer_bytes = 0

    def on_body(self, body: bytes) -> None:
        """Count the body; after the answer is out, throw it away up to a bound."""
        if self._over:
            return
        self._body_bytes += len(body)
        self._framing_bytes = 0
        if self.cycle.response_complete:
            self._throw_away(len(body))
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole: nothing is awaited of the client."""
        if self._over:
            return
        self._in_body = False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Begin with the next request of those that came meanwhile; behind the last of them, what was refused."""
        last = not self.pipeline
        super().on_response_complete()
        if last and self._last_word is not None and not self.transport.is_closing():
            self.transport.write(self._last_word)
            self.transport.close()

    def on_tunnel_asked(self) -> None:
        """Refuse to be a proxy, and read nothing more."""
        self._refuse(MethodNotImplemented())

    def pause_writing(self) -> None:
        """The client does not read: it has until the write deadline to start again."""
        super().pause_writing()
        if self._write_timer is None:
            self._write_timer = self.loop.call_later(self.deadlines.write, self.transport.abort)

    def resume_writing(self) -> None:
        """The client reads again."""
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's sentence says nothing more
        """Answer what is not HTTP with a problem like any other."""
        self._refuse(BadRequest())

    def _arm(self, seconds: float, late: Callable[[], None]) -> None:
        self._disarm()
        self._timer = self.loop.call_later(seconds, late)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _header_late(self) -> None:
        self._timer = None
        if self._in_header:
            self._refuse(RequestTimeout())
        else:
            self.transport.close()  # connected and silent

    def _body_late(self) -> None:
        self._timer = None
        if self.flow.read_paused:  # the application is behind, not the client
            self._body_bytes = self.deadlines.body_bytes
        if self.cycle.response_complete:
            self.transport.close()
            return
        if self._body_bytes < self.deadlines.body_bytes:
            self._refuse(RequestTimeout())
            return
        self._body_bytes = 0
        self._arm(self.deadlines.body, self._body_late)

    def _throw_away(self, size: int) -> None:
        self._discarded += size
        if self._discarded > self.deadlines.discard:
            self.transport.abort()

    def _refuse(self, problem: Problem) -> None:
        """Answer from the protocol itself, in the refused request's turn, and close; nothing more is read.

        Answers have no names but their order: one given before its turn would be taken for that of another request.
        """
        if self._over:
            return
        self._over = True
        self._disarm()
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete:
            self.transport.write(self._rendered(problem))
        elif self._in_body and not self.pipeline:  # the request at work is the one whose body is refused
            if not self.cycle.response_started:
                self.transport.write(self._rendered(problem))
        else:
            if self._in_body:
                self.pipeline.popleft()  # the newest: it is not begun
            self._last_word = self._rendered(problem)
            return
        self.transport.close()

    def _rendered(self, problem: Problem) -> bytes:
        status, body, headers = render_problem(problem, {"headers": self.headers or []})
        headers |= {"Content-Length": str(len(body)), "Connection": "close", "X-Content-Type-Options": "nosniff"}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return b"".join((STATUS_LINE[status], lines.encode("latin-1"), b"\r\n", body))


def with_deadlines(deadlines: Deadlines) -> type[DeadlineProtocol]:
    """The protocol class with other deadlines than the default ones."""
    return type("DeadlineProtocol", (DeadlineProtocol,), {"deadlines": deadlines})
