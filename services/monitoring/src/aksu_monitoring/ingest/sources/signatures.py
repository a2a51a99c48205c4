"""Signatures of pushing systems after Standard Webhooks: `v1` HMAC-SHA256, `v1a` ed25519, several keys at once.

Signed is `<webhook-id>.<webhook-timestamp>.<body>`; `webhook-signature` lists `<version>,<base64>` between spaces. Over
HTTP and on the bus alike.
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

TOLERANCE: Final = 300
"""Seconds that the signature's time may lie before or after that of its arrival."""
MAX_SIGNATURES: Final = 8
HEADERS: Final = ("webhook-id", "webhook-timestamp", "webhook-signature")

_ED25519_BYTES: Final = 32
_HMAC_BYTES: Final = (24, 64)
_ID: Final = re.compile(r"[\x21-\x7e]{1,200}")
_TIME: Final = re.compile(r"[0-9]{1,12}", re.ASCII)
_PREFIXES: Final = {"v1": "whsec_", "v1a": "whpk_"}
_PRIVATE: Final = "whsk_"

Version = Literal["v1", "v1a"]
Fault = Literal["missing", "unreadable", "stale", "wrong", "attributes_unsigned"]


class SignatureFault(Exception):
    """Why a signature does not hold; `fault` is stable."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault: Fault = fault


@dataclass(frozen=True, slots=True)
class Key:
    """What a signature is verified with: `material` is the shared secret of `v1`, the public key of `v1a`."""

    version: Version
    material: bytes

    @classmethod
    def parse(cls, text: str) -> "Key":
        """Read `whsec_…` (24 to 64 bytes) or `whpk_…` (32 bytes), base64. Raises ValueError."""
        for version, prefix in _PREFIXES.items():
            if text.startswith(prefix):
                try:
                    material = base64.b64decode(text.removeprefix(prefix), validate=True)
                except ValueError:
                    raise ValueError("the key is not base64") from None
                if version == "v1a" and len(material) == _ED25519_BYTES:
                    return cls("v1a", material)
                if version == "v1" and _HMAC_BYTES[0] <= len(material) <= _HMAC_BYTES[1]:
                    return cls("v1", material)
                raise ValueError("the key has a wrong length")
        raise ValueError("a key begins with whsec_ or whpk_")

    def verifies(self, signature: bytes, content: bytes) -> bool:
        """Whether `signature` of `content` was made with this key; takes the same time whatever differs."""
        if self.version == "v1":
            return hmac.compare_digest(hmac.digest(self.material, content, hashlib.sha256), signature)
        try:
            Ed25519PublicKey.from_public_bytes(self.material).verify(signature, content)
        except InvalidSignature:
            return False
        return True


def new_key(version: Version) -> tuple[Key, str]:
    """A new key, and as text what its holder signs with: it is shown once and not kept (of `v1a`)."""
    if version == "v1":
        material = secrets.token_bytes(_ED25519_BYTES)
        return Key("v1", material), _PREFIXES["v1"] + base64.b64encode(material).decode()
    private = Ed25519PrivateKey.generate()
    text = _PRIVATE + base64.b64encode(private.private_bytes_raw() + private.public_key().public_bytes_raw()).decode()
    return Key("v1a", private.public_key().public_bytes_raw()), text


def sign(secret: str, body: bytes, *, message_id: str, timestamp: int) -> dict[str, str]:
    """The three headers that sign `body` with the text `new_key` gave: for the sender's side, demo and tests."""
    content = _content(message_id, str(timestamp), body)
    if secret.startswith(_PRIVATE):
        seed = base64.b64decode(secret.removeprefix(_PRIVATE))[:_ED25519_BYTES]
        version, signature = "v1a", Ed25519PrivateKey.from_private_bytes(seed).sign(content)
    else:
        version, signature = "v1", hmac.digest(Key.parse(secret).material, content, hashlib.sha256)
    text = f"{version},{base64.b64encode(signature).decode()}"
    return dict(zip(HEADERS, (message_id, str(timestamp), text), strict=True))


def verify(headers: Mapping[str, str], body: bytes, *, keys: Iterable[Key], now: float) -> None:
    """Raise SignatureFault unless one signature was made with one of `keys` near `now`, seconds since the epoch."""
    given = [headers.get(name) for name in HEADERS]
    if not all(given):
        raise SignatureFault("missing")
    message_id, timestamp, listed = (value or "" for value in given)
    if not (_ID.fullmatch(message_id) and _TIME.fullmatch(timestamp)):
        raise SignatureFault("unreadable")
    signatures = list(_signatures(listed))
    if abs(int(timestamp) - now) > TOLERANCE:
        raise SignatureFault("stale")
    content = _content(message_id, timestamp, body)
    held = [
        key.verifies(signature, content) for key in keys for version, signature in signatures if version == key.version
    ]
    if not any(held):
        raise SignatureFault("wrong")


def _signatures(listed: str) -> Iterable[tuple[str, bytes]]:
    """Versions and bytes; those of versions unknown here are passed over."""
    parts = listed.split(" ")
    if len(parts) > MAX_SIGNATURES:
        raise SignatureFault("unreadable")
    for part in parts:
        version, _, encoded = part.partition(",")
        if version not in _PREFIXES:
            continue
        try:
            yield version, base64.b64decode(encoded, validate=True)
        except ValueError:
            raise SignatureFault("unreadable") from None


def _content(message_id: str, timestamp: str, body: bytes) -> bytes:
    return f"{message_id}.{timestamp}.".encode() + body
