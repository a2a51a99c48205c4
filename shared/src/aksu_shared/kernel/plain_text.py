"""What a text is made of: what its reader sees. Characters that hide, turn others round or steer a terminal are none.

With them two names look the same and are not, or one reads as another (Unicode UTS #39, controls of UAX #9).
"""

import unicodedata
from typing import Final

_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories: controls, formats (marks of direction, zero width), halves of pairs, ends of lines and paragraphs."""
_INVISIBLE: Final = frozenset(
    map(chr, (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0, *range(0x180B, 0x1810)))
) | frozenset(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
"""Letters and marks without a shape: fillers, joiners, selectors of variants."""
_IN_LINES: Final = frozenset("\n\t\u00ad\u200d\ufe0f")
"""Besides, in texts of several lines: where a line ends or may be broken, and what keyboards put in pictures."""


def is_unseen(character: str) -> bool:
    """Whether a reader does not see it."""
    return unicodedata.category(character) in _UNSEEN or character in _INVISIBLE


def unseen_in(text: str, *, lines: bool = False) -> str | None:
    """The first character that its reader does not see; `lines`: in a text of several lines, where some may stand."""
    if text.isascii() and text.isprintable():
        return None
    allowed = _IN_LINES if lines else frozenset[str]()
    return next((char for char in text if char not in allowed and is_unseen(char)), None)


def composed(text: str) -> str:
    """The text in its one written form (NFC): й is one character, not и and a mark."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def seen(text: str) -> str:
    """What is left of a text for its reader, lines and tabs as blanks."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(" " if char in "\n\r\t" else char for char in text if char in "\n\r\t" or not is_unseen(char))
