"""Keys: a data key per subject encrypts what is held of it (AES-256-GCM); key-encryption keys wrap the data keys.

A sealed value is a random nonce of 96 bits, then the ciphertext with its tag. What it belongs to is authenticated
with it (`about`), so a ciphertext moved to another row, field or subject cannot be read.
"""

import hashlib
import os
from collections.abc import Mapping
from typing import Final, NamedTuple, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from aksu_shared.kernel.keys import KEY_BYTES, parse_keys

_NONCE_BYTES: Final = 12


class Unreadable(Exception):
    """What was sealed was changed or moved, or its key-encryption key is not among those configured."""


class Wrapped(NamedTuple):
    """A key sealed under the key-encryption key named `kek`."""

    kek: str
    sealed: bytes


def new_key() -> bytes:
    """A random key of 256 bits."""
    return AESGCM.generate_key(bit_length=8 * KEY_BYTES)


def seal(key: bytes, plain: bytes, *, about: str) -> bytes:
    """Encrypt `plain`, to be read only as what it is about."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, about.encode())


def unseal(key: bytes, sealed: bytes, *, about: str) -> bytes:
    """Decrypt. Raises Unreadable."""
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], about.encode())
    except (InvalidTag, ValueError):
        raise Unreadable("what was sealed was changed or moved") from None


class KeyRing:
    """Key-encryption keys by id: the first wraps, all unwrap."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._keys = dict(keys)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `id:base64`, several separated by commas or lines. Raises ValueError, which quotes no key."""
        return cls(parse_keys(text))

    @property
    def current(self) -> str:
        """The id of the key that wraps. Raises Unreadable for an empty ring."""
        try:
            return next(iter(self._keys))
        except StopIteration:
            raise Unreadable("no key-encryption key is configured") from None

    @property
    def is_development(self) -> bool:
        """Whether one of the keys is the one that everybody can read here."""
        return DEVELOPMENT_KEY in self._keys.values()

    def __bool__(self) -> bool:
        """Whether there is any key."""
        return bool(self._keys)

    def wrap(self, key: bytes, *, about: str) -> Wrapped:
        """Seal a key under the first key-encryption key."""
        return Wrapped(self.current, seal(self._keys[self.current], key, about=about))

    def unwrap(self, kek: str, sealed: bytes, *, about: str) -> bytes:
        """The key again. Raises Unreadable."""
        if kek not in self._keys:
            raise Unreadable(f"key-encryption key {kek} is not configured")
        return unseal(self._keys[kek], sealed, about=about)


DEVELOPMENT_KEY: Final = hashlib.sha256(b"aksu: for development, refused in production").digest()
DEVELOPMENT: Final = KeyRing({"development": DEVELOPMENT_KEY})
NO_KEYS: Final = KeyRing({})
"""For what works beside personal data without reading it."""
