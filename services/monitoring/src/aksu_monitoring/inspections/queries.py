"""Inspections and findings as they are read: PostgreSQL builds the JSON under the caller's scope.

Texts, and the addresses of places nobody registered, are joined from restricted rows: who does not see those reads
null in their place.
"""

from dataclasses import replace
from datetime import date
from typing import Final

from sqlalchemy import Date, Text, any_, bindparam, cast, func, literal, select

from aksu_monitoring.inspections.rules import TEAM
from aksu_monitoring.inspections.schemas import FindingRead, InspectionDetail, InspectionListed, InspectionRead
from aksu_monitoring.inspections.tables import FindingTable as F
from aksu_monitoring.inspections.tables import InspectionDutyTable as D
from aksu_monitoring.inspections.tables import InspectionSiteTable as A
from aksu_monitoring.inspections.tables import InspectionTable as I
from aksu_monitoring.prescriptions.tables import PrescriptionTable as P
from aksu_monitoring.texts.queries import newest_text
from aksu_shared.db.aggregate import Aggregate, Reading
from aksu_shared.db.reads import Page
from aksu_shared.db.statement import Statement
from aksu_shared.db.tables import table_of
from aksu_shared.events.monitoring.inspections import FindingEvent, InspectionEvent

_OBLAST: Final = cast(bindparam("oblast"), Text)
_COLUMNS: Final = select(
    I.id, I.source, I.reference, I.kind, I.state, I.outcome, I.place_id, I.service_id, I.provider_body, I.municipality,
    I.settlement, func.coalesce(I.address, A.address).label("address"), I.started_on, I.closed_on, I.flags,
    I.failed_criteria, I.prescriptions, I.period_since, I.period_until, I.order_number, I.ordered_on,
    I.objections_due, I.report_number, I.approved_on, I.follow_up_due, I.follow_up_id, I.provider_basis, I.participants,
    I.address_withheld, I.flags_contradicted, I.confirmed_on, I.stated_by, I.confirmed_by_agency, I.version,
).outerjoin_from(I, A, A.inspection_id == I.id)  # fmt: skip
_STARTED: Final = func.coalesce(I.started_on, literal(date.max, Date))
INSPECTIONS: Final = Page(
    columns=_COLUMNS,
    filters={
        "municipality": I.municipality == bindparam("municipality"),
        "oblast": I.municipality.between(func.concat(_OBLAST, "00"), func.concat(_OBLAST, "99")),
        "kind": I.kind == bindparam("kind"),
        "state": I.state == bindparam("state"),
        "outcome": I.outcome == bindparam("outcome"),
        "flag": cast(bindparam("flag"), Text) == any_(I.flags),
        "place_id": I.place_id == bindparam("place_id"),
        "stated_by": I.stated_by == bindparam("stated_by"),
        "provider_basis": I.provider_basis == bindparam("provider_basis"),
        "source": I.source == bindparam("source"),
        "reference": I.reference == bindparam("reference"),
    },
    sorts={"id": (I.id,), "started_on": (_STARTED, I.id)},
)
_OPEN: Final = select(func.count()).where(P.inspection_id == I.id, P.state_group != "SETTLED")
_INSPECTORS: Final = select(func.array_agg(D.subject.distinct())).where(D.inspection_id == I.id)
_TEAM: Final = select(func.array_agg(D.subject)).where(D.inspection_id == I.id, D.part == TEAM)
_GROUNDS: Final = (
    _OPEN.scalar_subquery().label("open_prescriptions"),
    _INSPECTORS.scalar_subquery().label("inspectors"),
    _TEAM.scalar_subquery().label("team"),
)
"""By which, besides the inspection itself, it is decided who may do what with it."""
INSPECTIONS_WITH_GROUNDS: Final = replace(INSPECTIONS, columns=_COLUMNS.add_columns(*_GROUNDS))
INSPECTION_BY_ID: Final = Statement(
    _COLUMNS.add_columns(
        *_GROUNDS,
        newest_text(I.id, "SUBJECT").label("subject"),
        newest_text(I.id, "OBJECTIONS").label("objections"),
    ).where(I.id == bindparam("id"))
)
INSPECTION_VERSION_BY_ID: Final = Statement(select(I.id, I.version).where(I.id == bindparam("id")))

_FINDING: Final = select(
    F.id, F.inspection_id, F.number, F.municipality, F.standard, F.criterion, F.catalogue_version, F.result,
    F.recorded_at, newest_text(F.id, "NOTE").label("note"), F.version,
)  # fmt: skip
FINDINGS: Final = Page(
    columns=_FINDING,
    filters={"inspection_id": F.inspection_id == bindparam("inspection_id")},
    sorts={"number": (F.number,)},
)

INSPECTION: Final = Aggregate(
    fact=InspectionEvent,
    table=table_of(I),
    readings=(
        Reading(INSPECTIONS, InspectionRead),
        Reading(INSPECTIONS_WITH_GROUNDS, InspectionListed),
        Reading(INSPECTION_BY_ID, InspectionDetail),
    ),
)
FINDING: Final = Aggregate(fact=FindingEvent, table=table_of(F), readings=(Reading(FINDINGS, FindingRead),))
