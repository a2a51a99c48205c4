"""The second way to write an ECDSA signature: with (r, s) also (r, n - s) holds, and nobody needs the key to write it.

RFC 7518 says nothing of it, and the usual libraries write either of the two, each for half of their tokens. So the
higher one can be refused of an issuer alone that is known to write the lower one, as the development issuer does.
"""

from typing import Final

_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""n of P-256 (FIPS 186-5; SEC 2, 2.4.2)."""
_BYTES: Final = 32


def is_low(signature: bytes) -> bool:
    """Whether the S of an ES256 signature, 64 bytes, is the lower of the two."""
    return int.from_bytes(signature[_BYTES:]) <= _ORDER // 2


def other(signature: bytes) -> bytes:
    """The other way to write an ES256 signature."""
    return signature[:_BYTES] + (_ORDER - int.from_bytes(signature[_BYTES:])).to_bytes(_BYTES)
