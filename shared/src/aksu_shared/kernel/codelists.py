"""Code lists: ids in English, labels in Bulgarian and English, and the few facts that hang on a code."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from aksu_shared.kernel.declared import declared
from aksu_shared.kernel.errors import Text

_RAW: Mapping[str, Mapping[str, Mapping[str, Any]]] = declared("codelists")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceKind:
    """A kind of social service. `old` kinds run under the former rules and are to be transformed (National Map)."""

    code: str
    text: Text
    old: bool
    activity_groups: tuple[str, ...]
    aliases: tuple[str, ...]


def _labels(rows: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Text]:
    return MappingProxyType({code: Text(row["bg"], row["en"]) for code, row in rows.items()})


def _kind(code: str, row: Mapping[str, Any]) -> ServiceKind:
    return ServiceKind(
        code=code,
        text=Text(row["bg"], row["en"]),
        old=row.get("old", False),
        activity_groups=tuple(row.get("groups", ())),
        aliases=tuple(row.get("aliases", ())),
    )


CODELISTS: Mapping[str, Mapping[str, Text]] = MappingProxyType({name: _labels(rows) for name, rows in _RAW.items()})
"""List → code → label; the order is the order to show."""

LICENCE_REQUIRED: Mapping[str, bool] = MappingProxyType(
    {code: row["licence_required"] for code, row in _RAW["legal_forms"].items()}
)
"""Legal form → whether a provider of that form needs a licence (чл. 146 ЗСУ)."""

SERVICE_KINDS: Mapping[str, ServiceKind] = MappingProxyType(
    {code: _kind(code, row) for code, row in _RAW["service_kinds"].items()}
)
"""Kind of service by code."""

TARGET_GROUP_ALIASES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {code: (row["bg"], *row.get("aliases", ())) for code, row in _RAW["target_groups"].items()}
)
"""Target group → wordings by which it is known, its label first."""

ADMINISTRATIVE_SERVICES: Mapping[str, str] = MappingProxyType(
    {code: row["service_no"] for code, row in _RAW["application_procedures"].items()}
)
"""Procedure → number of the administrative service, the first part of a licence's number."""


def require(name: str, code: str) -> str:
    """`code` itself when list `name` holds it, else `ValueError`."""
    if code not in CODELISTS[name]:
        msg = f"{code!r} is not in code list {name}"
        raise ValueError(msg)
    return code
