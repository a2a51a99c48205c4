"""Hot reads of monitoring: what its lists and resources show, how they are filtered and sorted.

PostgreSQL builds the JSON from these under the caller's scope (`aksu_shared.db.reads`). Texts, and the addresses of
places nobody registered, are joined from restricted rows: who does not see those reads null in their place.
"""

from dataclasses import replace
from datetime import date
from typing import Final

from sqlalchemy import (
    ARRAY,
    Boolean,
    Date,
    Integer,
    Text,
    all_,
    and_,
    any_,
    bindparam,
    cast,
    func,
    literal,
    literal_column,
    select,
    true,
)

from aksu_monitoring.domain.inspection import SETTLED
from aksu_monitoring.tables import FindingTable as F
from aksu_monitoring.tables import IngestEventTable as E
from aksu_monitoring.tables import IngestInspectionTable as G
from aksu_monitoring.tables import InspectionDutyTable as D
from aksu_monitoring.tables import InspectionSiteTable as A
from aksu_monitoring.tables import InspectionTable as I
from aksu_monitoring.tables import PrescriptionTable as P
from aksu_monitoring.tables import PushedRecordTable as B
from aksu_monitoring.tables import RestrictedTextTable as R
from aksu_monitoring.tables import SignalTable as S
from aksu_shared.db.reads import Page
from aksu_shared.db.statement import Statement
from aksu_shared.events.monitoring import MAY_BE_OVERDUE
from aksu_shared.privacy.people import PERSON, SUBJECTS, people_of

_OBLAST: Final = cast(bindparam("oblast"), Text)
_INSPECTION: Final = select(
    I.id, I.source, I.reference, I.kind, I.state, I.outcome, I.place_id, I.service_id, I.provider_body, I.municipality,
    I.settlement, func.coalesce(I.address, A.address).label("address"), I.started_on, I.closed_on, I.flags,
    I.failed_criteria, I.prescriptions, I.period_since, I.period_until, I.order_number, I.ordered_on,
    I.objections_due, I.report_number, I.approved_on, I.follow_up_due, I.follow_up_id, I.version,
).outerjoin_from(I, A, A.inspection_id == I.id)  # fmt: skip
_STARTED: Final = func.coalesce(I.started_on, literal(date.max, Date))
INSPECTIONS: Final = Page(
    columns=_INSPECTION,
    filters={
        "municipality": I.municipality == bindparam("municipality"),
        "oblast": I.municipality.between(func.concat(_OBLAST, "00"), func.concat(_OBLAST, "99")),
        "kind": I.kind == bindparam("kind"),
        "state": I.state == bindparam("state"),
        "outcome": I.outcome == bindparam("outcome"),
        "flag": cast(bindparam("flag"), Text) == any_(I.flags),
        "place_id": I.place_id == bindparam("place_id"),
        "source": I.source == bindparam("source"),
        "reference": I.reference == bindparam("reference"),
    },
    sorts={"id": (I.id,), "started_on": (_STARTED, I.id)},
)
_OPEN: Final = select(func.count()).where(
    P.inspection_id == I.id, P.state != all_(literal(sorted(SETTLED), ARRAY(Text)))
)
_SUBJECT: Final = select(R.body).where(R.subject_id == I.id, R.kind == "SUBJECT").order_by(R.id.desc()).limit(1)
_INSPECTORS: Final = select(func.array_agg(D.subject.distinct())).where(D.inspection_id == I.id)
_GROUNDS: Final = (
    _OPEN.scalar_subquery().label("open_prescriptions"),
    _INSPECTORS.scalar_subquery().label("inspectors"),
)
"""By which, besides the inspection itself, it is decided who may do what with it."""
INSPECTIONS_WITH_GROUNDS: Final = replace(INSPECTIONS, columns=_INSPECTION.add_columns(*_GROUNDS))
INSPECTION: Final = Statement(
    _INSPECTION.add_columns(*_GROUNDS, _SUBJECT.scalar_subquery().label("subject")).where(I.id == bindparam("id"))
)
INSPECTION_THERE: Final = Statement(select(I.id, I.version).where(I.id == bindparam("id")))

_NOTE: Final = select(R.body).where(R.subject_id == F.id, R.kind == "NOTE").order_by(R.id.desc()).limit(1)
_FINDING: Final = select(
    F.id, F.inspection_id, F.number, F.municipality, F.standard, F.criterion, F.catalogue_version, F.result,
    F.recorded_at, _NOTE.scalar_subquery().label("note"), F.version,
)  # fmt: skip
FINDINGS: Final = Page(
    columns=_FINDING,
    filters={"inspection_id": F.inspection_id == bindparam("inspection_id")},
    sorts={"number": (F.number,)},
)

