"""Each of over a hundred streams of bytes has one reading, or is refused and the connection closed; by nginx too.

Nothing that lies in a body is ever a request, no request has two answers, and no stream is worth a 500.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest
from gateway import DOMAIN, gateway
from raw_http import Case, Outcome, Witness, corpus, outcome, statuses
from security_figures import Figures

from aksu_shared.serving.protocol import Deadlines
from aksu_shared.serving.server import serving

CASES: Final = corpus()
QUICK: Final = Deadlines(header=2, body=2)


def test_the_corpus_is_one() -> None:
    assert len(CASES) >= 74
    assert len({case.name for case in CASES}) == len(CASES)
    assert len({case.send for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_refusal_ends_the_connection_and_nothing_is_answered_that_was_not_read(case: Case) -> None:
    """What the corpus itself promises: the tests below hold the servers to it."""
    for found in (case.direct, case.gateway):
        good = [status for status in found.answers if status < 400]
        assert len(good) == len(found.reads)
        assert max(found.answers, default=0) not in {500, 502, 504}
    assert not case.direct.lives or max(case.direct.answers) < 400 or case.name == "asterisk form"
    hidden = [each for each in case.direct.reads if each.startswith("GET /hidden")]
    assert hidden == []


async def test_directly(figures: Figures) -> None:
    witness = Witness()
    wrong: dict[str, tuple[Outcome, Outcome]] = {}
    async with serving(witness.app(), deadlines=QUICK) as url:
        port = int(url.rpartition(":")[2])
        for case in CASES:
            found = await outcome(case.data("x"), await asyncio.open_connection("127.0.0.1", port), witness)
            wrong |= {} if found == case.direct else {case.name: (found, case.direct)}
    figures.record("raw_http_wrong", len(wrong))
    assert wrong == {}


async def test_by_the_gateway(tmp_path: Path, figures: Figures) -> None:
    witness = Witness()
    wrong: dict[str, tuple[Outcome, Outcome]] = {}
    async with (
        serving(witness.app()) as url,
        gateway(tmp_path, {"registry": url.removeprefix("http://")}) as door,
    ):
        for case in CASES:
            found = await outcome(case.data(f"registry.{DOMAIN}"), await door.connect("registry"), witness)
            expected = _renamed(case.gateway, f"registry.{DOMAIN}")
            wrong |= {} if found == expected else {case.name: (found, expected)}
    figures.record("raw_http_wrong", len(wrong))
    assert wrong == {}


def _renamed(expected: Outcome, host: str) -> Outcome:
    """With the host's name where a part of what was sent is told as a body."""
    return Outcome(
        expected.answers, expected.lives, [each.replace("Host: x", f"Host: {host}") for each in expected.reads]
    )


@pytest.mark.parametrize(
    ("stream", "found"),
    [
        (b"", []),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nHTTPHTTP/1.1 404 x\r\ncontent-length: 0\r\n\r\n", [200, 404]),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", [200]),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", [200]),
    ],
)
def test_answers_are_told_apart(stream: bytes, found: Sequence[int]) -> None:
    assert statuses(stream) == found
