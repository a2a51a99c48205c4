"""Base classes of the wire: what comes in is read strictly, what goes out is frozen."""

import re
from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Final

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, PydanticKnownError

from aksu_shared.kernel.plain_text import composed, unseen_in

_STRICT: Final = frozenset({"int", "bool", "float"})
_LISTS: Final = frozenset({"list", "tuple", "set", "frozenset"})
_ISO_TEXT: Final = frozenset({"date", "datetime", "time"})
_OTHER_MODELS: Final = frozenset({"model", "dataclass", "definition-ref"})
_GUARDED: Final = "aksu_guarded"
"""In the metadata of a schema: it stands behind its guard already. Pydantic hands out the same schema again."""
LINES: Final = "aksu_lines"
"""In the metadata of a text's schema: it may have several lines."""
_NUMBER: Final = re.compile(r"-?[0-9]{1,30}(?:\.[0-9]{1,30})?", re.ASCII)
_ISO_START: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{2}:[0-9]{2}")


def _walk(node: Any, change: Callable[[dict[str, Any]], None], *, own: bool = False) -> None:  # noqa: ANN401
    """Apply `change` to each schema below `node`, not entering other models: they have a rule of their own."""
    if isinstance(node, list | tuple):
        for item in node:
            _walk(item, change, own=own)
    elif isinstance(node, dict):
        kind = node.get("type")
        if not isinstance(kind, str):
            kind = None  # no schema but a mapping of a model's fields, one of which is called `type`
        if kind in _OTHER_MODELS and not own:
            return
        entered = own and kind not in _OTHER_MODELS  # wrappers (validators, definitions) around the model itself
        for key, item in list(node.items()):
            if key not in {"metadata", "serialization", "config", "default", "expected"}:
                _walk(item, change, own=entered)
        if kind is not None:
            change(node)


def _guard(schema: dict[str, Any], kind: str, function: Callable[[Any], Any], **changes: Any) -> None:  # noqa: ANN401
    """Put the schema, with `changes`, behind a function that sees the value `function-before` or `-after` it."""
    metadata = schema.get("metadata") or {}
    if _GUARDED in metadata:
        return
    inner = schema | changes | {"metadata": metadata | {_GUARDED: True}}
    schema.clear()
    schema.update({"type": kind, "function": {"type": "no-info", "function": function}, "schema": inner})


def _strict_body(schema: dict[str, Any]) -> None:
    if schema["type"] in _STRICT:
        schema["strict"] = True
    if schema["type"] in _LISTS and "max_length" in schema:
        _counted_first(schema)
    _iso_scalar(schema)


def _counted_first(schema: dict[str, Any]) -> None:
    """Let a list's length be judged before its items: pydantic would tell what is wrong with each of 100,000."""
    most = schema["max_length"]

    def at_most(value: Any) -> Any:  # noqa: ANN401 - whatever the caller sent
        if isinstance(value, list) and len(value) > most:
            context = {"field_type": "List", "max_length": most, "actual_length": len(value)}
            raise PydanticKnownError("too_long", context)
        return value

    _guard(schema, "function-before", at_most)


def _iso_scalar(schema: dict[str, Any]) -> None:
    kind = schema["type"]
    if kind == "str":
        _plain_text(schema)
        return
    guard = _iso_text if kind in _ISO_TEXT else _plain_number if kind == "decimal" else None
    if guard is None:
        return
    aware = {"tz_constraint": "aware"} if kind == "datetime" and "tz_constraint" not in schema else {}
    _guard(schema, "function-before", guard, **aware)


def _plain_text(schema: dict[str, Any]) -> None:
    """Let no text through with characters that its reader does not see; what passes is composed."""
    _guard(schema, "function-after", _plain_lines if LINES in (schema.get("metadata") or {}) else _plain_line)


def _plain_line(value: str) -> str:
    return _plain(value, unseen_in(value))


def _plain_lines(value: str) -> str:
    text = value.replace("\r\n", "\n")
    return _plain(text, unseen_in(text, lines=True))


def _plain(text: str, unseen: str | None) -> str:
    if unseen is not None:
        code = f"U+{ord(unseen):04X}"
        raise BadValue(
            "unseen_character",
            bg=f"Текстът съдържа невидим или управляващ знак ({code}). Махнете го.",
            en=f"The text holds a character that is not seen, or a control ({code}). Leave it out.",
        )
    return composed(text)


def _iso_text(value: Any) -> Any:  # noqa: ANN401 - whatever the caller sent
    """Let through dates as text; a bare number, also in quotes, would be read as seconds since 1970."""
    if isinstance(value, int | float) or (isinstance(value, str) and not _ISO_START.match(value)):
        raise PydanticCustomError("iso_date", "a date as ISO 8601 text")
    return value


def _plain_number(value: Any) -> Any:  # noqa: ANN401 - whatever the caller sent
    """Let through decimals as JSON writes numbers; Python's also reads `1_0` and digits of other scripts."""
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        raise PydanticCustomError("decimal_parsing", "a decimal number")
    return value


class BadValue(ValueError):
    """Raised by a validator of a schema: one field is wrong, said in both languages. `code` is stable."""

    def __init__(self, code: str, *, bg: str, en: str) -> None:
        super().__init__(en)
        self.code = code
        self.bg = bg
        self.en = en


class Body(BaseModel):
    """A body a caller sends. Unknown fields are refused; numbers, booleans and dates are never guessed from others.

    No text of it holds a character that its reader does not see (`kernel.plain_text`).

    JSON has its own types: `"5"` is no number, `1` is no boolean, `20240131` or `"20240131"` is no date. A list that is
    too long is refused as such, whatever is in it.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: type[BaseModel], handler: GetCoreSchemaHandler) -> CoreSchema:
        """Pydantic's own schema, its scalars made strict."""
        schema = handler(source)
        _walk(schema, _strict_body, own=True)
        return schema


class Filters(BaseModel):
    """Query parameters of a list, as one model: `filters: Annotated[ServiceFilters, Query()]`.

    Values are texts, so numbers are read from them; a date still has to be an ISO date.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: type[BaseModel], handler: GetCoreSchemaHandler) -> CoreSchema:
        """Pydantic's own schema, its dates made ISO only."""
        schema = handler(source)
        _walk(schema, _iso_scalar, own=True)
        return schema


class Resource(BaseModel):
    """What a read answers with; built from rows or domain objects by attribute. Defaults are sent too."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", frozen=True, from_attributes=True, json_schema_serialization_defaults_required=True
    )


IF_ASKED: Final = Field(json_schema_extra={"x-if-asked": True})
"""Marks a field of an answer that is there only if it was asked for (`include=actions`)."""


class Versioned(Resource):
    """What every aggregate shows besides its state; `actions` are the verbs this caller may use now."""

    version: int
    actions: Annotated[list[str] | None, IF_ASKED] = None
