"""The whole schema of the registry when migrations began: bookkeeping, its tables, and who sees which rows."""

from alembic import op

from aksu_shared.migrations.v1 import execute

revision = "20261130_1600_registry_baseline"
down_revision = None

SCOPED = (
    "access_request",
    "body",
    "place",
    "provider",
    "register_row",
    "service",
    "territory",
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    execute("bookkeeping_v1", service="registry")
    execute("access_v1", service="registry")
    execute("access_owned_v1", service="registry")
    execute(__file__)
    for table in SCOPED:
        execute("scoped_v1", service="registry", table=table)
