"""Where in a refused JSON text the fault lies: a second, slow walk, so that the fast parser need not keep places."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from aksu_shared.kernel.masking import shown_field

_LEXEME: Final = re.compile(
    r'[ \t\n\r]*(?P<lexeme>[\[\]{},:]|"[^"\\]*(?:\\.[^"\\]*)*"|(?P<cut>".*)|'
    r"-?(?:Infinity|[0-9][0-9.eE+-]*)|[A-Za-z]+|.)",
    re.DOTALL,
)
"""A string without an end takes the rest in one step; else each quote within would be tried as a beginning."""
_MAX_INT_DIGITS: Final = 20


@dataclass(slots=True)
class _Level:
    """One open array (`seen` is None) or object; `at` is the index or key being read."""

    seen: set[str] | None
    at: int | str = 0
    awaits_key: bool = field(default=False)


def find(reason: str, text: str, *, max_depth: int) -> tuple[int, str]:
    """Offset and JSON pointer of the first fault of kind `reason`; for `json.syntax` those of the end of `text`."""
    levels: list[_Level] = []
    for start, lexeme in _lexemes(text):
        top = levels[-1] if levels else None
        if lexeme in "[{":
            if reason == "json.depth" and len(levels) == max_depth:
                return start, _pointer(levels)
            levels.append(_Level(set() if lexeme == "{" else None, awaits_key=lexeme == "{"))
        elif lexeme in "]}":
            if levels:
                levels.pop()
        elif lexeme == ",":
            _next_item(top)
        elif top and top.seen is not None and top.awaits_key and lexeme[0] == '"':
            key = _text(lexeme)
            repeated = key in top.seen
            top.at, top.awaits_key = key, False
            top.seen.add(key)
            if (reason == "json.duplicate_key" and repeated) or (reason == "json.character" and _bad_text(key)):
                return start, _pointer(levels)
        elif lexeme != ":" and _faulty(reason, lexeme):
            return start, _pointer(levels)
    return len(text), _pointer(levels)


def _lexemes(text: str) -> Iterator[tuple[int, str]]:
    """Each with its offset, up to a string that does not end."""
    for match in _LEXEME.finditer(text):
        if match["cut"]:
            return
        yield match.start("lexeme"), match["lexeme"]


def _next_item(level: _Level | None) -> None:
    if level is None:
        return
    if level.seen is None:
        level.at = int(level.at) + 1
    else:
        level.awaits_key = True


def _faulty(reason: str, lexeme: str) -> bool:
    if reason == "json.character":
        return lexeme[0] == '"' and _bad_text(_text(lexeme))
    if reason != "json.number" or lexeme[0] == '"' or lexeme in {"true", "false", "null"}:
        return False
    if re.fullmatch(r"-?[0-9]+", lexeme):
        return len(lexeme) > _MAX_INT_DIGITS or not -(2**63) <= int(lexeme) < 2**63
    try:
        return float(lexeme) in {float("inf"), float("-inf")} or lexeme == "NaN"
    except ValueError:
        return False


def _text(lexeme: str) -> str:
    try:
        return str(json.loads(lexeme))
    except ValueError:
        return lexeme[1:-1]


def _bad_text(text: str) -> bool:
    return any(character == "\x00" or "\ud800" <= character <= "\udfff" for character in text)


def _pointer(levels: list[_Level]) -> str:
    """RFC 6901; an object whose key is not read yet is named itself."""
    open_levels = levels[:-1] if levels and levels[-1].awaits_key else levels
    return "".join(f"/{level.at if isinstance(level.at, int) else shown_field(level.at)}" for level in open_levels)
