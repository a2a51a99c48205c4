"""The one JSON parser for HTTP and the bus: RFC 8259 and nothing more, with one meaning per document.

Most documents, all of our own events among them, are written as `to_json` writes them. Such a one is read by
pydantic's parser and written again: the same bytes mean that nothing was lost on the way, no key twice and no number
too great for a float. For the others the C scanner of `json` does the work. What it lets pass (duplicate keys, numbers
beyond 64 bits, NUL, lone surrogates) is caught by its hooks; only a document already refused is walked again, in
Python and not far, to say where.

How long all of it may take is bounded before any of it: a document holds so many values and escapes at most.
"""

import json
from collections.abc import Sequence
from itertools import accumulate
from typing import Any, Final, NoReturn

from pydantic_core import from_json, to_json

from aksu_shared.kernel.errors import FieldError, Malformed, Text
from aksu_shared.kernel.json_position import MAX_LOOKED_AT, find
from aksu_shared.kernel.storable import is_storable

MAX_DEPTH: Final = 32
"""Arrays and objects inside one another, the outermost included."""
MAX_VALUES: Final = 10_000
"""Values in one document; the largest body that a schema of ours lets in has some hundreds."""
MAX_ESCAPES: Final = 1_500_000
"""Backslashes in one document: 8 MiB of Cyrillic, each letter written as an escape, have fewer."""
_LARGE: Final = 64 * 1024
_QUOTES_PER_VALUE: Final = 4
"""Of a key and of a text."""

_MIN_INT, _MAX_INT = -(2**63), 2**63 - 1
_MAX_INT_DIGITS: Final = 20

_SENTENCES: Final = {
    "json.encoding": Text(bg="Тялото не е в кодировка UTF-8.", en="The body is not UTF-8."),
    "json.bom": Text(bg="Тялото започва със знак BOM.", en="The body starts with a byte order mark."),
    "json.extent": Text(
        bg=f"Тялото съдържа твърде много: стойностите са най-много {MAX_VALUES}.",
        en=f"The body holds too much: at most {MAX_VALUES} values.",
    ),
    "json.depth": Text(bg="Влагането е твърде дълбоко.", en="The nesting is too deep."),
    "json.syntax": Text(bg="Тялото не е правилен JSON.", en="The body is not well-formed JSON."),
    "json.duplicate_key": Text(bg="Ключът се повтаря.", en="The key is repeated."),
    "json.number": Text(
        bg="Числото не е крайно или е извън 64 бита.", en="The number is not finite or does not fit 64 bits."
    ),
    "json.character": Text(
        bg="Текстът съдържа знак NUL или половин сурогатна двойка.",
        en="The text holds a NUL character or half of a surrogate pair.",
    ),
}

_LONG_NUMBER: Final = b"0" * 19
_ALL_DIGITS_ZERO: Final = bytes.maketrans(b"123456789", b"000000000")
_NOT_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_STEP: Final = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_SUSPECT_ESCAPES: Final = ("\\u0000", "\\ud", "\\uD")


class InvalidJson(Malformed):
    """The bytes are no acceptable JSON document; `reason` is one of `json.*`, `position` a character offset.

    The position is None where it was not looked for so far into the document.
    """

    def __init__(self, reason: str, *, position: int | None, pointer: str = "") -> None:
        text = _SENTENCES[reason]
        super().__init__(errors=[FieldError(pointer=pointer, code=reason, bg=text.bg, en=text.en)])
        self.reason = reason
        self.position = position
        self.pointer = pointer


class _Refused(Exception):
    """Raised by a hook of the scanner, which knows the reason and not the place."""


def loads(data: bytes, *, max_depth: int = MAX_DEPTH, max_values: int = MAX_VALUES) -> Any:  # noqa: ANN401 - JSON
    """Parse one JSON document.

    Raises InvalidJson for: more than `max_values` or MAX_ESCAPES, other encodings than UTF-8, a BOM, nesting deeper
    than `max_depth`, bad syntax, a key twice in one object, NaN or infinities (1e400 too), integers beyond 64 bits,
    NUL, lone surrogates.
    """
    if len(data) > max_values and not _extent_fits(data, max_values):
        raise InvalidJson("json.extent", position=None)
    if _is_plain(data, max_depth):
        try:
            value = from_json(data)
        except ValueError:
            return _scanned(data, max_depth)
        if to_json(value, inf_nan_mode="null") == data:
            return value
    return _scanned(data, max_depth)


