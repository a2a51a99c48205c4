"""Inspections conducted by the Agency: their planned period, order, report and follow-up; who takes part."""

import sqlalchemy as sa
from alembic import op

from aksu_shared.db.ddl import scoped_v1

revision = "20261122_own_inspections"
down_revision = "20261122_signals"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("inspection", sa.Column("period_since", sa.Date(), nullable=True))
    op.add_column("inspection", sa.Column("period_until", sa.Date(), nullable=True))
    op.add_column("inspection", sa.Column("order_number", sa.Text(), nullable=True))
    op.add_column("inspection", sa.Column("ordered_on", sa.Date(), nullable=True))
    op.add_column("inspection", sa.Column("objections_due", sa.Date(), nullable=True))
    op.add_column("inspection", sa.Column("report_number", sa.Text(), nullable=True))
    op.add_column("inspection", sa.Column("approved_on", sa.Date(), nullable=True))
    op.add_column("inspection", sa.Column("follow_up_due", sa.Date(), nullable=True))
    op.add_column("inspection", sa.Column("follow_up_id", sa.Uuid(), nullable=True))
    op.create_table(
        "inspection_duty",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("inspection_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("scope", sa.ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection_duty")),
        sa.UniqueConstraint(
            "inspection_id", "part", "subject", name=op.f("uq_inspection_duty_inspection_id_part_subject")
        ),
    )
    for statement in scoped_v1("monitoring", "inspection_duty"):
        op.execute(statement)
