"""Attacks on tokens, against a service that finds its issuer's keys by discovery over HTTP."""

import asyncio
import hashlib
import hmac
import itertools
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import pytest_asyncio
from joserfc.jwk import ECKey, RSAKey
from joserfc.util import urlsafe_b64decode, urlsafe_b64encode
from oidc_issuer import Issuer, part, sign
from security_figures import Figures

from aksu_local.served import Serve, Served
from aksu_shared.auth import low_s
from aksu_shared.auth.jwks import DiscoveredKeys
from aksu_shared.auth.tokens import InvalidToken
from aksu_shared.kernel.errors import Unavailable

STRANGER = ECKey.generate_key("P-256", auto_kid=True)
OPEN, CLOSED = "/v1/services", "/v1/audit"
"""A door for everybody, where a bad token is no pass either; and one for few."""
TURNS, ROTATIONS = 30, 2
"""Requests of each client while keys are rotated, and rotations: at least so many, however fast the machine."""


class Time:
    """The clock of the keys' cool-down, moved by the test."""

    value = 1000.0

    def __call__(self) -> float:
        return self.value


@dataclass(frozen=True)
class Rig:
    """A registry, its issuer, and the clock of the cool-down."""

    registry: Served
    issuer: Issuer
    clock: Time

    def goes_on(self, turn: int) -> bool:
        """Whether a client whose keys are rotated meanwhile asks once more."""
        return turn < TURNS or len(self.issuer.keys) <= ROTATIONS

    async def ask(self, token: str, path: str = CLOSED) -> int:
        answer = await self.registry.client.get(path, headers={"Authorization": f"Bearer {token}"})
        return answer.status_code

    async def verify(self, token: str) -> str:
        """The verifier's own verdict, without the rest of a request."""
        try:
            await self.registry.app.state.access._verifier.principal(token.encode())
        except InvalidToken:
            return "refused"
        except Unavailable:
            return "later"
        return "accepted"


@pytest_asyncio.fixture
async def rig(serve: Serve) -> AsyncIterator[Rig]:
    clock = Time()
    async with Issuer(clock) as issuer:
        registry = await serve("registry", oidc_issuer=issuer.url, oidc_jwks_file=None)
        keys = registry.app.state.access._verifier._keys
        assert isinstance(keys, DiscoveredKeys)
        keys._now = clock
        yield Rig(registry, issuer, clock)


def forgeries(issuer: Issuer) -> Iterator[tuple[str, str]]:
    """Tokens that must not pass, each for a reason of its own."""
    good = issuer.token()
    head, claims, signature = good.split(".")
    now = int(time.time())
    yield "alg none", part({"alg": "none", "typ": "at+jwt"}) + f".{claims}."
    yield "alg none, signed", part({"alg": "none", "typ": "at+jwt"}) + f".{claims}.{signature}"
    for name in ("None", "NONE", "nOnE", "HS256", "ES384", "EdDSA", "PS256", "RS256", "es256", ""):
        yield f"alg {name}", part({"alg": name, "typ": "at+jwt", "kid": issuer.keys[0].kid}) + f".{claims}.{signature}"
    for secret in (issuer.keys[0].as_pem(private=False), issuer.keys[0].as_der(private=False), b"", b"secret"):
        start = part({"alg": "HS256", "typ": "at+jwt", "kid": issuer.keys[0].kid}) + "." + claims
        yield "HS256 with the public key", f"{start}.{part(hmac.digest(secret, start.encode(), hashlib.sha256))}"
    for claim in ("iss", "aud", "exp", "iat", "sub"):
        yield f"without {claim}", issuer.token(**{claim: None})
    wrong: dict[str, tuple[Any, ...]] = {
        "iss": ("https://evil.example", issuer.url + "/", issuer.url.upper(), [issuer.url], 5, {}),
        "aud": ("aksu-licensing", ["aksu-licensing"], "aksu", "aksu-registry2", {"aksu-registry": 1}, 1, [], ""),
        "exp": (now - 31, 0, -1, "soon", str(now + 300), True, [now + 300], 1e400),
        "iat": (now + 120, "now", True, [now]),
        "nbf": (now + 120, "now", [now]),
        "sub": ("", " ", "anonymous", 5, ["s-1"], {}, "a\nb", "x" * 201),
        "roles": (5, {"inspector": 1}),
        "body": ("AKSU,BG", "b:AKSU", 5, ["AKSU"], "AKSU\n", "*", "%"),
    }
    for claim, values in wrong.items():
        for value in values:
            yield f"{claim} {value!r}"[:60], issuer.token(**{claim: value})
    yield from _headers(issuer, claims, signature)
    yield from _writings(good, head, claims, signature)


