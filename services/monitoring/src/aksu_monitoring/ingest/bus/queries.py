"""Records of the bus that became no events, as they are read: PostgreSQL builds the JSON under the caller's scope."""

from typing import Final

from sqlalchemy import bindparam, func, select

from aksu_monitoring.ingest.bus.tables import PushedRecordTable as B
from aksu_shared.db.reads import Page
from aksu_shared.db.statement import Statement

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
PUSHED_RECORD_BY_ID: Final = Statement(
    _RECORD.add_columns(
        B.headers, func.translate(func.encode(B.value, "base64"), "\n", "").label("value"), B.repaired,
        B.repaired_by, B.repair_reason,
    ).where(B.id == bindparam("id"))
)  # fmt: skip
