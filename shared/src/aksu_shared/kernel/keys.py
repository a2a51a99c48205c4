"""Secret keys as settings hold them: `id:base64`, several of them while they are changed over."""

import base64
import binascii
from typing import Final

KEY_BYTES: Final = 32


def parse_keys(text: str) -> dict[str, bytes]:
    """Read `id:base64` of 32 bytes, several separated by commas or lines, in their order.

    Raises ValueError, which quotes no key.
    """
    found: dict[str, bytes] = {}
    for part in text.replace("\n", ",").split(","):
        name, _, encoded = part.strip().partition(":")
        if not part.strip():
            continue
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            key = b""
        if not (name.isascii() and name.replace("-", "").isalnum()) or len(key) != KEY_BYTES or name in found:
            raise ValueError(f"keys are <id>:<base64 of {KEY_BYTES} bytes>, each id once")
        found[name] = key
    return found
