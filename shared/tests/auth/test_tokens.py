"""Which tokens hold."""

import base64
import hmac
import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey, KeySet, RSAKey
from joserfc.jws import JWSRegistry
from structlog.testing import capture_logs

from aksu_shared.auth.jwks import FileKeys
from aksu_shared.auth.low_s import is_low, other
from aksu_shared.auth.principal import Role
from aksu_shared.auth.pseudonym import DEVELOPMENT_KEY, Pseudonyms
from aksu_shared.auth.tokens import InvalidToken, TokenRules, TokenVerifier
from aksu_shared.kernel.errors import Unavailable

ISSUER, AUDIENCE = "https://issuer.example", "aksu-registry"
EC, RSA = ECKey.generate_key("P-256", auto_kid=True), RSAKey.generate_key(2048, auto_kid=True)
NAMES = Pseudonyms(DEVELOPMENT_KEY)
OTHER = ECKey.generate_key("P-256", auto_kid=True)


class Time:
    def __init__(self) -> None:
        self.value = float(int(time.time()))

    def __call__(self) -> float:
        return self.value


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
def keys(tmp_path: Path) -> FileKeys:
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps(KeySet([EC, RSA]).as_dict(private=False)))
    return FileKeys(path)


@pytest.fixture
def verifier(keys: FileKeys, clock: Time) -> TokenVerifier:
    rules = TokenRules(issuer=ISSUER, audience=AUDIENCE, leeway=30, max_lifetime=600)
    return TokenVerifier(rules, keys, pseudonyms=NAMES, now=clock)


def token(
    clock: Time,
    *,
    key: Any = EC,
    alg: str = "ES256",
    header: dict[str, Any] | None = None,
    without: str = "",
    **claims: Any,
) -> bytes:
    now = int(clock())
    body: dict[str, Any] = {"iss": ISSUER, "aud": AUDIENCE, "sub": "s-1", "iat": now, "exp": now + 300}
    body |= {"roles": ["inspector"], "body": "AKSU"} | claims
    body.pop(without, None)
    full = {"alg": alg, "typ": "at+jwt", "kid": key.kid} | (header or {})
    return sign({k: v for k, v in full.items() if v is not None}, body, key)


def sign(header: dict[str, Any], claims: Any, key: Any) -> bytes:
    """A signature over any header and claims, also those which the library would refuse to make."""
    signing = _part(header) + b"." + _part(claims)
    return signing + b"." + _part(JWSRegistry.algorithms[header["alg"]].sign(signing, key))


def _part(part: Any) -> bytes:
    data = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def plain(value: Any) -> str:
    """A test's id in letters and digits, by which every tool can ask for it."""
    return "-".join(re.findall(r"\w+", ascii(value)))


async def reason(verifier: TokenVerifier, raw: bytes) -> str:
    with pytest.raises(InvalidToken) as caught:
        await verifier.principal(raw)
    assert 'error="invalid_token"' in caught.value.headers["WWW-Authenticate"]
    return caught.value.reason


@pytest.mark.parametrize(("key", "alg"), [(EC, "ES256"), (RSA, "RS256")])
async def test_a_good_token_names_subject_roles_and_body(
    verifier: TokenVerifier, clock: Time, key: Any, alg: str
) -> None:
    principal = await verifier.principal(token(clock, key=key, alg=alg))
    assert (principal.subject, principal.body) == (NAMES.of("s-1"), "AKSU")
    assert principal.roles == {Role.PUBLIC, Role.INSPECTOR}


