"""Prescriptions as they are read: PostgreSQL builds the JSON under the caller's scope."""

from typing import Final

from sqlalchemy import Boolean, Date, Text, bindparam, cast, false, func, select, true

from aksu_monitoring.prescriptions.schemas import PrescriptionRead
from aksu_monitoring.prescriptions.tables import PrescriptionTable as P
from aksu_monitoring.texts.queries import newest_text
from aksu_shared.db.aggregate import Aggregate, Reading
from aksu_shared.db.reads import Page
from aksu_shared.db.statement import Statement
from aksu_shared.db.tables import table_of
from aksu_shared.events.monitoring.prescriptions import PrescriptionEvent

_OBLAST: Final = cast(bindparam("oblast"), Text)
_TODAY: Final = bindparam("today", type_=Date)
_OVERDUE: Final = func.coalesce(P.overdue_after < _TODAY, false())
_COLUMNS: Final = select(
    P.id, P.inspection_id, P.reference, P.municipality, P.place_id, P.provider_body, P.state, P.state_group,
    P.issued_on, P.due_on, P.proposed_on, P.extended_on, P.overdue_after, _OVERDUE.label("overdue"),
    newest_text(P.id, "TEXT").label("text"), newest_text(P.id, "PROOF").label("proof"),
    P.version,
)  # fmt: skip
PRESCRIPTIONS: Final = Page(
    columns=_COLUMNS,
    filters={
        "today": true(),  # no condition: the day by which `overdue` is told
        "overdue": _OVERDUE.is_not_distinct_from(cast(bindparam("overdue"), Boolean)),
        "state": P.state == bindparam("state"),
        "municipality": P.municipality == bindparam("municipality"),
        "oblast": P.municipality.between(func.concat(_OBLAST, "00"), func.concat(_OBLAST, "99")),
        "inspection_id": P.inspection_id == bindparam("inspection_id"),
        "place_id": P.place_id == bindparam("place_id"),
        "provider_body": P.provider_body == bindparam("provider_body"),
    },
    sorts={"due_on": (P.due_on, P.id), "id": (P.id,)},
)
PRESCRIPTION_BY_ID: Final = Statement(_COLUMNS.where(P.id == bindparam("id")))

PRESCRIPTION: Final = Aggregate(
    fact=PrescriptionEvent,
    table=table_of(P),
    readings=(Reading(PRESCRIPTIONS, PrescriptionRead), Reading(PRESCRIPTION_BY_ID, PrescriptionRead)),
)
