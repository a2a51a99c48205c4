"""Restricted personal data: keys per subject, what is held under them; keys of pushing systems wrapped."""

import sqlalchemy as sa
from alembic import op

from aksu_shared.privacy.ddl import privacy_v1

revision = "20261122_personal_data"
down_revision = "20261122_push_sources"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for statement in privacy_v1("monitoring"):
        op.execute(statement)
    op.add_column("push_key", sa.Column("kek", sa.Text(), nullable=True))
