"""Where a service's rows tell of people, and which cases still need what is held of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """One class of personal data: `table`, whose rows, by id, tell of such people.

    `over` is SQL on such a row `r`: the case it belongs to has ended. Until then the data are needed by whoever decides
    it, and are evidence (Регламент 2016/679, чл. 17, пар. 3, б. „б“ и „д“).
    """

    table: str
    over: str


Holdings: TypeAlias = Mapping[str, Holding]
"""Class of data (`retention.toml`) → where it is told of."""


def needed(holdings: Holdings) -> str:
    """SQL on a row `k` of `subject_key`: whether a case that has not ended needs what is held."""
    cases = "".join(
        f" WHEN '{kind}' THEN EXISTS (SELECT FROM {each.table} AS r WHERE r.id = k.row_id AND NOT ({each.over}))"
        for kind, each in holdings.items()
    )
    return f"(CASE k.kind{cases} ELSE false END)" if cases else "false"
