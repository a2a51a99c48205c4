"""The whole schema of licensing when migrations began: bookkeeping, its tables, and who sees which rows."""

from alembic import op

from aksu_shared.migrations.v1 import execute

revision = "20261130_1600_licensing_baseline"
down_revision = None

SCOPED = (
    "application",
    "conditions",
    "document",
    "licence",
    "manager_check",
    "personal_data",
    "provider",
    "register_row",
    "service",
    "subject_key",
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    execute("bookkeeping_v1", service="licensing")
    execute("access_v1", service="licensing")
    execute("access_told_v1", service="licensing")
    execute("personal_data_v1", service="licensing")
    execute(__file__)
    for table in SCOPED:
        execute("scoped_v1", service="licensing", table=table)
