"""The figures of territories: one territory in full, or the headlines of those inside it."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from importlib import resources
from typing import Final

from aksu_reporting.domain.expiry import expiring_until
from aksu_reporting.domain.levels import Inner, Level, inner_level, level_of
from aksu_reporting.domain.states import DUE_PRESCRIPTIONS, OPEN_PRESCRIPTIONS, PENDING_APPLICATIONS, RUNNING
from aksu_shared.codelists import CODELISTS
from aksu_shared.db.reads import Reads
from aksu_shared.errors import NotFound

_FINANCING: Final = tuple(CODELISTS["financing"])
_NOTHING: Final = b"null"

# A municipality's code begins with the three letters of its oblast, so rows need no join to know where they lie.
_WITHIN: Final[Mapping[Level, str]] = {
    "NATION": "x.municipality IS NOT NULL",
    "REGION": "x.municipality = ANY (ARRAY(SELECT m.id FROM territory m JOIN territory o ON o.id = m.parent"
    " WHERE o.parent = $2))",
    "OBLAST": "x.municipality BETWEEN $2 || '00' AND $2 || '99'",
    "MUNICIPALITY": "x.municipality = $2",
}
_LEAF: Final[Mapping[Inner, str]] = {
    "REGION": "left(x.municipality, 3)",
    "OBLAST": "left(x.municipality, 3)",
    "MUNICIPALITY": "x.municipality",
}
_CHILD: Final[Mapping[Inner, str]] = {"REGION": "l.parent", "OBLAST": "l.id", "MUNICIPALITY": "l.id"}


async def territory_summary(reads: Reads, code: str, *, scope: str, today: date) -> bytes:
    """`TerritorySummary` of the territory, over the rows that `scope` sees. Raises NotFound."""
    level = level_of(code)
    if level is None:
        raise NotFound
    return _found(await reads.raw(_summary_sql(level), scope, code, *_days(today), PENDING_APPLICATIONS, _FINANCING))


async def children_summary(
    reads: Reads, code: str, *, level: Inner | None, sort: str, scope: str, today: date
) -> bytes:
    """`ChildrenSummary` of the territories of `level` inside it, in the order of `sort`. Raises NotFound."""
    outer = level_of(code)
    if outer is None:
        raise NotFound
    inner = inner_level(outer, level)
    return _found(await reads.raw(_children_sql(outer, inner, sort), scope, code, *_days(today), inner))


def _days(today: date) -> tuple[object, ...]:
    return (today, expiring_until(today), RUNNING, OPEN_PRESCRIPTIONS, DUE_PRESCRIPTIONS, today.replace(month=1, day=1))


@lru_cache(maxsize=8)
def _summary_sql(level: Level) -> str:
    return _sql("summary.sql", within=_WITHIN[level])


@lru_cache(maxsize=256)
def _children_sql(outer: Level, inner: Inner | None, sort: str) -> str:
    """`sort` is a column of the items, with `-` in front for descending: the route lets nothing else through."""
    column = sort.removeprefix("-")
    order = f"{column} {'DESC' if sort.startswith('-') else 'ASC'} NULLS LAST, code"
    shown = inner or "MUNICIPALITY"
    return _sql("children.sql", within=_WITHIN[outer], leaf=_LEAF[shown], child=_CHILD[shown], order=order)


def _sql(name: str, **parts: str) -> str:
    text = resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
    for part, sql in parts.items():
        text = text.replace(f"{{{part}}}", sql)
    return f"coalesce(({text}), '{_NOTHING.decode()}')"


def _found(body: bytes) -> bytes:
    if body == _NOTHING:
        raise NotFound
    return body