def _headers(issuer: Issuer, claims: str, signature: str) -> Iterator[tuple[str, str]]:
    kid = issuer.keys[0].kid
    mine = STRANGER.as_dict(private=False)
    extras: tuple[dict[str, Any], ...] = (
        {"crit": ["exp"]}, {"crit": ["b64"], "b64": False}, {"crit": []}, {"jku": "http://127.0.0.1:1/keys"},
        {"x5u": "http://127.0.0.1:1/cert"}, {"jwk": mine}, {"x5c": ["MII"]}, {"jwk": mine, "kid": STRANGER.kid},
        {"typ": "JWT"}, {"typ": "id+jwt"}, {"typ": "dpop+jwt"}, {"typ": ""}, {"typ": None}, {"typ": ["at+jwt"]},
        {"zip": "DEF"}, {"enc": "A128GCM"},
    )  # fmt: skip
    for extra in extras:
        yield f"header {extra}"[:60], issuer.token(header=extra)
        yield f"header {extra}, own key"[:60], issuer.token(header={"kid": kid} | extra, key=STRANGER)
    for other in (
        "../../../../etc/passwd", "/dev/null", "' OR '1'='1", "x' UNION SELECT 'key'; --", "\x00", "a" * 900,
        "${jndi:ldap://x}", "http://127.0.0.1:1/keys", "\u202e", 5, None, ["x"], {"kid": kid}, True,
    ):  # fmt: skip
        yield f"kid {other!r}"[:60], issuer.token(header={"kid": other}, key=STRANGER)
    head = f'{{"alg":"ES256","typ":"at+jwt","kid":"x","kid":"{kid}"}}'.encode()
    yield "kid twice", f"{part(head)}.{claims}.{signature}"


def _writings(good: str, head: str, claims: str, signature: str) -> Iterator[tuple[str, str]]:
    yield "padded signature", f"{good}="
    yield "padded twice", f"{good}=="
    yield "blank within", f"{head}.{claims}. {signature}"
    yield "tab within", f"{head}.{claims}.{signature[:-4]}\t{signature[-4:]}"
    yield "cut", good[:-1]
    yield "longer", f"{good}A"
    yield "without signature", f"{head}.{claims}."
    yield "two parts", f"{head}.{claims}"
    yield "four parts", f"{good}.x"
    yield "five parts", f"{good}.x.y"
    yield "empty", ".."
    yield "plain base64", good.replace("_", "/") if "_" in good else f"{good}+"
    yield "huge", "x" * 9000
    yield "claims of another", f"{head}.{part({'sub': 'x'})}.{signature}"
    yield "array", f"{head}.{part([])}.{signature}"
    yield "quoted", f'"{good}"'


async def test_no_forged_token_passes(rig: Rig, figures: Figures) -> None:
    assert await rig.ask(rig.issuer.token()) == 200
    passed = []
    count = 0
    for name, token in forgeries(rig.issuer):
        for path in (OPEN, CLOSED):
            count += 1
            # A key id that may be one of a moment ago is put off until the issuer may be asked again.
            if await rig.ask(token, path) not in ({401, 503} if name.startswith("kid ") else {401}):
                passed.append((name, path))
    figures.record("forged_accepted", len(passed))
    figures.record("jwks_fetches", rig.issuer.most_in(30))
    assert not passed
    assert count > 200


async def test_no_changed_byte_passes(rig: Rig, figures: Figures) -> None:
    good = rig.issuer.token()
    assert await rig.verify(good) == "accepted"
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    changed = [
        good[:place] + letters[(letters.index(good[place]) + step) % 64] + good[place + 1 :]
        for place in range(len(good))
        if good[place] != "."
        for step in (1, 16, 32)
    ]
    accepted = [token for token in changed if await rig.verify(token) == "accepted"]
    figures.record("forged_accepted", len(accepted))
    assert not accepted
    assert len(changed) > 1000