@pytest.mark.parametrize("claim", ["iss", "aud", "sub", "iat", "exp"])
async def test_each_mandatory_claim_must_be_there(verifier: TokenVerifier, clock: Time, claim: str) -> None:
    assert await reason(verifier, token(clock, without=claim)) == "a mandatory claim is missing"


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://other.example"},
        {"iss": [ISSUER]},
        {"aud": "aksu-licensing"},
        {"aud": ["aksu-licensing", "aksu-monitoring"]},
        {"aud": {"aksu-registry": 1}},
        {"sub": ""},
        {"sub": 5},
        {"sub": "anonymous"},
        {"sub": "Иван"},
        {"sub": "a b"},
        {"sub": "x" * 201},
        {"exp": "soon"},
        {"exp": True},
        {"iat": "now"},
        {"nbf": 2_000_000_000_000},
        {"roles": 5},
        {"roles": {"inspector": True}},
        {"body": 5},
        {"body": "AKSU,BG"},
        {"body": ["AKSU"]},
    ],
    ids=plain,
)
async def test_claims_of_another_kind_are_refused(verifier: TokenVerifier, clock: Time, claims: dict[str, Any]) -> None:
    await reason(verifier, token(clock, **claims))


async def test_one_of_several_audiences_is_enough(verifier: TokenVerifier, clock: Time) -> None:
    assert await verifier.principal(token(clock, aud=["other", AUDIENCE]))


async def test_unknown_roles_are_passed_over_and_no_roles_are_fine(verifier: TokenVerifier, clock: Time) -> None:
    assert (await verifier.principal(token(clock, roles=["offline_access", "inspector", 5]))).roles == {
        Role.PUBLIC,
        Role.INSPECTOR,
    }
    principal = await verifier.principal(token(clock, without="roles", body=None))
    assert (principal.roles, principal.reach) == (frozenset({Role.PUBLIC}), "public")


async def test_a_token_dies_at_its_expiry_and_leeway(verifier: TokenVerifier, clock: Time) -> None:
    raw = token(clock)
    assert await verifier.principal(raw)
    clock.value += 299
    assert verifier.cached(raw)
    clock.value += 1
    assert verifier.cached(raw) is None
    clock.value += 29
    assert await verifier.principal(raw)
    clock.value += 1
    assert await reason(verifier, raw) == "the token has expired"


async def test_a_token_from_the_future_is_refused_beyond_the_leeway(verifier: TokenVerifier, clock: Time) -> None:
    now = int(clock())
    assert await verifier.principal(token(clock, iat=now + 30))
    await reason(verifier, token(clock, iat=now + 31))
    await reason(verifier, token(clock, nbf=now + 31))


async def test_a_token_that_lives_too_long_is_refused(verifier: TokenVerifier, clock: Time) -> None:
    assert await verifier.principal(token(clock, exp=int(clock()) + 600))
    assert await reason(verifier, token(clock, exp=int(clock()) + 601)) == "the token lives too long"


@pytest.mark.parametrize(
    "header",
    [
        {"crit": ["exp"]},
        {"jku": "https://evil.example/keys"},
        {"x5u": "https://evil.example/cert"},
        {"jwk": OTHER.as_dict(private=False)},
        {"x5c": ["MII"]},
        {"b64": False, "crit": ["b64"]},
        {"surprise": 1},
        {"typ": "JWS"},
        {"typ": None},
        {"typ": "dpop+jwt"},
        {"kid": 5},
        {"kid": "unknown"},
        {"kid": None},
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "ES384"},
        {"alg": "es256"},
        {"alg": None},
    ],
    ids=lambda header: "jwk" if "jwk" in header else plain(header),  # that key is another one in each process
)
async def test_headers_that_choose_their_own_rules_are_refused(
    verifier: TokenVerifier, clock: Time, header: dict[str, Any]
) -> None:
    good = token(clock)
    head = {"alg": "ES256", "typ": "at+jwt", "kid": EC.kid} | header
    head = {name: value for name, value in head.items() if value is not None}
    changed = base64.urlsafe_b64encode(json.dumps(head).encode()).rstrip(b"=") + b"." + good.split(b".", 1)[1]
    signed = token(clock, header=header) if header.get("alg", "ES256") == "ES256" else changed
    await reason(verifier, signed)
    await reason(verifier, changed)


