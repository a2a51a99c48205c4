"""What pydantic found wrong with an input, said to a person in both languages, without its internals."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from aksu_shared.kernel.errors import MAX_ERRORS, FieldError, Malformed, Text
from aksu_shared.kernel.masking import HIDDEN, shown_field
from aksu_shared.kernel.schemas.base import BadValue

_LONGEST_NAME: Final = 100
_OTHER: Final = Text(bg="Стойността не се приема.", en="The value is not acceptable.")
_OBJECT: Final = Text(bg="Очаква се обект.", en="An object is expected.")
_LIST: Final = Text(bg="Очаква се списък.", en="A list is expected.")
_TEXT: Final = Text(bg="Очаква се текст.", en="A text is expected.")
_NUMBER: Final = Text(bg="Очаква се число.", en="A number is expected.")
_INTEGER: Final = Text(bg="Очаква се цяло число.", en="A whole number is expected.")
_BOOLEAN: Final = Text(bg="Очаква се true или false.", en="true or false is expected.")
_DATE: Final = Text(bg="Очаква се дата ГГГГ-ММ-ДД.", en="A date YYYY-MM-DD is expected.")
_INSTANT: Final = Text(
    bg="Очаква се момент по ISO 8601, например 2025-03-31T09:00:00Z.",
    en="An ISO 8601 instant is expected, such as 2025-03-31T09:00:00Z.",
)
_TIME: Final = Text(bg="Очаква се час ЧЧ:ММ.", en="A time HH:MM is expected.")
_ZONE: Final = Text(bg="Моментът трябва да носи часова зона.", en="The instant must carry a time zone.")
_UUID: Final = Text(bg="Очаква се идентификатор UUID.", en="A UUID is expected.")
_URL: Final = Text(bg="Очаква се адрес (URL).", en="A URL is expected.")
_ONE_OF: Final = Text(bg="Позволени стойности: {expected}.", en="Allowed values: {expected}.")
_KIND: Final = Text(bg="Видът на обекта липсва или е непознат.", en="The kind of the object is missing or unknown.")

SENTENCES: Final[Mapping[str, Text]] = {
    "missing": Text(bg="Полето е задължително.", en="The field is required."),
    "extra_forbidden": Text(bg="Непознато поле.", en="Unknown field."),
    "unknown_parameter": Text(bg="Непознат параметър.", en="Unknown parameter."),
    "too_many_parameters": Text(bg="Параметрите са твърде много.", en="There are too many parameters."),
    "repeated_parameter": Text(bg="Параметърът се дава само веднъж.", en="The parameter is given only once."),
    "greater_than": Text(bg="Стойността трябва да е над {gt}.", en="The value must be above {gt}."),
    "greater_than_equal": Text(bg="Стойността трябва да е поне {ge}.", en="The value must be at least {ge}."),
    "less_than": Text(bg="Стойността трябва да е под {lt}.", en="The value must be below {lt}."),
    "less_than_equal": Text(bg="Стойността може да е най-много {le}.", en="The value may be at most {le}."),
    "multiple_of": Text(
        bg="Стойността трябва да е кратна на {multiple_of}.", en="The value must be a multiple of {multiple_of}."
    ),
    "finite_number": Text(bg="Числото трябва да е крайно.", en="The number must be finite."),
    "too_short": Text(bg="Нужни са поне {min_length} елемента.", en="At least {min_length} items are needed."),
    "too_long": Text(bg="Позволени са най-много {max_length} елемента.", en="At most {max_length} items are allowed."),
    "string_too_short": Text(
        bg="Текстът трябва да е поне {min_length} знака.", en="The text must be at least {min_length} characters."
    ),
    "string_too_long": Text(
        bg="Текстът може да е най-много {max_length} знака.", en="The text may be at most {max_length} characters."
    ),
    "string_pattern_mismatch": Text(
        bg="Текстът не е във вида {pattern}.", en="The text does not have the form {pattern}."
    ),
    "string_not_ascii": Text(bg="Позволени са само латински знаци.", en="Only ASCII characters are allowed."),
    "enum": _ONE_OF,
    "literal_error": _ONE_OF,
    "none_required": Text(bg="Стойността трябва да е null.", en="The value must be null."),
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "dict_type": _OBJECT,
    "mapping_type": _OBJECT,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "set_type": _LIST,
    "frozen_set_type": _LIST,
    "iterable_type": _LIST,
    "string_type": _TEXT,
    "string_unicode": _TEXT,
    "bool_type": _BOOLEAN,
    "bool_parsing": _BOOLEAN,
    "int_type": _INTEGER,
    "int_parsing": _INTEGER,
    "int_parsing_size": _INTEGER,
    "int_from_float": _INTEGER,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "decimal_type": _NUMBER,
    "decimal_parsing": _NUMBER,
    "decimal_max_digits": Text(bg="Най-много {max_digits} цифри.", en="At most {max_digits} digits."),
    "decimal_max_places": Text(
        bg="Най-много {decimal_places} знака след десетичната запетая.", en="At most {decimal_places} decimal places."
    ),
    "decimal_whole_digits": Text(
        bg="Най-много {whole_digits} цифри преди десетичната запетая.",
        en="At most {whole_digits} digits before the decimal point.",
    ),
    "iso_date": Text(bg="Очаква се дата или момент по ISO 8601.", en="An ISO 8601 date or instant is expected."),
    "date_type": _DATE,
    "date_parsing": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE,
    "date_past": Text(bg="Датата трябва да е в миналото.", en="The date must be in the past."),
    "date_future": Text(bg="Датата трябва да е в бъдещето.", en="The date must be in the future."),
    "datetime_type": _INSTANT,
    "datetime_parsing": _INSTANT,
    "datetime_from_date_parsing": _INSTANT,
    "datetime_object_invalid": _INSTANT,
    "timezone_aware": _ZONE,
    "timezone_offset": _ZONE,
    "time_type": _TIME,
    "time_parsing": _TIME,
    "uuid_type": _UUID,
    "uuid_parsing": _UUID,
    "uuid_version": _UUID,
    "url_type": _URL,
    "url_parsing": _URL,
    "url_syntax_violation": _URL,
    "url_scheme": _URL,
    "union_tag_invalid": _KIND,
    "union_tag_not_found": _KIND,
}
"""Pydantic's type of error → what to say; the braces are filled from the error's context."""


def malformed(errors: Sequence[Mapping[str, Any]]) -> Malformed:
    """The problem for pydantic's errors, whose places start with body, query, path, header or cookie.

    It tells the first of them, and how many more there are.
    """
    return Malformed(errors=[_field_error(error) for error in errors[:MAX_ERRORS]], untold=len(errors) - MAX_ERRORS)


def parameter_error(name: str, code: str) -> FieldError:
    """One wrong query parameter, or the query as a whole; `code` is a key of `SENTENCES` without braces."""
    return FieldError(pointer=f"?{name and shown_field(name)}", code=code, bg=SENTENCES[code].bg, en=SENTENCES[code].en)


def pointer(place: Sequence[str | int]) -> str:
    """A place as pydantic gives it → JSON pointer into the body, `?query`, `{path}`, `!header`."""
    source, *rest = place or ("body",)
    if source == "body":
        return "".join("/" + _shown(part).replace("~", "~0").replace("/", "~1") for part in rest)
    name = ".".join(map(_shown, rest))
    return {"query": f"?{name}", "path": f"{{{name}}}", "header": f"!{name}"}.get(str(source), name)


def _shown(part: str | int) -> str:
    """A part of a place; a name longer than ours are was given by the caller, as a key."""
    return str(part) if isinstance(part, int) or len(part) <= _LONGEST_NAME else HIDDEN


def _field_error(error: Mapping[str, Any]) -> FieldError:
    place = error["loc"]
    context = error.get("ctx") or {}
    cause = context.get("error")
    if isinstance(cause, BadValue):
        return FieldError(pointer=pointer(place), code=cause.code, bg=cause.bg, en=cause.en)
    code = error["type"]
    if context.keys() >= {"bg", "en"}:  # said by the schema itself, see aksu_shared/kernel/schemas/codes.py
        return FieldError(pointer=pointer(place), code=code, bg=context["bg"], en=context["en"])
    if code == "extra_forbidden":
        place = (*place[:-1], shown_field(str(place[-1])))
        code = "unknown_parameter" if place[0] == "query" else code
    text = SENTENCES.get(code, _OTHER)
    try:
        bg, en = text.bg.format(**_bilingual(context, "bg")), text.en.format(**_bilingual(context, "en"))
    except KeyError:
        bg, en = _OTHER.bg, _OTHER.en
    known = code if code in SENTENCES else "invalid"
    return FieldError(pointer=pointer(place), code=known, bg=bg, en=en)


def _bilingual(context: Mapping[str, Any], language: str) -> Mapping[str, Any]:
    """Pydantic writes "'A', 'B' or 'C'"; the last word but one is the only English in a context."""
    expected = context.get("expected")
    if language == "bg" and isinstance(expected, str):
        return {**context, "expected": expected.replace("' or '", "' или '")}
    return context
