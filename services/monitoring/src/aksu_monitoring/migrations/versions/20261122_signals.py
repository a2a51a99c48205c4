"""Signals."""

import sqlalchemy as sa
from alembic import op

from aksu_shared.db.ddl import scoped_v1

revision = "20261122_signals"
down_revision = "20261122_personal_data"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "signal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("receipt", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("danger_to_life", sa.Boolean(), nullable=False),
        sa.Column("anonymous", sa.Boolean(), nullable=False),
        sa.Column("about_person", sa.Boolean(), nullable=False),
        sa.Column("municipality", sa.Text(), nullable=False),
        sa.Column("place_id", sa.Uuid(), nullable=True),
        sa.Column("service_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("forwarding_due", sa.Date(), nullable=False),
        sa.Column("decision_due", sa.Date(), nullable=False),
        sa.Column("overdue", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("forwarded_to", sa.Text(), nullable=True),
        sa.Column("forwarded_on", sa.Date(), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("refusal_ground", sa.Text(), nullable=True),
        sa.Column("inspection_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("scope", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signal")),
        sa.UniqueConstraint("receipt", name=op.f("uq_signal_receipt")),
    )
    op.create_index(op.f("ix_signal_place_id"), "signal", ["place_id"])
    op.create_index("ix_signal_received_at", "signal", ["received_at", "id"])
    op.create_index("ix_signal_decision_due", "signal", ["decision_due", "id"])
    for statement in scoped_v1("monitoring", "signal"):
        op.execute(statement)