def _extent_fits(data: bytes, max_values: int) -> bool:
    """Whether a document is small enough to be read at once: each value but the first follows a comma or a bracket.

    What stands within its texts does not count; it is left out only where that matters.
    """
    if data.count(b"\\") > MAX_ESCAPES:
        return False
    if _separators(data) < max_values and data.count(b'"') <= _QUOTES_PER_VALUE * max_values:
        return True
    plain = _without_escapes(data)
    return plain.count(b'"') <= _QUOTES_PER_VALUE * max_values and _separators(_outside_texts(plain)) < max_values


def _separators(data: bytes) -> int:
    return data.count(b",") + data.count(b"[") + data.count(b"{")


def _without_escapes(data: bytes) -> bytes:
    """Without its escapes every quote opens or closes a text."""
    return data.replace(b"\\\\", b"").replace(b'\\"', b"") if b"\\" in data else data


def _outside_texts(plain: bytes) -> bytes:
    """Of data without escapes each second part between quotes: it lies outside the texts."""
    return b"".join(plain.split(b'"')[::2])


def _is_plain(data: bytes, max_depth: int) -> bool:
    """Whether `data` cannot be too deep, hold NUL, or a whole number beyond 64 bits: what writing it again keeps.

    Nor is it large: pydantic's parser lets nothing else happen meanwhile, the scanner's hooks do.
    """
    return (
        len(data) <= _LARGE
        and data.count(b"[") + data.count(b"{") <= max_depth
        and b"\\u0000" not in data
        and _LONG_NUMBER not in data.translate(_ALL_DIGITS_ZERO)
    )


def _scanned(data: bytes, max_depth: int) -> Any:  # noqa: ANN401 - a JSON value
    if data.startswith(b"\xef\xbb\xbf"):
        raise InvalidJson("json.bom", position=0)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise InvalidJson("json.encoding", position=error.start) from None
    if data.count(b"[") + data.count(b"{") > max_depth and _depth(data) > max_depth:
        raise _placed("json.depth", text, max_depth=max_depth)
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise InvalidJson("json.syntax", position=error.pos, pointer=_pointer_before(text, error.pos)) from None
    except _Refused as refused:
        raise _placed(refused.args[0], text, max_depth=max_depth) from None
    if any(escape in text for escape in _SUSPECT_ESCAPES) and not _clean(value):
        raise _placed("json.character", text, max_depth=max_depth)
    return value


def _depth(data: bytes) -> int:
    """Deepest nesting, counted without recursion on what is left when texts are taken out."""
    brackets = _outside_texts(_without_escapes(data)).translate(None, _NOT_BRACKETS)
    return max(accumulate(map(_STEP.__getitem__, brackets)), default=0)


def _clean(value: Any) -> bool:  # noqa: ANN401 - a JSON value
    """Whether no text in `value` holds NUL or a lone surrogate. The depth is bounded before."""
    if isinstance(value, str):
        return is_storable(value)
    if isinstance(value, dict):
        return all(_clean(key) and _clean(item) for key, item in value.items())
    return not isinstance(value, list) or all(map(_clean, value))


def _placed(reason: str, text: str, *, max_depth: int) -> InvalidJson:
    position, pointer = find(reason, text, max_depth=max_depth)
    return InvalidJson(reason, position=position, pointer=pointer)


def _pointer_before(text: str, position: int) -> str:
    return find("json.syntax", text[:position], max_depth=MAX_DEPTH)[1] if position <= MAX_LOOKED_AT else ""


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        raise _Refused("json.duplicate_key")
    return mapping


def _integer(digits: str) -> int:
    if len(digits) <= _MAX_INT_DIGITS and _MIN_INT <= (value := int(digits)) <= _MAX_INT:
        return value
    raise _Refused("json.number")


def _real(digits: str) -> float:
    value = float(digits)
    if value - value != 0:  # infinite: cheaper than a call of isinf
        raise _Refused("json.number")
    return value


def _constant(name: str) -> NoReturn:
    raise _Refused("json.number", name)


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_real, parse_constant=_constant
)
