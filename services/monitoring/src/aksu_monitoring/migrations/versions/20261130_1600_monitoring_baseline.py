"""The whole schema of monitoring when migrations began: bookkeeping, its tables, and who sees which rows."""

from alembic import op

from aksu_shared.migrations.v1 import execute

revision = "20261130_1600_monitoring_baseline"
down_revision = None

SCOPED = (
    "finding",
    "ingest_event",
    "ingest_inspection",
    "inspection",
    "inspection_duty",
    "inspection_site",
    "licence",
    "personal_data",
    "place",
    "prescription",
    "pushed_record",
    "restricted_text",
    "service",
    "signal",
    "subject_key",
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    execute("bookkeeping_v1", service="monitoring")
    execute("access_v1", service="monitoring")
    execute("access_told_v1", service="monitoring")
    execute("personal_data_v1", service="monitoring")
    execute(__file__)
    for table in SCOPED:
        execute("scoped_v1", service="monitoring", table=table)