@pytest.mark.parametrize("kind", ["at+jwt", "AT+JWT", "application/at+jwt"])
async def test_the_types_of_access_tokens_are_read(verifier: TokenVerifier, clock: Time, kind: str) -> None:
    assert await verifier.principal(token(clock, header={"typ": kind}))


async def test_types_are_configuration(keys: FileKeys, clock: Time) -> None:
    raw = token(clock, header={"typ": "JWT"})
    strict = TokenRules(issuer=ISSUER, audience=AUDIENCE)
    assert await reason(TokenVerifier(strict, keys, pseudonyms=NAMES, now=clock), raw) == "the token is of another type"
    wider = TokenRules(issuer=ISSUER, audience=AUDIENCE, types=frozenset({"at+jwt", "jwt"}))
    assert await TokenVerifier(wider, keys, pseudonyms=NAMES, now=clock).principal(raw)


async def test_a_public_key_is_no_secret_key(verifier: TokenVerifier, clock: Time) -> None:
    head = _part({"alg": "HS256", "typ": "at+jwt", "kid": RSA.kid})
    signing = head + b"." + token(clock).split(b".")[1]
    forged = signing + b"." + _part(hmac.digest(RSA.as_pem(private=False), signing, "sha256"))
    assert await reason(verifier, forged) == "the algorithm is not allowed"


async def test_another_key_or_a_changed_byte_does_not_hold(verifier: TokenVerifier, clock: Time) -> None:
    forged = token(clock, key=OTHER, header={"kid": EC.kid})
    assert await reason(verifier, forged) == "the signature does not hold"
    good = token(clock)
    head, payload, signature = good.split(b".")
    for broken in (
        b".".join((head, payload, signature[:-2])),
        b".".join((head, payload[:-4] + b"AAAA", signature)),
        b".".join((head, payload, b"")),
        good + b".x",
        good[:-1] + b"\xff",
        b"",
        b"..",
        b"a.b.c",
        b"x" * 9000,
    ):
        await reason(verifier, broken)


async def test_there_is_one_way_to_write_a_token(verifier: TokenVerifier, clock: Time) -> None:
    head, payload, signature = token(clock).split(b".")
    assert len(signature) % 4 == 2  # its last character has four bits that decoders pass over
    letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    stray = letters[letters.index(signature[-1]) + 1]
    for part in (signature + b"==", signature[:-1] + bytes([stray]), signature[:-1] + b"+"):
        await reason(verifier, b".".join((head, payload, part)))
    assert await verifier.principal(b".".join((head, payload, signature)))


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
async def test_the_algorithm_must_be_that_of_the_key(verifier: TokenVerifier, clock: Time, algorithm: str) -> None:
    key, other = (EC, RSA) if algorithm == "ES256" else (RSA, EC)
    raw = token(clock, key=key, alg=algorithm, header={"kid": other.kid})
    assert await reason(verifier, raw) == "the algorithm does not fit the key"


@pytest.mark.parametrize("claims", [b'{"sub":"a","sub":"b"}', b"[]", b"5", b'{"exp":1e400}', b"\xff", b""], ids=plain)
async def test_claims_are_read_by_the_strict_parser(verifier: TokenVerifier, claims: bytes) -> None:
    await reason(verifier, sign({"alg": "ES256", "typ": "at+jwt", "kid": EC.kid}, claims, EC))


async def test_a_header_that_names_its_key_twice_is_refused(verifier: TokenVerifier, clock: Time) -> None:
    head = f'{{"alg":"ES256","typ":"at+jwt","kid":"x","kid":"{EC.kid}"}}'.encode()
    raw = base64.urlsafe_b64encode(head).rstrip(b"=") + b"." + token(clock).split(b".", 1)[1]
    assert await reason(verifier, raw) == "the token cannot be read"


