"""Access tokens: verified in this one module, with every claim that matters made mandatory."""

import hashlib
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import structlog
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from joserfc.jwt import JWTClaimsRegistry
from joserfc.util import urlsafe_b64decode

from aksu_shared.auth.jwks import COOL_DOWN, Keys, VerifyKey
from aksu_shared.auth.low_s import is_low
from aksu_shared.auth.principal import Principal, Role
from aksu_shared.auth.pseudonym import Pseudonyms
from aksu_shared.kernel.errors import NotAuthenticated, Unavailable
from aksu_shared.kernel.strict_json import InvalidJson, loads

ALGORITHMS: Final = ("RS256", "ES256")
MAX_TOKEN_CHARACTERS: Final = 8192
MAX_LEEWAY: Final = 60
_CACHED: Final = 4096
_HEADER_MEMBERS: Final = frozenset({"alg", "typ", "kid", "x5t", "x5t#S256", "cty"})
"""What a header may hold. `crit`, `jku`, `jwk`, `x5u`, `x5c` would let a token choose its own key or rules."""
_FORM: Final = re.compile(rb"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_SUBJECT: Final = re.compile(r"[\x21-\x7e]{1,200}")

_log = structlog.get_logger(__name__)


class InvalidToken(NotAuthenticated):
    """A token that does not hold. The reason goes to the log and, as RFC 6750 has it, into WWW-Authenticate."""

    code = "invalid_token"

    def __init__(self, reason: str) -> None:
        challenge = f'Bearer realm="aksu", error="invalid_token", error_description="{reason}"'
        super().__init__(headers={"WWW-Authenticate": challenge})
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRules:
    """What a token must be. `roles_claim` and `body_claim` may be paths: `realm_access.roles`.

    `max_lifetime` bounds exp - iat in seconds; None leaves it to the issuer. `low_s`: the issuer writes ES256
    signatures with the lower S, and what is written with the other is refused (`auth/low_s.py`).
    """

    issuer: str
    audience: str
    types: frozenset[str] = frozenset({"at+jwt"})
    leeway: int = 30
    max_lifetime: int | None = None
    roles_claim: str = "roles"
    body_claim: str = "body"
    low_s: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.leeway <= MAX_LEEWAY:
            raise ValueError(f"the leeway is 0 to {MAX_LEEWAY} seconds")


class TokenVerifier:
    """Turns a bearer token into a principal. A verified token is remembered until it expires or the keys change."""

    def __init__(
        self, rules: TokenRules, keys: Keys, *, pseudonyms: Pseudonyms, now: Callable[[], float] = time.time
    ) -> None:
        self.pseudonyms = pseudonyms
        self._rules = rules
        self._keys = keys
        self._now = now
        self._registry = jws.JWSRegistry(algorithms=list(ALGORITHMS))
        self._registry.max_header_length = 1024
        self._verified: OrderedDict[bytes, tuple[Principal, float]] = OrderedDict()
        self._generation = keys.generation

    def cached(self, token: bytes) -> Principal | None:
        """The principal of a token verified before and not expired: a hash and a look-up, about 1 µs."""
        found = self._verified.get(hashlib.blake2b(token, digest_size=16).digest())
        if found is None or self._generation != self._keys.generation or self._now() >= found[1]:
            return None
        return found[0]

    async def principal(self, token: bytes) -> Principal:
        """Verify `token`. Raises InvalidToken, or Unavailable when the issuer's keys cannot be had."""
        try:
            claims = await self._claims(token)
            principal = self._read(claims)
        except (InvalidToken, JoseError, InvalidJson, ValueError, KeyError, TypeError) as error:
            reason = error.reason if isinstance(error, InvalidToken) else _reason(error)
            _log.info("Token refused", reason=reason)
            raise InvalidToken(reason) from None
        self._remember(token, principal, float(claims["exp"]))
        return principal

    async def _claims(self, token: bytes) -> dict[str, Any]:
        if len(token) > MAX_TOKEN_CHARACTERS:
            raise InvalidToken("the token is too long")
        header, claims = _parts(token)
        self._check_header(header)
        self._check_claims(claims)  # before the signature: nobody is asked for a key for the sake of a useless token
        key = await self._key(header.get("kid"), issued_at=claims["iat"])
        if isinstance(key, RSAKey) != (header["alg"] == "RS256"):
            raise InvalidToken("the algorithm does not fit the key")
        jws.deserialize_compact(token, key, registry=self._registry)
        if self._rules.low_s and header["alg"] == "ES256" and not is_low(urlsafe_b64decode(token.rpartition(b".")[2])):
            raise InvalidToken("the signature is written the other way")
        return claims

    async def _key(self, kid: str | None, *, issued_at: float) -> VerifyKey:
        """The key of that id. Raises InvalidToken, or Unavailable when it may be newer than what is known of keys."""
        key = await self._keys.find(kid)
        if key is None and issued_at + self._rules.leeway >= self._keys.as_of:
            raise Unavailable(retry_after=int(COOL_DOWN))
        if key is None:
            raise InvalidToken("unknown key")
        return key

    def _check_header(self, header: Mapping[str, Any]) -> None:
        if header.get("alg") not in ALGORITHMS:
            raise InvalidToken("the algorithm is not allowed")
        if not _HEADER_MEMBERS.issuperset(header):
            raise InvalidToken("the header holds members that are not accepted")
        kind = str(header.get("typ", "")).lower().removeprefix("application/")
        if kind not in self._rules.types:
            raise InvalidToken("the token is of another type")
        if not isinstance(header.get("kid", ""), str):
            raise InvalidToken("the key id is no text")

    def _check_claims(self, claims: dict[str, Any]) -> None:
        rules = self._rules
        registry = JWTClaimsRegistry(
            now=lambda: int(self._now()),
            leeway=rules.leeway,
            exp={"essential": True},
            iat={"essential": True},
            iss={"essential": True, "value": rules.issuer},
            aud={"essential": True, "value": rules.audience},
            sub={"essential": True},
        )
        registry.validate(claims)
        if rules.max_lifetime is not None and claims["exp"] - claims["iat"] > rules.max_lifetime:
            raise InvalidToken("the token lives too long")

    def _read(self, claims: Mapping[str, Any]) -> Principal:
        """The principal that verified claims describe; roles of other systems are passed over.

        Who it is, its `sub`, ends here: what goes on is a pseudonym. Programs are no persons and keep their names.
        """
        subject = claims["sub"]
        if not _SUBJECT.fullmatch(subject) or subject == "anonymous":
            raise InvalidToken("the subject is not acceptable")
        named = _at(claims, self._rules.roles_claim) or []
        if isinstance(named, str):
            named = named.split()
        if not isinstance(named, list):
            raise InvalidToken("the roles are no list")
        roles = frozenset(Role(name) for name in named if isinstance(name, str) and name in _ROLES)
        body = _at(claims, self._rules.body_claim)
        if body is not None and not isinstance(body, str):
            raise InvalidToken("the body is no text")
        try:
            return Principal(
                self.pseudonyms.of(subject),
                roles | {Role.PUBLIC},
                body,
                issued_at=int(claims["iat"]),
                system=subject if Role.INTEGRATION in roles else None,
            )
        except ValueError:
            raise InvalidToken("the body code is unknown") from None

    def _remember(self, token: bytes, principal: Principal, expires: float) -> None:
        if self._generation != self._keys.generation:
            self._verified.clear()
            self._generation = self._keys.generation
        if len(self._verified) >= _CACHED:
            self._verified.popitem(last=False)
        self._verified[hashlib.blake2b(token, digest_size=16).digest()] = (principal, expires)


_ROLES: Final = frozenset(role.value for role in Role)


def _parts(token: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, before anything is verified; the strict parser refuses members given twice.

    There is one way to write a token: no padding, no foreign characters, and (joserfc's decoder sees to it) no stray
    bits behind the last byte. Of an ES256 signature there are two, unless `TokenRules.low_s` leaves one.
    """
    if not _FORM.fullmatch(token):
        raise InvalidToken("not a signed token")
    header, claims = (loads(urlsafe_b64decode(part)) for part in token.split(b".")[:2])
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise InvalidToken("header or claims are no object")
    return header, claims


def _at(claims: Mapping[str, Any], path: str) -> Any:  # noqa: ANN401 - any claim
    """The claim at `path`: taken whole if there is one of that name (a URL has dots), else step by step."""
    if path in claims:
        return claims[path]
    value: Any = claims
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _reason(error: Exception) -> str:
    """A constant sentence for the refusal: library texts may quote what the caller sent."""
    return {
        "ExpiredTokenError": "the token has expired",
        "MissingClaimError": "a mandatory claim is missing",
        "InvalidClaimError": "a claim is not acceptable",
        "BadSignatureError": "the signature does not hold",
    }.get(type(error).__name__, "the token cannot be read")
