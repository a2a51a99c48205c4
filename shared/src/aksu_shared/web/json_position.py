"""Where in a refused JSON text the fault lies: a second, slow walk, so that the fast parser need not keep places."""

import json
import re
from dataclasses import dataclass, field
from typing import Final

_TOKEN: Final = re.compile(
    r'[ \t\n\r]*(?P<token>[\[\]{},:]|"[^"\\]*(?:\\.[^"\\]*)*"|-?(?:Infinity|[0-9][0-9.eE+-]*)|[A-Za-z]+|.)', re.DOTALL
)
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
    for match in _TOKEN.finditer(text):
        token, start = match["token"], match.start("token")
        top = levels[-1] if levels else None
        if token in "[{":
            if reason == "json.depth" and len(levels) == max_depth:
                return start, _pointer(levels)
            levels.append(_Level(set() if token == "{" else None, awaits_key=token == "{"))
        elif token in "]}":
            if levels:
                levels.pop()
        elif token == ",":
            _next_item(top)
        elif top and top.seen is not None and top.awaits_key and token[0] == '"':
            key = _text(token)
            repeated = key in top.seen
            top.at, top.awaits_key = key, False
            top.seen.add(key)
            if (reason == "json.duplicate_key" and repeated) or (reason == "json.character" and _bad_text(key)):
                return start, _pointer(levels)
        elif token != ":" and _faulty(reason, token):
            return start, _pointer(levels)
    return len(text), _pointer(levels)


def _next_item(level: _Level | None) -> None:
    if level is None:
        return
    if level.seen is None:
        level.at = int(level.at) + 1
    else:
        level.awaits_key = True


def _faulty(reason: str, token: str) -> bool:
    if reason == "json.character":
        return token[0] == '"' and _bad_text(_text(token))
    if reason != "json.number" or token[0] == '"' or token in {"true", "false", "null"}:
        return False
    if re.fullmatch(r"-?[0-9]+", token):
        return len(token) > _MAX_INT_DIGITS or not -(2**63) <= int(token) < 2**63
    try:
        return float(token) in {float("inf"), float("-inf")} or token == "NaN"  # noqa: S105 - a token of JSON
    except ValueError:
        return False


def _text(token: str) -> str:
    try:
        return str(json.loads(token))
    except ValueError:
        return token[1:-1]


def _bad_text(text: str) -> bool:
    return any(character == "\x00" or "\ud800" <= character <= "\udfff" for character in text)


def _pointer(levels: list[_Level]) -> str:
    """RFC 6901; an object whose key is not read yet is named itself."""
    open_levels = levels[:-1] if levels and levels[-1].awaits_key else levels
    keys = (str(level.at).replace("~", "~0").replace("/", "~1") for level in open_levels)
    # A pointer travels in an answer: what cannot be encoded is shown as a question mark.
    return "".join(f"/{key}" for key in keys).encode("utf-8", "replace").decode()
