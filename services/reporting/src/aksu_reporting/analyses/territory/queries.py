"""The figures of territories: one territory in full, or the headlines of those inside it."""

from collections.abc import Mapping
from datetime import date
from functools import cache, lru_cache
from importlib import resources
from typing import Any, Final

from sqlalchemy import ColumnElement, Date, literal_column
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import aliased

from aksu_reporting.measures import applications, inspections, licences, prescriptions, services
from aksu_reporting.measures.days import Days
from aksu_reporting.measures.levels import Inner, Level, inner_level, level_of
from aksu_reporting.read_models.queries import FRESH_AT_OF_EACH
from aksu_reporting.read_models.tables import (
    ApplicationTable,
    InspectionTable,
    LicenceTable,
    PrescriptionTable,
    ServiceTable,
)
from aksu_shared.db.reads import Reads
from aksu_shared.kernel.codelists import CODELISTS
from aksu_shared.kernel.errors import NotFound

_FINANCING: Final = tuple(CODELISTS["financing"])
_NOTHING: Final = b"null"
_PUBLIC: Final = "(x.scope && ARRAY['public'])"

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
    return _found(await reads.raw(_summary_sql(level), scope, code, *_days(today), _FINANCING))


async def children_summary(
    reads: Reads, code: str, *, level: Inner | None, sort: str, scope: str, today: date
) -> bytes:
    """`ChildrenSummary` of the territories of `level` inside it, in the order of `sort`. Raises NotFound."""
    outer = level_of(code)
    if outer is None:
        raise NotFound
    inner = inner_level(outer, level)
    return _found(await reads.raw(_children_sql(outer, inner, sort), scope, code, *_days(today), inner))


def _days(today: date) -> tuple[date, ...]:
    """The parameters that `_measures` names: $3, $4 and $5."""
    days = Days.of(today)
    return (days.today, days.expiring_until, days.year_since)


@lru_cache(maxsize=8)
def _summary_sql(level: Level) -> str:
    return _sql(
        "summary.sql",
        within=_WITHIN[level],
        share_of_services=services.share_of_services("services", of="whole.services"),
        share_of_places=services.share_of_places(
            "places", of="whole.places", services="services", capacity_unknown="capacity_unknown"
        ),
    )


@lru_cache(maxsize=256)
def _children_sql(outer: Level, inner: Inner | None, sort: str) -> str:
    """`sort` is a column of the items, with `-` in front for descending: the route lets nothing else through."""
    column = sort.removeprefix("-")
    order = f"{column} {'DESC' if sort.startswith('-') else 'ASC'} NULLS LAST, code"
    shown = inner or "MUNICIPALITY"
    shares = {name: sql for part in ("state_delegated", "private") for name, sql in _shares(part).items()}
    return _sql("children.sql", within=_WITHIN[outer], leaf=_LEAF[shown], child=_CHILD[shown], order=order, **shares)


def _shares(part: str) -> dict[str, str]:
    """Of the services of one class of financing, from the sums of `children.sql`."""
    return {
        f"{part}_share_of_services": services.share_of_services(f"services_{part}", of="services"),
        f"{part}_share_of_places": services.share_of_places(
            f"places_{part}", of="places", services=f"services_{part}", capacity_unknown=f"unknown_{part}"
        ),
    }


def _sql(name: str, **parts: str) -> str:
    text = resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
    for part, sql in {**_measures(), **parts, "public": _PUBLIC, "fresh_at": FRESH_AT_OF_EACH}.items():
        text = text.replace(f"{{{part}}}", sql)
    return f"coalesce(({text}), '{_NOTHING.decode()}')"


@cache
def _measures() -> Mapping[str, str]:
    """The measures of a row `x`, by the names they have in the statements."""
    today, until, since = (literal_column(f"${place}::date", Date) for place in (3, 4, 5))
    application, inspection = aliased(ApplicationTable, name="x"), aliased(InspectionTable, name="x")
    licence, prescription = aliased(LicenceTable, name="x"), aliased(PrescriptionTable, name="x")
    measures: Mapping[str, ColumnElement[Any]] = {
        "service_active": services.active(aliased(ServiceTable, name="x")),
        "licence_in_force": licences.in_force(licence, today),
        "licence_expiring": licences.expiring(licence, today, until=until),
        "licence_state": licences.state_on(licence, today),
        "application_pending": applications.pending(application),
        "application_overdue": applications.overdue(application, today),
        "inspection_this_year": inspections.this_year(inspection, since=since),
        "inspection_flagged": inspections.flagged(inspection),
        "prescription_open": prescriptions.open_(prescription),
        "prescription_overdue": prescriptions.overdue(prescription, today),
    }
    return {name: _written(measure) for name, measure in measures.items()}


def _written(measure: ColumnElement[Any]) -> str:
    """As SQL that stands by itself, what it compares with written out."""
    compiled = measure.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})  # type: ignore[no-untyped-call]
    return f"({compiled})"


def _found(body: bytes) -> bytes:
    if body == _NOTHING:
        raise NotFound
    return body
