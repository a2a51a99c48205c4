"""Pushing systems with their keys, and what came over the bus and was not stored."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from aksu_shared.db.ddl import scoped_v1

revision = "20261122_push_sources"
down_revision = "20261122_first"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "push_source",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_push_source")),
    )
    op.create_table(
        "push_key",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("material", sa.LargeBinary(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("retires_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("version IN ('v1', 'v1a')", name=op.f("ck_push_key_version")),
        sa.ForeignKeyConstraint(["source"], ["push_source.name"], name=op.f("fk_push_key_source_push_source")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_key")),
    )
    op.create_index("ix_push_key_source", "push_key", ["source"])
    op.create_table(
        "pushed_record",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("event_id", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("errors", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=True),
        sa.Column("repaired", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("repaired_by", sa.Text(), nullable=True),
        sa.Column("repair_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_by", sa.Text(), nullable=True),
        sa.Column("scope", sa.ARRAY(sa.Text()), nullable=False),
        sa.CheckConstraint(
            "state IN ('DUPLICATE', 'PARKED', 'REPLAYED', 'DISCARDED')", name=op.f("ck_pushed_record_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pushed_record")),
        sa.UniqueConstraint(
            "topic", "partition", "offset", name=op.f("uq_pushed_record_topic_partition_offset")
        ),
    )
    op.create_index(
        "ix_pushed_record_parked", "pushed_record", ["id"], postgresql_where=sa.text("state = 'PARKED'")
    )
    for statement in scoped_v1("monitoring", "pushed_record"):
        op.execute(statement)
    op.execute("GRANT SELECT ON push_source, push_key TO monitoring_runtime")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON push_source, push_key TO monitoring_worker")
