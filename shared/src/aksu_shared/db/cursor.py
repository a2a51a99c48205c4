"""Cursors of lists: where a page ended, in the values of its sorting. Callers may send anything in their place."""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.types import BigInteger, SmallInteger, TypeEngine

from aksu_shared.kernel.errors import FieldError, Malformed
from aksu_shared.kernel.strict_json import InvalidJson, loads


def decode_cursor(cursor: str, sort: str, types: Sequence[TypeEngine[Any]]) -> Sequence[Any]:
    """The keyset values of a page's `next`, as columns of `types` hold them. Raises Malformed for anything else."""
    try:
        name, *keys = loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if name == sort:
            return [_READ[kind.python_type](kind, key) for kind, key in zip(types, keys, strict=True)]
    except (binascii.Error, InvalidJson, ValueError, TypeError, OverflowError):
        pass
    raise Malformed(
        errors=[
            FieldError(
                pointer="?cursor",
                code="bad_cursor",
                bg="Курсорът не е от този списък и тази подредба.",
                en="The cursor is not of this list and sorting.",
            )
        ]
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def _whole(kind: TypeEngine[Any], value: object) -> int:
    """A number that the column's type holds."""
    bits = 64 if isinstance(kind, BigInteger) else 16 if isinstance(kind, SmallInteger) else 32
    if type(value) is not int or not -(2 ** (bits - 1)) <= value < 2 ** (bits - 1):
        raise ValueError("no number of this column")
    return value


def _instant(value: str) -> datetime:
    """An instant whose day exists in UTC too, as PostgreSQL keeps it."""
    read = datetime.fromisoformat(value)
    if read.tzinfo is None:
        raise ValueError("no zone")
    return read.astimezone(UTC)


_READ: Final[Mapping[type, Callable[[TypeEngine[Any], Any], Any]]] = {
    int: _whole,
    str: lambda _, value: _text(value),
    UUID: lambda _, value: UUID(_text(value)),
    date: lambda _, value: date.fromisoformat(_text(value)),
    datetime: lambda _, value: _instant(_text(value)),
}
"""Python type of a column → what reads a value of its cursor; a test asks that no list is sorted by another type."""
