"""The whole schema of reporting when migrations began: bookkeeping, its tables, and who sees which rows."""

from alembic import op

from aksu_shared.migrations.v1 import execute

revision = "20261130_1600_reporting_baseline"
down_revision = None

SCOPED = (
    "application",
    "finding",
    "inspection",
    "licence",
    "place",
    "prescription",
    "provider",
    "service",
    "territory",
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    execute("bookkeeping_v1", service="reporting")
    execute("access_v1", service="reporting")
    execute("access_told_v1", service="reporting")
    execute(__file__)
    for table in SCOPED:
        execute("scoped_v1", service="reporting", table=table)
