"""Signals as they are read: PostgreSQL builds the JSON under the caller's scope."""

from typing import Final

from sqlalchemy import Boolean, Text, bindparam, cast, func, select

from aksu_monitoring.signals.schemas import SignalRead, SignalSummary
from aksu_monitoring.signals.tables import SignalTable as S
from aksu_shared.db.aggregate import Aggregate, Reading
from aksu_shared.db.reads import Page
from aksu_shared.db.statement import Statement
from aksu_shared.db.tables import table_of
from aksu_shared.events.monitoring.signals import SignalEvent
from aksu_shared.privacy.people import people_of

_OBLAST: Final = cast(bindparam("oblast"), Text)
_COLUMNS: Final = (
    S.id, S.receipt, S.channel, S.category, S.danger_to_life, S.anonymous, S.about_person, S.municipality, S.place_id,
    S.service_id, S.state, S.received_at, S.forwarding_due, S.decision_due, S.overdue, S.forwarded_to, S.forwarded_on,
    S.decided_on, S.refusal_ground, S.inspection_id, S.version,
)  # fmt: skip
SIGNALS: Final = Page(
    columns=select(*_COLUMNS),
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
SIGNAL_BY_ID: Final = Statement(select(*_COLUMNS, people_of(S.id).label("people")).where(S.id == bindparam("id")))
SIGNAL_VERSION_BY_ID: Final = Statement(select(S.id, S.version).where(S.id == bindparam("id")))

SIGNAL: Final = Aggregate(
    fact=SignalEvent,
    table=table_of(S),
    readings=(
        Reading(SIGNALS, SignalSummary),
        Reading(
            SIGNAL_BY_ID,
            SignalRead,
            made={"people": ("text", "forwarded_text", "signaller", "concerned", "explanation")},
        ),
    ),
)
