"""Requests that offer another protocol: read like any other, body and all, however they arrive."""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

import httptools
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aksu_shared.serving.request_parser import RequestParser

OFFERS: Final = (
    b"",
    b"Connection: Upgrade\r\nUpgrade: websocket\r\n",
    b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n",
    b"upgrade: h2c\r\nUPGRADE: websocket\r\nconnection: keep-alive, upgrade\r\n",
)
BODIES: Final = (
    (b"", b""),
    (b"Content-Length: 0\r\n", b""),
    (b"Content-Length: 5\r\n", b"hello"),
    (b"Content-Length: 33\r\n", b"GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n"),
    (b"Transfer-Encoding: chunked\r\n", b"5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n"),
)


@dataclass
class Heard:
    """One request, as it was told."""

    method: bytes = b""
    url: bytes = b""
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    whole: bool = False


class Recorder:
    """A connection that keeps the requests whose heads were whole."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.url = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.tunnels = 0
        self.parser = RequestParser(self)

    def on_message_begin(self) -> None:
        self.url, self.headers = b"", []

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        assert not self.parser.should_upgrade()
        self.heard.append(Heard(self.parser.get_method(), self.url, self.headers))

    def on_body(self, body: bytes) -> None:
        self.heard[-1].body += body

    def on_message_complete(self) -> None:
        self.heard[-1].whole = True

    def on_tunnel_asked(self) -> None:
        self.tunnels += 1


def request(number: int, offer: bytes, framing: bytes, body: bytes) -> bytes:
    return b"POST /%d HTTP/1.1\r\nHost: x\r\n%b%b\r\n%b" % (number, offer, framing, body)


def read(stream: bytes, *, cuts: list[int]) -> list[Heard]:
    recorder = Recorder()
    places = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    for start, end in pairwise(places):
        recorder.parser.feed_data(stream[start:end])
    return recorder.heard


@given(
    requests=st.lists(st.tuples(st.sampled_from(OFFERS), st.sampled_from(BODIES)), min_size=1, max_size=5),
    cuts=st.lists(st.integers(0, 2000), max_size=12),
)
@example(requests=[(offer, body) for offer in OFFERS for body in BODIES], cuts=[])
@example(requests=[(offer, body) for offer in OFFERS for body in BODIES], cuts=list(range(3000)))
def test_requests_are_read_as_if_nothing_else_than_http_had_been_offered(
    requests: list[tuple[bytes, tuple[bytes, bytes]]], cuts: list[int]
) -> None:
    offering = b"".join(request(number, offer, *body) for number, (offer, body) in enumerate(requests))
    heard = read(offering, cuts=cuts)
    plain = read(b"".join(request(number, b"", *body) for number, (_, body) in enumerate(requests)), cuts=[])
    assert [(each.method, each.url, each.body, each.whole) for each in heard] == [
        (each.method, each.url, each.body, True) for each in plain
    ]
    assert all(name != b"upgrade" for each in heard for name, _ in each.headers)


def test_thousands_of_offers_in_one_read_are_thousands_of_requests() -> None:
    stream = request(1, OFFERS[1], *BODIES[2]) * 5_000
    assert len(read(stream, cuts=[])) == 5_000


def test_nothing_behind_connect_is_read() -> None:
    recorder = Recorder()
    recorder.parser.feed_data(b"CONNECT db:5432 HTTP/1.1\r\nHost: db\r\n\r\nGET /hidden HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (recorder.heard, recorder.tunnels) == ([], 1)


@pytest.mark.parametrize(
    "framing", [b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"Content-Length: 5, 6\r\n"]
)
def test_an_offer_makes_no_ambiguous_framing_good(framing: bytes) -> None:
    with pytest.raises(httptools.HttpParserError):
        read(request(1, OFFERS[1], framing, b"hello"), cuts=[])
