"""What may stand in logs and audits of texts that callers wrote or that quote them: forms, never words."""

import re
from typing import Final
from urllib.parse import parse_qsl

HIDDEN: Final = "…"

_SHOWN_PAIRS: Final = 100
"""What has more is refused."""
_PLAIN: Final = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(:[0-9]{1,18})?"  # an id; a position in the feed
    r"|[0-9]{1,8}"  # a number, shorter than those of people and telephones
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]{5,15}(Z|[+-][0-9:]{5}))?"
    r"|[A-Z][A-Z0-9_]{0,40}(:[A-Z0-9]{1,20})?"  # a code
    r"|bg\.aksu\.[a-z_.0-9]{1,80}|true|false",
    re.ASCII,
)
_FIELD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}", re.ASCII)
_QUOTED: Final = re.compile(r""""[^"]*"|'[^']*'|„[^“”]*[“”]|\([^()]*\)=\([^()]*\)""")
_TELLING: Final = re.compile(r"\S*@\S*|[0-9]{6,}|[^\x00-\x7f]+")


def is_plain(value: str) -> bool:
    """Whether a value is an id, a day, a code or a small number: nothing somebody could have written of a person."""
    return len(value) <= 100 and _PLAIN.fullmatch(value) is not None  # noqa: PLR2004 - none of the forms is longer


def shown_query(query: str) -> str:
    """A query as the audit keeps it: which parameters were given, and the values that are plain; how it was sorted."""
    pairs = parse_qsl("&".join(query.split("&", _SHOWN_PAIRS)[:_SHOWN_PAIRS]), keep_blank_values=True)
    return "&".join(f"{name}={value if name == 'sort' or is_plain(value) else HIDDEN}" for name, value in pairs)


def shown_field(name: str) -> str:
    """The name of a field that a caller gave, unless it is none: what stands there may be about a person."""
    return name if _FIELD.fullmatch(name) else HIDDEN


def without_quotes(text: str) -> str:
    """A message of a library without what it quotes: values, addresses, long numbers, words that are not ASCII."""
    return _TELLING.sub(HIDDEN, _QUOTED.sub(HIDDEN, text))
