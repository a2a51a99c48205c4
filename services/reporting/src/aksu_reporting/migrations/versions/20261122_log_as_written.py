"""The change log keeps its JSON as it was written: it is passed on as text, and taken apart by nobody on the way."""

from alembic import op

from aksu_shared.db.ddl import log_as_written

revision = "20261122_log_as_written"
down_revision = "20261122_first"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for statement in log_as_written():
        op.execute(statement)
