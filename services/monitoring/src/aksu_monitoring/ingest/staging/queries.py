"""Pushed events as they are read: PostgreSQL builds the JSON under the caller's scope."""

from typing import Final

from sqlalchemy import ARRAY, Integer, and_, bindparam, literal_column, select

from aksu_monitoring.ingest.staging.tables import IngestEventTable as E
from aksu_monitoring.ingest.staging.tables import IngestInspectionTable as G
from aksu_shared.db.reads import Page
from aksu_shared.db.statement import Statement

_AWAITED: Final = literal_column(
    "CASE WHEN ingest_event.state = 'HELD' THEN ARRAY("
    "SELECT m FROM unnest(ingest_inspection.missing || ingest_inspection.parked) AS m "
    "WHERE m < ingest_event.sequence ORDER BY m) ELSE '{}' END",
    ARRAY(Integer),
)
_EVENT: Final = select(
    E.id, E.source, E.event_id, E.subject, E.sequence, E.type, E.time, E.state, E.reason, E.detail,
    _AWAITED.label("awaiting"), G.inspection_id, E.received_at, E.applied_at, E.version,
).outerjoin_from(E, G, and_(G.source == E.source, G.subject == E.subject))  # fmt: skip
STAGED_EVENTS: Final = Page(
    columns=_EVENT,
    filters={
        "state": E.state == bindparam("state"),
        "source": E.source == bindparam("source"),
        "subject": E.subject == bindparam("subject"),
        "event_id": E.event_id == bindparam("event_id"),
        "type": E.type == bindparam("type"),
        "reason": E.reason == bindparam("reason"),
    },
    sorts={"id": (E.id,)},
)
STAGED_EVENT_BY_ID: Final = Statement(
    _EVENT.add_columns(
        E.payload.label("data"),
        E.repaired.label("repaired_data"),
        E.repaired_by,
        E.repaired_at,
        E.repair_reason,
        E.confirmed_by,
        E.confirmed_at,
        E.confirmation,
    ).where(E.id == bindparam("id"))
)

AWAITING: Final = Page(
    columns=select(
        G.id,
        G.source,
        G.subject,
        G.inspection_id,
        G.applied,
        G.held,
        G.missing,
        G.missing_count,
        G.parked,
        G.since,
    ).where(G.since.is_not(None)),
    filters={"source": G.source == bindparam("source"), "subject": G.subject == bindparam("subject")},
    sorts={"id": (G.id,)},
)
