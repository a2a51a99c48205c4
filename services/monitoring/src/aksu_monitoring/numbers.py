"""Numbers that cannot be guessed from one another."""

import secrets
from typing import Final

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH: Final = 12


def drawn_number(prefix: str) -> str:
    """A new number: the prefix and twelve random digits and letters, those left out that look like others."""
    return f"{prefix}-" + "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
