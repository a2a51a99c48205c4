"""First schema of monitoring: bookkeeping, its tables, and who sees which rows."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from aksu_shared.db.ddl import bookkeeping_v1, scoped_v1
from aksu_shared.db.migrate import today

revision = "20261122_first"
down_revision = None
branch_labels = None
depends_on = None

SCOPED = (
    "finding",
    "ingest_event",
    "ingest_inspection",
    "inspection",
    "inspection_site",
    "licence",
    "place",
    "prescription",
    "restricted_text",
    "service",
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for statement in bookkeeping_v1("monitoring", today=today()):
        op.execute(statement)
    op.create_table(
        "finding",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("inspection_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("municipality", sa.Text(), nullable=True),
        sa.Column("standard", sa.Text(), nullable=False),
        sa.Column("criterion", sa.Text(), nullable=True),
        sa.Column("catalogue_version", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("scope", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding")),
        sa.UniqueConstraint("inspection_id", "number", name=op.f("uq_finding_inspection_id_number")),
    )
    op.create_table(
        "ingest_event",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("repaired", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("repaired_by", sa.Text(), nullable=True),
        sa.Column("repair_reason", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), server_default="PENDING", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("correlation_id", sa.Text(), nullable=True),
        sa.Column("traceparent", sa.Text(), nullable=True),
        sa.Column("scope", sa.ARRAY(sa.Text()), nullable=False),
        sa.CheckConstraint(
            "state IN ('PENDING', 'APPLIED', 'HELD', 'QUARANTINED')", name=op.f("ck_ingest_event_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ingest_event")),
        sa.UniqueConstraint("source", "event_id", name=op.f("uq_ingest_event_source_event_id")),
        sa.UniqueConstraint("source", "subject", "sequence", name=op.f("uq_ingest_event_source_subject_sequence")),
    )
    op.create_index(
        "ix_ingest_event_pending", "ingest_event", ["id"], unique=False, postgresql_where=sa.text("state = 'PENDING'")
    )
    op.create_index(
        "ix_ingest_event_stopped",
        "ingest_event",
        ["id"],
        unique=False,
        postgresql_where=sa.text("state IN ('HELD', 'QUARANTINED')"),
    )
    op.create_table(
        "ingest_inspection",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("inspection_id", sa.Uuid(), nullable=True),
        sa.Column("applied", sa.Integer(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("missing", sa.ARRAY(sa.Integer()), nullable=False),
        sa.Column("missing_count", sa.Integer(), nullable=False),
        sa.Column("quarantined", sa.ARRAY(sa.Integer()), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("scope", sa.ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ingest_inspection")),
        sa.UniqueConstraint("source", "subject", name=op.f("uq_ingest_inspection_source_subject")),
    )
    op.create_index(
        "ix_ingest_inspection_awaiting",
        "ingest_inspection",
        ["id"],
        unique=False,
        postgresql_where=sa.text("since IS NOT NULL"),
    )
    op.create_table(
        "inspection",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("place_id", sa.Uuid(), nullable=True),
        sa.Column("service_id", sa.Uuid(), nullable=True),
        sa.Column("provider_body", sa.Text(), nullable=True),
        sa.Column("municipality", sa.Text(), nullable=True),
        sa.Column("settlement", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("started_on", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("flags", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("failed_criteria", sa.Integer(), nullable=True),
        sa.Column("prescriptions", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("scope", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection")),
        sa.UniqueConstraint("source", "reference", name=op.f("uq_inspection_source_reference")),
    )
    op.create_index(
        "ix_inspection_municipality_started_on", "inspection", ["municipality", "started_on", "id"], unique=False
    )
    op.create_index(op.f("ix_inspection_place_id"), "inspection", ["place_id"], unique=False)
    op.create_index("ix_inspection_started_on", "inspection", ["started_on", "id"], unique=False)
    op.create_table(
        "inspection_site",
        sa.Column("inspection_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("place_id", sa.Uuid(), nullable=True),
        sa.Column("municipality", sa.Text(), nullable=True),
        sa.Column("settlement", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("provider_eik", sa.Text(), nullable=True),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("scope", sa.ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("inspection_id", name=op.f("pk_inspection_site")),
    )
    op.create_index(op.f("ix_inspection_site_key"), "inspection_site", ["key"], unique=False)
    op.create_index(op.f("ix_inspection_site_place_id"), "inspection_site", ["place_id"], unique=False)
    op.create_table(
        "licence",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("place_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("scope", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_licence")),
    )
    op.create_index(op.f("ix_licence_place_id"), "licence", ["place_id"], unique=False)
    op.create_table(
        "place",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("municipality", sa.Text(), nullable=False),
        sa.Column("settlement", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("scope", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place")),
    )
    op.create_index(op.f("ix_place_key"), "place", ["key"], unique=False)
    op.create_table(
        "prescription",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("inspection_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("municipality", sa.Text(), nullable=True),
        sa.Column("place_id", sa.Uuid(), nullable=True),
        sa.Column("provider_body", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("scope", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prescription")),
        sa.UniqueConstraint("inspection_id", "reference", name=op.f("uq_prescription_inspection_id_reference")),
    )
    op.create_index("ix_prescription_due_on", "prescription", ["due_on", "id"], unique=False)
    op.create_table(
        "restricted_text",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("scope", sa.ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_restricted_text")),
    )
    op.create_index(op.f("ix_restricted_text_subject_id"), "restricted_text", ["subject_id"], unique=False)
    op.create_table(
        "service",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("place_id", sa.Uuid(), nullable=False),
        sa.Column("licence_required", sa.Boolean(), nullable=False),
        sa.Column("provider_body", sa.Text(), nullable=False),
        sa.Column("operator_body", sa.Text(), nullable=True),
        sa.Column("started_on", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("scope", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service")),
    )
    op.create_index(op.f("ix_service_place_id"), "service", ["place_id"], unique=False)
    for table in SCOPED:
        for statement in scoped_v1("monitoring", table):
            op.execute(statement)