_TODAY: Final = bindparam("today", type_=Date)
_OVERDUE: Final = and_(P.due_on < _TODAY, P.state == any_(literal(sorted(MAY_BE_OVERDUE), ARRAY(Text))))
_TEXT: Final = select(R.body).where(R.subject_id == P.id, R.kind == "TEXT").order_by(R.id.desc()).limit(1)
_PROOF: Final = select(R.body).where(R.subject_id == P.id, R.kind == "PROOF").order_by(R.id.desc()).limit(1)
_PRESCRIPTION: Final = select(
    P.id, P.inspection_id, P.reference, P.municipality, P.place_id, P.provider_body, P.state, P.issued_on, P.due_on,
    _OVERDUE.label("overdue"), _TEXT.scalar_subquery().label("text"), _PROOF.scalar_subquery().label("proof"),
    P.version,
)  # fmt: skip
PRESCRIPTIONS: Final = Page(
    columns=_PRESCRIPTION,
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
PRESCRIPTION: Final = Statement(_PRESCRIPTION.where(P.id == bindparam("id")))

_SIGNAL_COLUMNS: Final = (
    S.id, S.receipt, S.channel, S.category, S.danger_to_life, S.anonymous, S.about_person, S.municipality, S.place_id,
    S.service_id, S.state, S.received_at, S.forwarding_due, S.decision_due, S.overdue, S.forwarded_to, S.forwarded_on,
    S.decided_on, S.refusal_ground, S.inspection_id, S.version,
)  # fmt: skip
SIGNALS: Final = Page(
    columns=select(*_SIGNAL_COLUMNS),
    filters={
        "state": S.state == bindparam("state"),
        "category": S.category == bindparam("category"),
        "danger_to_life": S.danger_to_life == bindparam("danger_to_life"),
        "municipality": S.municipality == bindparam("municipality"),
        "oblast": S.municipality.between(func.concat(_OBLAST, "00"), func.concat(_OBLAST, "99")),
        "place_id": S.place_id == bindparam("place_id"),
        "receipt": S.receipt == bindparam("receipt"),
        "overdue": (func.cardinality(S.overdue) > 0) == bindparam("overdue", type_=Boolean),
    },
    sorts={"decision_due": (S.decision_due, S.id), "received_at": (S.received_at, S.id)},
)
SIGNAL: Final = Statement(select(*_SIGNAL_COLUMNS, people_of(S.id).label("people")).where(S.id == bindparam("id")))
SIGNAL_THERE: Final = Statement(select(S.id, S.version).where(S.id == bindparam("id")))

USERS_MET: Final = Page(
    columns=select(*PERSON).where(SUBJECTS.kind == "inspection.user_met"),
    filters={"inspection_id": SUBJECTS.row_id == bindparam("inspection_id")},
    sorts={"recorded_at": (SUBJECTS.created_at, SUBJECTS.id)},
)

_AWAITED: Final = literal_column(
    "CASE WHEN ingest_event.state = 'HELD' THEN ARRAY("
    "SELECT m FROM unnest(ingest_inspection.missing || ingest_inspection.quarantined) AS m "
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
STAGED_EVENT: Final = Statement(
    _EVENT.add_columns(
        E.payload.label("data"), E.repaired.label("repaired_data"), E.repaired_by, E.repair_reason
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
        G.quarantined,
        G.since,
    ).where(G.since.is_not(None)),
    filters={"source": G.source == bindparam("source"), "subject": G.subject == bindparam("subject")},
    sorts={"id": (G.id,)},
)

_RECORD: Final = select(
    B.id, B.topic, B.partition, B.offset, B.source, B.event_id, B.state, B.result, B.errors, B.received_at,
    B.resolved_at, B.resolved_by, B.version,
)  # fmt: skip
PUSHED_RECORDS: Final = Page(
    columns=_RECORD,
    filters={
        "state": B.state == bindparam("state"),
        "result": B.result == bindparam("result"),
        "source": B.source == bindparam("source"),
        "event_id": B.event_id == bindparam("event_id"),
    },
    sorts={"id": (B.id,)},
)
PUSHED_RECORD: Final = Statement(
    _RECORD.add_columns(
        B.headers, func.translate(func.encode(B.value, "base64"), "\n", "").label("value"), B.repaired,
        B.repaired_by, B.repair_reason,
    ).where(B.id == bindparam("id"))
)  # fmt: skip
