"""The parser of a connection's requests, which takes no offer to speak anything but HTTP/1.1.

httptools leaves out the body of a request that offers an upgrade (`Upgrade: h2c`, as Java's client does, or
`websocket`), because the other protocol would begin there. What it leaves out would be read as the next request: the
client would lose its body, and a stranger could hide one request within another. A server may ignore the offer (RFC
9110, 7.8); to httptools that can be said in one way only, which is not to show it.
"""

from typing import Final, Protocol

import httptools

_OFFER: Final = b"upgrade"
_TUNNEL: Final = b"CONNECT"


class Connection(Protocol):
    """What a parser calls; `url` and `headers`, names in lower case, are those of the request whose head it reads."""

    url: bytes
    headers: list[tuple[bytes, bytes]]

    def on_message_begin(self) -> None:
        """Take note that a request begins."""

    def on_url(self, url: bytes) -> None:
        """Take its target, or a part of it."""

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header, or a trailer."""

    def on_headers_complete(self) -> None:
        """Take note that the head is whole."""

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""

    def on_message_complete(self) -> None:
        """Take note that the request is whole."""

    def on_tunnel_asked(self) -> None:
        """Refuse `CONNECT`, behind which nothing is a request any more."""


class RequestParser:
    """Calls its connection as httptools' parser does, and for a request with an offer as if there were none."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.on_message_begin = connection.on_message_begin
        self.on_url = connection.on_url
        self.on_header = connection.on_header
        self.on_body = connection.on_body
        self._parser = self._fresh()

    def feed_data(self, data: bytes) -> None:
        """Parse what arrived. Raises httptools.HttpParserError for what is no request."""
        while data:
            try:
                self._parser.feed_data(data)
            except httptools.HttpParserUpgrade as offer:
                (end,) = offer.args
                if self._parser.get_method() == _TUNNEL:
                    self._connection.on_tunnel_asked()
                    return
                self._read_again(self._head_without_offer())
                data = data[end:]
            else:
                return

    def on_headers_complete(self) -> None:
        """Tell the connection, unless the head is read again without its offer."""
        if not self._parser.should_upgrade():
            self._connection.on_headers_complete()

    def on_message_complete(self) -> None:
        """Tell the connection, unless this is where an offer cut the request off."""
        if not self._parser.should_upgrade():
            self._connection.on_message_complete()

    def get_method(self) -> bytes:
        """The request's method."""
        return self._parser.get_method()

    def get_http_version(self) -> str:
        """The request's version of HTTP, as `1.1`."""
        return self._parser.get_http_version()

    def should_keep_alive(self) -> bool:
        """Whether the client expects to send another request."""
        return self._parser.should_keep_alive()

    def should_upgrade(self) -> bool:
        """Never: uvicorn asks."""
        return False

    def _fresh(self) -> httptools.HttpRequestParser:
        parser = httptools.HttpRequestParser(self)
        parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn does: pipelined behind the last
        return parser

    def _head_without_offer(self) -> bytes:
        method, version = self._parser.get_method(), self._parser.get_http_version().encode()
        headers = (b"%b: %b\r\n" % header for header in self._connection.headers if header[0] != _OFFER)
        return b"%b %b HTTP/%b\r\n%b\r\n" % (method, self._connection.url, version, b"".join(headers))

    def _read_again(self, head: bytes) -> None:
        self._parser = self._fresh()
        self._parser.feed_data(head)
