"""Tokens of the development issuer."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from aksu_shared.auth.issuer import DevelopmentIssuer

_MONTH: Final = 30 * 24 * 3600


def development_token(keys: Path, role: str, body: str | None, *, subject: str | None = None) -> str:
    """A token signed with the key pair in `keys`. Raises ValueError for an unknown role or body code."""
    from aksu_shared.auth.issuer import DevelopmentIssuer  # noqa: PLC0415 - cryptography is heavy, most callers need none

    return DevelopmentIssuer(keys).issue(subject or f"local-{role}", roles=[role], body=body)


def feed_token(keys: Path, service: str, issuer: "DevelopmentIssuer") -> Path:
    """A file in `keys` with the token by which `service` reads what the others tell, for a month."""
    file = keys / f"{service}.token"
    token = issuer.issue(f"service:{service}", roles=["integration"], body="AKSU", lifetime=_MONTH)
    file.touch(mode=0o600)
    file.write_text(token, encoding="ascii")
    return file