async def test_a_signature_written_the_other_way_does_not_pass_where_the_issuer_writes_one(serve: Serve) -> None:
    registry = await serve("registry")  # of the development issuer
    good = registry.issuer.issue("s-1", roles=["inspector"], body="AKSU")
    signed, _, signature = good.rpartition(".")
    again = f"{signed}.{urlsafe_b64encode(low_s.other(urlsafe_b64decode(signature.encode()))).decode()}"
    for token, status in ((good, 200), (again, 401), (good, 200), (again, 401)):
        answer = await registry.client.get("/v1/services", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == status


async def test_a_flood_of_unknown_keys_costs_the_issuer_one_question_in_thirty_seconds(
    rig: Rig, figures: Figures
) -> None:
    """Ten thousand, over five minutes, with good tokens between them."""
    accepted = refused = 0
    good = rig.issuer.token()
    await rig.verify(good)
    for number in range(10_000):
        rig.clock.value += 0.03
        forged = rig.issuer.token(header={"kid": f"unknown-{number}"}, key=STRANGER)
        accepted += await rig.verify(forged) == "accepted"
        if number % 100 == 0:
            refused += await rig.ask(rig.issuer.token(jti=str(number))) != 200
    figures.record("forged_accepted", accepted)
    figures.record("good_refused", refused)
    figures.record("jwks_fetches", rig.issuer.most_in(30))
    assert (accepted, refused) == (0, 0)
    assert rig.issuer.most_in(30) == 1
    assert len(rig.issuer.fetched) <= 11


async def test_while_the_keys_cannot_be_had_those_known_serve_for_an_hour(rig: Rig, figures: Figures) -> None:
    await rig.verify(rig.issuer.token())
    refused = accepted = 0
    for failure in ("error", "silence"):
        rig.issuer.status, rig.issuer.silent = (503, False) if failure == "error" else (200, True)
        for minute in range(25):
            rig.clock.value += 60
            refused += await rig.ask(rig.issuer.token(jti=f"{failure}{minute}")) != 200
            accepted += (
                await rig.verify(rig.issuer.token(key=STRANGER, header={"kid": rig.issuer.keys[0].kid})) != "refused"
            )
    figures.record("good_refused", refused)
    figures.record("forged_accepted", accepted)
    figures.record("jwks_fetches", rig.issuer.most_in(30))
    assert (refused, accepted) == (0, 0)
    rig.clock.value += 700
    assert await rig.ask(rig.issuer.token(jti="late"), OPEN) == 503


async def test_rotation_under_load_refuses_no_good_token(rig: Rig, figures: Figures) -> None:
    """A token of a key that the issuer published a moment ago may be put off, never refused."""
    wrong: list[str] = []
    put_off = done = 0
    stop = asyncio.Event()

    async def client(number: int) -> None:
        nonlocal put_off, done
        for turn in itertools.takewhile(rig.goes_on, itertools.count()):
            token = rig.issuer.token(jti=f"{number}-{turn}")
            while (status := await rig.ask(token, OPEN)) == 503:
                put_off += 1
                await asyncio.sleep(0.005)
            done += 1
            if status != 200:
                wrong.append(f"{number}-{turn}: {status}")

    async def attacker() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            await rig.verify(rig.issuer.token(header={"kid": f"unknown-{number}"}, key=STRANGER))
            await asyncio.sleep(0.002)

    async def rotations() -> None:
        while not stop.is_set():
            rig.issuer.rotate()
            for _ in range(20):
                rig.clock.value += 3
                await asyncio.sleep(0.02)

    others = [asyncio.create_task(attacker()), asyncio.create_task(rotations())]
    await asyncio.gather(*(client(number) for number in range(8)))
    stop.set()
    await asyncio.gather(*others)
    # The clock races here, so instants of arrival say little: what counts is how many cool-downs passed in all.
    spans = 1 + (rig.clock.value - Time.value) // 30
    figures.record("good_refused", len(wrong))
    figures.record("jwks_fetches", round(len(rig.issuer.fetched) / spans, 2))
    assert not wrong
    assert done >= 8 * TURNS
    assert len(rig.issuer.fetched) <= spans


async def test_a_withdrawn_key_ends_its_tokens(rig: Rig) -> None:
    old = rig.issuer.token(iat=int(time.time()) - 60)
    assert await rig.ask(old) == 200
    rig.issuer.rotate(keep=False)
    rig.clock.value += 601
    assert await rig.ask(rig.issuer.token()) == 200
    assert await rig.ask(old) == 401


async def test_an_rsa_issuer_is_as_good_and_keeps_its_algorithm(rig: Rig) -> None:
    key = RSAKey.generate_key(2048, auto_kid=True)
    rig.issuer.keys = [key]
    now = int(time.time())
    claims = {"iss": rig.issuer.url, "aud": "aksu-registry", "sub": "s", "iat": now, "exp": now + 60}
    head = {"alg": "RS256", "typ": "at+jwt", "kid": key.kid}
    assert await rig.ask(sign(head, claims, key), OPEN) == 200
    crossed = sign({"alg": "ES256", "typ": "at+jwt", "kid": STRANGER.kid}, claims, STRANGER).split(".")
    assert await rig.ask(f"{part(head | {'alg': 'ES256'})}.{crossed[1]}.{crossed[2]}", OPEN) == 401