async def test_a_verified_token_is_remembered_until_the_keys_change(
    verifier: TokenVerifier, keys: FileKeys, clock: Time, tmp_path: Path
) -> None:
    raw, later = token(clock), token(clock, key=OTHER)
    principal = await verifier.principal(raw)
    assert verifier.cached(raw) is principal
    (tmp_path / "jwks.json").write_text(json.dumps(KeySet([OTHER]).as_dict(private=False)))
    assert await verifier.principal(later)
    assert verifier.cached(raw) is None
    assert await reason(verifier, raw) == "unknown key"
    assert keys.generation == 2


async def test_the_memory_of_tokens_is_bounded(
    verifier: TokenVerifier, clock: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aksu_shared.auth.tokens._CACHED", 3)
    tokens = [token(clock, sub=f"s-{number}") for number in range(5)]
    for raw in tokens:
        await verifier.principal(raw)
    assert len(verifier._verified) == 3
    assert [verifier.cached(raw) is not None for raw in tokens] == [False, False, True, True, True]  # the oldest go


async def test_claims_may_lie_deeper_and_be_named_otherwise(keys: FileKeys, clock: Time) -> None:
    rules = TokenRules(
        issuer=ISSUER, audience=AUDIENCE, roles_claim="realm_access.roles", body_claim="https://aksu.bg/body"
    )
    claims: dict[str, Any] = {"realm_access": {"roles": ["operator"]}, "https://aksu.bg/body": "ASP"}
    deep = token(clock, **claims)
    principal = await TokenVerifier(rules, keys, pseudonyms=NAMES, now=clock).principal(deep)
    assert (principal.roles, principal.body) == (frozenset({Role.PUBLIC, Role.OPERATOR}), "ASP")


def test_the_leeway_is_a_minute_at_most() -> None:
    for leeway in (0, 60):
        assert TokenRules(issuer=ISSUER, audience=AUDIENCE, leeway=leeway).leeway == leeway
    for leeway in (-1, 61):
        with pytest.raises(ValueError, match="leeway"):
            TokenRules(issuer=ISSUER, audience=AUDIENCE, leeway=leeway)


class Known:
    """Keys that were the issuer's at an instant, and none of them asked for."""

    generation = 1

    def __init__(self, as_of: float) -> None:
        self.as_of = as_of

    async def find(self, _kid: str | None) -> None:
        """None."""


async def test_a_token_whose_key_may_be_newer_than_what_is_known_is_put_off_and_an_older_one_refused(
    clock: Time,
) -> None:
    rules = TokenRules(issuer=ISSUER, audience=AUDIENCE, leeway=30)
    with pytest.raises(Unavailable) as caught:
        await TokenVerifier(rules, Known(clock() + 30), pseudonyms=NAMES, now=clock).principal(token(clock))
    assert caught.value.headers == {"Retry-After": "30"}
    assert (
        await reason(TokenVerifier(rules, Known(clock() + 31), pseudonyms=NAMES, now=clock), token(clock))
        == "unknown key"
    )


async def test_a_token_has_8192_characters_at_most(verifier: TokenVerifier, clock: Time) -> None:
    made = (token(clock, header={"cty": kind}, filler="x" * size) for size in range(5_700, 5_900) for kind in ("", "a"))
    sizes = {len(raw): raw for raw in made}
    assert await verifier.principal(sizes[8192])
    assert await reason(verifier, sizes[8193]) == "the token is too long"


async def test_a_long_key_id_is_read(clock: Time, tmp_path: Path) -> None:
    key = ECKey.generate_key("P-256", {"kid": "k" * 600})
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps(KeySet([key]).as_dict(private=False)))
    rules = TokenRules(issuer=ISSUER, audience=AUDIENCE)
    assert await TokenVerifier(rules, FileKeys(path), pseudonyms=NAMES, now=clock).principal(token(clock, key=key))


