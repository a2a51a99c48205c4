"""How the issuer's keys are fetched, kept and rotated."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from aksu_local.waiting import eventually
from aksu_shared.auth.jwks import DiscoveredKeys, FileKeys, usable_keys
from aksu_shared.kernel.errors import Unavailable

ISSUER = "https://issuer.example/realm"
FIRST, SECOND = ECKey.generate_key("P-256", auto_kid=True), ECKey.generate_key("P-256", auto_kid=True)


class Issuer:
    """An issuer over HTTP, of which a test can say what it answers."""

    def __init__(self) -> None:
        self.keys: list[Any] = [FIRST]
        self.requests: list[str] = []
        self.answer: Callable[[httpx.Request], httpx.Response] | None = None
        self.discovery: dict[str, Any] = {"issuer": ISSUER, "jwks_uri": "https://issuer.example/keys"}

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request.url.path)
        await asyncio.sleep(0)
        if self.answer is not None:
            return self.answer(request)
        if request.url.path == "/realm/.well-known/openid-configuration":
            return httpx.Response(200, json=self.discovery)
        return httpx.Response(200, json=KeySet(self.keys).as_dict(private=False))

    @property
    def fetches(self) -> int:
        return self.requests.count("/keys")


class Time:
    value = 1000.0

    def __call__(self) -> float:
        return self.value


async def settled() -> None:
    """Let what runs beside a request run."""
    for _ in range(50):
        await asyncio.sleep(0)


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
def keys(issuer: Issuer, clock: Time) -> DiscoveredKeys:
    return DiscoveredKeys(ISSUER, transport=httpx.MockTransport(issuer), now=clock)


async def test_keys_are_found_by_discovery_and_fetched_once_for_many(keys: DiscoveredKeys, issuer: Issuer) -> None:
    found = await asyncio.gather(*(keys.find(FIRST.kid) for _ in range(50)))
    assert {key.kid for key in found if key} == {FIRST.kid}
    assert issuer.requests == ["/realm/.well-known/openid-configuration", "/keys"]


async def test_unknown_key_ids_cause_one_fetch_per_cool_down(keys: DiscoveredKeys, issuer: Issuer, clock: Time) -> None:
    await keys.find(FIRST.kid)
    for number in range(100):
        assert await keys.find(f"unknown-{number}") is None
    assert issuer.fetches == 1
    clock.value += 30
    await asyncio.gather(*(keys.find(f"unknown-{number}") for number in range(100)))
    assert issuer.fetches == 2


async def test_a_new_key_is_found_after_the_cool_down_and_the_old_one_goes(
    keys: DiscoveredKeys, issuer: Issuer, clock: Time
) -> None:
    await keys.find(FIRST.kid)
    before = keys.generation
    issuer.keys = [SECOND]
    clock.value += 31
    assert await keys.find(SECOND.kid) is not None
    assert await keys.find(FIRST.kid) is None
    assert keys.generation == before + 1


async def test_known_keys_are_looked_at_again_after_a_while(keys: DiscoveredKeys, issuer: Issuer, clock: Time) -> None:
    await keys.find(FIRST.kid)
    for wait in (31, 568, 1):  # to the last second, beyond the cool-down
        clock.value += wait
        await keys.find(FIRST.kid)
        await settled()
    assert issuer.fetches == 1
    clock.value += 1
    issuer.keys = [SECOND]
    assert await keys.find(FIRST.kid) is not None  # whose key is known waits for nobody
    await eventually(lambda: asyncio.sleep(0, issuer.fetches == 2))
    assert await keys.find(SECOND.kid) is not None


async def test_while_the_issuer_is_away_known_keys_serve_for_an_hour(
    keys: DiscoveredKeys, issuer: Issuer, clock: Time
) -> None:
    await keys.find(FIRST.kid)
    issuer.answer = lambda _request: httpx.Response(503)
    clock.value += 3600
    assert await keys.find(FIRST.kid) is not None
    await settled()
    assert len(issuer.requests) == 3  # in vain, beside the request
    clock.value += 31
    with pytest.raises(Unavailable):
        await keys.find(FIRST.kid)
    issuer.answer = None
    clock.value += 31
    assert await keys.find(FIRST.kid) is not None


def fail(_request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused")


@pytest.mark.parametrize(
    "answer",
    [
        fail,
        lambda _: httpx.Response(500),
        lambda _: httpx.Response(302, headers={"Location": "https://evil.example"}),
        lambda _: httpx.Response(200, content=b"<html>"),
        lambda _: httpx.Response(200, json=[]),
        lambda _: httpx.Response(200, json={"keys": []}),
        lambda _: httpx.Response(200, json={"keys": [{"kty": "EC"}]}),
        lambda _: httpx.Response(200, content=b'{"issuer":"a","issuer":"b"}'),
        lambda _: httpx.Response(200, content=b" " * 300_000),
    ],
)
async def test_without_keys_the_service_is_unavailable_and_asks_once(
    keys: DiscoveredKeys, issuer: Issuer, answer: Callable[[httpx.Request], httpx.Response]
) -> None:
    issuer.answer = answer
    for _ in range(5):
        with pytest.raises(Unavailable) as caught:
            await keys.find("any")
        assert caught.value.headers["Retry-After"] == "30"
    assert len(issuer.requests) == 1


async def test_a_discovery_document_of_another_issuer_is_refused(keys: DiscoveredKeys, issuer: Issuer) -> None:
    issuer.discovery["issuer"] = "https://evil.example"
    with pytest.raises(Unavailable):
        await keys.find(FIRST.kid)
    assert issuer.fetches == 0


async def test_an_issuer_s_address_may_end_with_a_slash(issuer: Issuer) -> None:
    issuer.discovery["issuer"] = ISSUER + "/"
    assert await DiscoveredKeys(ISSUER + "/", transport=httpx.MockTransport(issuer)).find(FIRST.kid)
    assert issuer.requests == ["/realm/.well-known/openid-configuration", "/keys"]


async def test_documents_are_asked_for_as_json_and_read_to_their_end(issuer: Issuer) -> None:
    document = json.dumps(KeySet([FIRST]).as_dict(private=False)).encode()
    asked: list[tuple[str, str | None]] = []

    async def parts(size: int) -> AsyncIterator[bytes]:
        padded = document.ljust(size)
        yield padded[:100]
        yield padded[100:]

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append((request.method, request.headers.get("accept")))
        return httpx.Response(200, content=parts(256 * 1024 + len(asked) - 1))

    issuer.answer = answer
    for known in (True, False):  # of 256 KiB, and of a byte more
        keys = DiscoveredKeys(ISSUER, jwks_url="https://issuer.example/keys", transport=httpx.MockTransport(issuer))
        if known:
            assert await keys.find(FIRST.kid)
        else:
            with pytest.raises(Unavailable):
                await keys.find(FIRST.kid)
    assert asked == [("GET", "application/json")] * 2


async def test_an_issuer_that_does_not_answer_is_waited_for_less_long_than_a_request_lives(
    keys: DiscoveredKeys, monkeypatch: pytest.MonkeyPatch, issuer: Issuer
) -> None:
    async def silence(_request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr("aksu_shared.auth.jwks._PATIENCE", 0.01)
    monkeypatch.setattr(issuer.__class__, "__call__", lambda _self, request: silence(request))
    async with asyncio.timeout(5):
        with pytest.raises(Unavailable):
            await keys.find(FIRST.kid)


async def test_the_keys_are_as_old_as_the_question_that_brought_them(keys: DiscoveredKeys, issuer: Issuer) -> None:
    asked: list[float] = []

    def answer(_request: httpx.Request) -> httpx.Response:
        asked.append(time.time())
        issuer.answer = None
        return httpx.Response(200, json=issuer.discovery)

    issuer.answer = answer
    before = time.time()
    await keys.find(FIRST.kid)
    assert before <= keys.as_of <= asked[0]


async def test_the_address_of_the_keys_can_be_given(issuer: Issuer) -> None:
    keys = DiscoveredKeys(ISSUER, jwks_url="https://issuer.example/keys", transport=httpx.MockTransport(issuer))
    assert await keys.find(FIRST.kid)
    assert issuer.requests == ["/keys"]


async def test_without_a_key_id_there_must_be_one_key_only(keys: DiscoveredKeys, issuer: Issuer, clock: Time) -> None:
    assert await keys.find(None) is not None
    issuer.keys = [FIRST, SECOND]
    clock.value += 601
    await keys.find(None)
    await eventually(lambda: asyncio.sleep(0, issuer.fetches == 2))
    assert await keys.find(None) is None


def test_only_signature_keys_of_enough_strength_are_used() -> None:
    rsa = RSAKey.generate_key(2048, {"kid": "rsa"})
    with pytest.warns(SecurityWarning):
        weak = RSAKey.generate_key(1024, {"kid": "weak"})
    other_curve = ECKey.generate_key("P-384", {"kid": "p384"})
    encryption = ECKey.generate_key("P-256", {"kid": "enc", "use": "enc"})
    secret = OctKey.generate_key(256, {"kid": "secret"})
    listed = [key.as_dict() for key in (FIRST, rsa, weak, other_curve, encryption, secret)]
    unknown = {"kty": "AKP", "kid": "future"}
    with pytest.warns(SecurityWarning):
        assert usable_keys({"keys": [*listed, unknown]}).keys() == {FIRST.kid, "rsa"}


async def test_a_key_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "jwks.json"
    keys = FileKeys(path)
    with pytest.raises(Unavailable) as caught:
        await keys.find(FIRST.kid)
    assert caught.value.headers == {"Retry-After": "5"}
    path.write_text(json.dumps(KeySet([FIRST]).as_dict(private=False)))
    assert await keys.find(FIRST.kid) is not None
    draft = tmp_path / "draft"
    draft.write_text(json.dumps(KeySet([SECOND]).as_dict(private=False)))
    draft.replace(path)
    assert await keys.find(FIRST.kid) is None
    assert await keys.find(SECOND.kid) is not None


@pytest.mark.parametrize(
    ("address", "https_only", "found"),
    [
        ("http://issuer.example/keys", True, False),
        ("https://issuer.example/keys", True, True),
        ("http://issuer.example/keys", False, True),
    ],
)
async def test_keys_whose_address_anybody_could_answer_are_not_fetched(
    issuer: Issuer, address: str, *, https_only: bool, found: bool
) -> None:
    issuer.discovery["jwks_uri"] = address
    keys = DiscoveredKeys(ISSUER, https_only=https_only, transport=httpx.MockTransport(issuer))
    try:
        assert (await keys.find(FIRST.kid) is not None) is found
    except Unavailable:
        assert not found
    assert issuer.fetches == found
