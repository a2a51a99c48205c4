"""Under what name somebody acts: a keyed digest of the token's `sub`, which itself goes no further than this."""

import hmac
from typing import Final

DEVELOPMENT_KEY: Final = "the development key of actors' pseudonyms"
"""Used where none is configured; a production configuration refuses it."""
MIN_KEY_CHARACTERS: Final = 32
_HEX_DIGITS: Final = 32


class Pseudonyms:
    """Turns subjects into pseudonyms: 128 bits of HMAC-SHA-256, as 32 hexadecimal digits.

    All services share one key, so that a person is the same one in all of them: for four eyes, for audits, for revoked
    access. A plain digest would not do: who knows the addresses of a hundred officials finds theirs by trying them.
    """

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def of(self, subject: str) -> str:
        """The pseudonym of the holder of tokens with this `sub`."""
        return hmac.digest(self._key, f"aksu:actor:{subject}".encode(), "sha256").hex()[:_HEX_DIGITS]