@pytest.mark.parametrize(
    ("claims", "roles"),
    [
        ({"roles": "offline_access inspector"}, {Role.INSPECTOR}),
        ({"realm": "none"}, set()),
        ({"realm": {"roles": ["operator"]}}, {Role.OPERATOR}),
    ],
    ids=["words", "no-object", "object"],
)
async def test_roles_are_words_or_a_list_at_the_configured_place(
    keys: FileKeys, clock: Time, claims: dict[str, Any], roles: set[Role]
) -> None:
    place = "realm.roles" if "realm" in claims else "roles"
    rules = TokenRules(issuer=ISSUER, audience=AUDIENCE, roles_claim=place)
    principal = await TokenVerifier(rules, keys, pseudonyms=NAMES, now=clock).principal(token(clock, **claims))
    assert principal.roles == {Role.PUBLIC} | roles


async def test_the_instant_of_issue_is_kept_to_be_compared_with_a_revocation(
    verifier: TokenVerifier, clock: Time
) -> None:
    assert (await verifier.principal(token(clock))).issued_at == int(clock())


async def test_a_program_keeps_its_name_and_a_person_has_a_pseudonym_alone(
    verifier: TokenVerifier, clock: Time
) -> None:
    program = await verifier.principal(token(clock, sub="intake", roles=["integration"]))
    person = await verifier.principal(token(clock, sub="intake"))
    assert (program.system, person.system) == ("intake", None)
    assert program.subject == person.subject == NAMES.of("intake")


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        ({"header": {"jku": "x"}}, "the header holds members that are not accepted"),
        ({"header": {"kid": 5}}, "the key id is no text"),
        ({"header": {"typ": None}}, "the token is of another type"),
        ({"sub": "a b"}, "the subject is not acceptable"),
        ({"roles": 5}, "the roles are no list"),
        ({"body": 5}, "the body is no text"),
        ({"body": "KING"}, "the body code is unknown"),
        (b"a.b", "not a signed token"),
        (sign({"alg": "ES256"}, [], EC), "header or claims are no object"),
    ],
    ids=lambda value: plain(value) if isinstance(value, str) else "",
)
async def test_a_refusal_names_its_reason(
    verifier: TokenVerifier, clock: Time, raw: dict[str, Any] | bytes, why: str
) -> None:
    made = raw if isinstance(raw, bytes) else token(clock, **raw)
    with pytest.raises(InvalidToken) as caught:
        await verifier.principal(made)
    assert caught.value.reason == why
    assert caught.value.headers == {
        "WWW-Authenticate": f'Bearer realm="aksu", error="invalid_token", error_description="{why}"'
    }


async def test_the_log_tells_the_reason_and_never_the_token(verifier: TokenVerifier, clock: Time) -> None:
    raw = token(clock, iss="https://other.example")
    with capture_logs() as logs:
        await reason(verifier, raw)
    assert [(line["event"], line["reason"]) for line in logs] == [("Token refused", "a claim is not acceptable")]
    assert raw.decode() not in str(logs)


@pytest.mark.parametrize("low_s", [True, False])
async def test_of_two_ways_to_write_a_signature_one_can_be_refused(keys: FileKeys, clock: Time, *, low_s: bool) -> None:
    """Without the rule both hold: the usual issuers write either."""
    rules = TokenRules(issuer=ISSUER, audience=AUDIENCE, low_s=low_s)
    verifier = TokenVerifier(rules, keys, pseudonyms=NAMES, now=clock)
    for number in range(20):  # of which half are written the one way, half the other
        signed, _, part = token(clock, sub=f"s-{number}").rpartition(b".")
        written = base64.urlsafe_b64decode(part + b"==")
        low, high = (written, other(written)) if is_low(written) else (other(written), written)
        assert other(high) == low
        assert (await verifier.principal(signed + b"." + _part(low))).subject == NAMES.of(f"s-{number}")
        if low_s:
            again = signed + b"." + _part(high)
            assert await reason(verifier, again) == "the signature is written the other way"
        else:
            assert (await verifier.principal(signed + b"." + _part(high))).subject == NAMES.of(f"s-{number}")
