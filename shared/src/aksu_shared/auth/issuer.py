"""The development issuer: a key pair in a folder and tokens signed with it. A production configuration refuses it."""

import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from joserfc import jwt
from joserfc.jwk import ECKey
from joserfc.util import urlsafe_b64decode, urlsafe_b64encode

from aksu_shared.auth.low_s import is_low, other
from aksu_shared.auth.principal import Role, parse_body

DEVELOPMENT_ISSUER: Final = "urn:aksu:development-issuer"
SERVICES: Final = ("registry", "licensing", "monitoring", "reporting")
AUDIENCES: Final = tuple(f"aksu-{service}" for service in SERVICES)
EIGHT_HOURS: Final = 8 * 3600


class DevelopmentIssuer:
    """Signs ES256 tokens with the private key in `folder`; `jwks_file` is what services are configured with.

    Of the two ways to write a signature it takes the one with the lower S.
    """

    def __init__(self, folder: Path, *, issuer: str = DEVELOPMENT_ISSUER) -> None:
        self.issuer = issuer
        self.jwks_file = folder / "jwks.json"
        folder.mkdir(parents=True, exist_ok=True)
        self._key = _load_or_create(folder / "private.jwk")
        jwks = json.dumps({"keys": [self._key.as_dict(private=False, alg="ES256", use="sig")]}, indent=2) + "\n"
        if not self.jwks_file.exists() or self.jwks_file.read_text(encoding="ascii") != jwks:
            self.jwks_file.write_text(jwks, encoding="ascii")

    def issue(
        self,
        subject: str,
        *,
        roles: Iterable[Role | str],
        body: str | None = None,
        audience: str | Iterable[str] = AUDIENCES,
        lifetime: int = EIGHT_HOURS,
    ) -> str:
        """A token of `lifetime` seconds. Raises ValueError for an unknown role or body code."""
        now = int(time.time())
        claims: dict[str, object] = {
            "iss": self.issuer,
            "sub": subject,
            "aud": audience if isinstance(audience, str) else list(audience),
            "iat": now,
            "exp": now + lifetime,
            "roles": sorted(Role(role).value for role in roles),
        }
        if body is not None:
            claims["body"] = parse_body(body).code
        header = {"alg": "ES256", "typ": "at+jwt", "kid": str(self._key.kid)}
        signed, _, signature = jwt.encode(header, claims, self._key, algorithms=["ES256"]).rpartition(".")
        written = urlsafe_b64decode(signature.encode())
        return f"{signed}.{urlsafe_b64encode(written if is_low(written) else other(written)).decode()}"


def _load_or_create(path: Path) -> ECKey:
    if path.exists():
        key = ECKey.import_key(json.loads(path.read_text(encoding="ascii")))
    else:
        key = ECKey.generate_key("P-256", auto_kid=True)
        path.touch(mode=0o600)
        path.write_text(json.dumps(key.as_dict(private=True)), encoding="ascii")
    key.ensure_kid()
    return key
