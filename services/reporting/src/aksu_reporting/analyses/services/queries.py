"""The list of services, each joined with its licence, its place's last inspection and open prescriptions."""

from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, Date, Text, bindparam, false, func, literal, select, true
from sqlalchemy.orm import aliased

from aksu_reporting.measures import licences, prescriptions
from aksu_reporting.read_models.tables import (
    InspectionTable,
    LicenceTable,
    PrescriptionTable,
    ServiceTable,
    TerritoryTable,
)
from aksu_shared.db.reads import Page

S, L, I, P = ServiceTable, LicenceTable, InspectionTable, PrescriptionTable  # noqa: E741 - short, as in every query here
M, O = aliased(TerritoryTable, name="m"), aliased(TerritoryTable, name="o")  # noqa: E741

_TODAY: Final = bindparam("today", type_=Date)
# Not date.min and date.max: the driver sends those as -infinity and infinity, which no cursor can hold.
_EARLIEST: Final = literal(date(1, 1, 2), Date)
_LATEST: Final = literal(date(9999, 12, 30), Date)

_IN_FORCE: Final = func.coalesce(licences.in_force(L, _TODAY), false())
_licence = (
    select(
        L.id,
        L.number,
        licences.state_on(L, _TODAY).label("state"),
        L.valid_until,
        _IN_FORCE.label("in_force"),
        licences.expiring(L, _TODAY, until=bindparam("expiring_until", type_=Date)).label("expiring"),
    )
    .where(L.service_id == S.id)
    .order_by(_IN_FORCE.desc(), L.valid_until.desc(), L.sequence.desc())
    .limit(1)
    .lateral("licence_now")
)
_inspection = (
    select(I.id, I.kind, I.state, I.outcome, I.started_on)
    .where(I.place_id == S.place_id, I.started_on.is_not(None))
    .order_by(I.started_on.desc(), I.id.desc())
    .limit(1)
    .lateral("last_inspection")
)
_prescriptions = (
    select(
        func.count().filter(prescriptions.open_(P)).label("open"),
        func.count().filter(prescriptions.overdue(P, _TODAY)).label("overdue"),
    )
    .where(P.place_id == S.place_id)
    .lateral("prescriptions")
)
_in_force = func.coalesce(_licence.c.in_force, false())
_expiring = func.coalesce(_licence.c.expiring, false())
_columns = (
    select(
        S.id, S.name, S.kind, S.financing, S.state, S.capacity,
        O.parent.label("region"), M.parent.label("oblast"), S.municipality,
        M.name_bg.label("municipality_bg"), M.name_en.label("municipality_en"), S.settlement, S.address, S.place_id,
        S.provider_id, S.provider_body, S.provider_name, S.operator_id, S.operator_body, S.operator_name,
        S.licence_required,
        _licence.c.id.label("licence_id"), _licence.c.number.label("licence_number"),
        _licence.c.state.label("licence_state"), _licence.c.valid_until.label("licence_valid_until"),
        _in_force.label("licence_in_force"),
        _inspection.c.id.label("last_inspection_id"), _inspection.c.kind.label("last_inspection_kind"),
        _inspection.c.state.label("last_inspection_state"), _inspection.c.outcome.label("last_inspection_outcome"),
        _inspection.c.started_on.label("last_inspected_on"),
        _prescriptions.c.open.label("open_prescriptions"), _prescriptions.c.overdue.label("overdue_prescriptions"),
    )
    .outerjoin(M, M.id == S.municipality)
    .outerjoin(O, O.id == M.parent)
    .outerjoin(_licence, true())
    .outerjoin(_inspection, true())
    .outerjoin(_prescriptions, true())
)  # fmt: skip


def _folded(text: ColumnElement[Any]) -> ColumnElement[Any]:
    """Lower case in Cyrillic too, whatever the collation of the database."""
    return func.lower(text.collate("pg_c_utf8"))


_searched = func.concat_ws(" ", S.name, S.provider_name, S.operator_name, S.settlement, S.address)

SERVICES: Final = Page(
    columns=_columns,
    filters={
        "today": true(),  # no conditions: these two values go into columns and other conditions
        "expiring_until": true(),
        "q": func.strpos(_folded(_searched), _folded(bindparam("q", type_=Text))) > 0,
        "region": O.parent == bindparam("region"),
        "oblast": M.parent == bindparam("oblast"),
        "municipality": S.municipality == bindparam("municipality"),
        "kind": S.kind == bindparam("kind"),
        "financing": S.financing == bindparam("financing"),
        "state": S.state == bindparam("state"),
        "licence_required": S.licence_required == bindparam("licence_required"),
        "licence_state": _licence.c.state == bindparam("licence_state"),
        "licence_in_force": _in_force == bindparam("licence_in_force"),
        "expiring": _expiring == bindparam("expiring"),
        "overdue": (_prescriptions.c.overdue > 0) == bindparam("overdue"),
        "provider_id": (S.provider_id == bindparam("provider_id")) | (S.operator_id == bindparam("provider_id")),
        "place_id": S.place_id == bindparam("place_id"),
    },
    sorts={
        "name": (S.name, S.id),
        "municipality": (S.municipality, S.name, S.id),
        "licence_valid_until": (func.coalesce(_licence.c.valid_until, _LATEST), S.id),
        "last_inspected_on": (func.coalesce(_inspection.c.started_on, _EARLIEST), S.id),
        "overdue_prescriptions": (_prescriptions.c.overdue, S.id),
        "id": (S.id,),
    },
)
"""Filters and sortings of the list; `today` and `expiring_until` are always given."""
