"""Where in a refused JSON text the fault lies: a second, slow walk, so that the fast parser need not keep places.

It does not go far: a refusal must not cost more than what it refuses. What lies further in is told without its place.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from aksu_shared.kernel.masking import shown_field
from aksu_shared.kernel.storable import is_storable

_LEXEME: Final = re.compile(
    r'[ \t\n\r]*(?P<lexeme>[\[\]{},:]|"[^"\\]*(?:\\.[^"\\]*)*"|(?P<cut>".*)|'
    r"-?(?:Infinity|[0-9][0-9.eE+-]*)|[A-Za-z]+|.)",
    re.DOTALL,
)
"""A string without an end takes the rest in one step; else each quote within would be tried as a beginning."""
_MAX_INT_DIGITS: Final = 20
MAX_LOOKED_AT: Final = 128 * 1024
"""Characters from the beginning in which a fault is looked for."""
MAX_STEPS: Final = 5_000
"""Lexemes after which it is not looked for any more: about 5 ms."""


@dataclass(slots=True)
class _Level:
    """One open array (`seen` is None) or object; `at` is the index or key being read."""

    seen: set[str] | None
    at: int | str = 0
    awaits_key: bool = field(default=False)


class _TooFar(Exception):
    """Raised where it is not looked any further."""


def find(reason: str, text: str, *, max_depth: int) -> tuple[int | None, str]:
    """Offset and JSON pointer of the first fault of kind `reason`; for `json.syntax` those of the end of `text`.

    None and the whole document where the fault lies further in than is looked.
    """
    try:
        return _walked(reason, text, max_depth=max_depth)
    except _TooFar:
        return None, ""


def _walked(reason: str, text: str, *, max_depth: int) -> tuple[int, str]:
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
            if (reason == "json.duplicate_key" and repeated) or (reason == "json.character" and not is_storable(key)):
                return start, _pointer(levels)
        elif lexeme != ":" and _faulty(reason, lexeme):
            return start, _pointer(levels)
    return len(text), _pointer(levels)


def _lexemes(text: str) -> Iterator[tuple[int, str]]:
    """Each with its offset, up to a string that does not end. Raises _TooFar."""
    for step, match in enumerate(_LEXEME.finditer(text[:MAX_LOOKED_AT])):
        if step == MAX_STEPS:
            raise _TooFar
        if match["cut"]:
            break
        yield match.start("lexeme"), match["lexeme"]
    if len(text) > MAX_LOOKED_AT:
        raise _TooFar


def _next_item(level: _Level | None) -> None:
    if level is None:
        return
    if level.seen is None:
        level.at = int(level.at) + 1
    else:
        level.awaits_key = True


def _faulty(reason: str, lexeme: str) -> bool:
    if reason == "json.character":
        return lexeme[0] == '"' and not is_storable(_text(lexeme))
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


def _pointer(levels: list[_Level]) -> str:
    """RFC 6901; an object whose key is not read yet is named itself."""
    open_levels = levels[:-1] if levels and levels[-1].awaits_key else levels
    return "".join(f"/{level.at if isinstance(level.at, int) else shown_field(level.at)}" for level in open_levels)
