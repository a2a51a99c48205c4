"""First schema of licensing: bookkeeping, its tables, and who sees which rows."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from aksu_shared.db.ddl import bookkeeping_v1, scoped_v1
from aksu_shared.db.migrate import today

revision = "20261122_first"
down_revision = None
branch_labels = None
depends_on = None

# A licence that has effect. Without btree_gist a range of one uuid stands for equality. Checked at the end of the
# statement, so that a successor and its predecessor may change together.
NO_OVERLAP = (
    "CREATE TYPE uuidrange AS RANGE (subtype = uuid)",
    """
    ALTER TABLE licence ADD CONSTRAINT ex_licence_live EXCLUDE USING gist (
      uuidrange(service_id, service_id, '[]') WITH &&,
      uuidrange(provider_id, provider_id, '[]') WITH &&,
      uuidrange(place_id, place_id, '[]') WITH &&,
      daterange(valid_from, valid_until, '[]') WITH &&
    ) WHERE (state IN ('ACTIVE', 'REINSTATED', 'REVOCATION_PENDING')) DEFERRABLE INITIALLY IMMEDIATE""",
)
COUNTER = (
    "GRANT SELECT, INSERT, UPDATE ON counter TO licensing_runtime, licensing_worker",
    "GRANT SELECT ON counter TO licensing_reader",
)

SCOPED = ("application", "licence", "provider", "register_row", "service")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for statement in bookkeeping_v1("licensing", today=today()):
        op.execute(statement)
    op.create_table(
        "application",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("procedure", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("service_name", sa.Text(), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("provider_body", sa.Text(), nullable=False),
        sa.Column("provider_name", sa.Text(), nullable=False),
        sa.Column("responsible_body", sa.Text(), nullable=True),
        sa.Column("place_id", sa.Uuid(), nullable=False),
        sa.Column("municipality", sa.Text(), nullable=False),
        sa.Column("settlement", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("filed_on", sa.Date(), nullable=False),
        sa.Column("held_licence_id", sa.Uuid(), nullable=True),
        sa.Column("changed_on", sa.Date(), nullable=True),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("request", sa.Text(), nullable=True),
        sa.Column("incoming_number", sa.Text(), nullable=True),
        sa.Column("received_on", sa.Date(), nullable=True),
        sa.Column("term", sa.Text(), nullable=True),
        sa.Column("term_due", sa.Date(), nullable=True),
        sa.Column("term_basis", sa.Text(), nullable=True),
        sa.Column("term_state", sa.Text(), nullable=True),
        sa.Column("term_revision", sa.Integer(), nullable=False),
        sa.Column("clock_since", sa.Date(), nullable=True),
        sa.Column("pauses", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("decision_due", sa.Date(), nullable=True),
        sa.Column("proposed_by", sa.Text(), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("order_number", sa.Text(), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("notified_on", sa.Date(), nullable=True),
        sa.Column("appealed_on", sa.Date(), nullable=True),
        sa.Column("court_decision", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("licence_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("scope", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application")),
        sa.UniqueConstraint("incoming_number", name=op.f("uq_application_incoming_number")),
    )
    op.create_index("ix_application_filed_on", "application", ["filed_on", "id"], unique=False)
    op.create_index("ix_application_municipality", "application", ["municipality", "filed_on", "id"], unique=False)
    op.create_index(op.f("ix_application_service_id"), "application", ["service_id"], unique=False)
    op.create_index("ix_application_term_due", "application", ["term_due", "id"], unique=False)
    op.create_index(
        "uq_application_open",
        "application",
        ["provider_id", "service_id"],
        unique=True,
        postgresql_where=sa.text(
            "state IN ('SUBMITTED', 'REGISTERED', 'UNDER_REVIEW', 'AWAITING_CORRECTION', 'SITE_CHECK', 'PROPOSED_GRANT', 'PROPOSED_REFUSAL')"
        ),
    )
    op.create_table(
        "counter",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counter")),
    )
    op.create_table(
        "licence",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("provider_body", sa.Text(), nullable=False),
        sa.Column("provider_name", sa.Text(), nullable=False),
        sa.Column("place_id", sa.Uuid(), nullable=False),
        sa.Column("municipality", sa.Text(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("communicated_on", sa.Date(), nullable=True),
        sa.Column("in_force_on", sa.Date(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("predecessor_id", sa.Uuid(), nullable=True),
        sa.Column("application_id", sa.Uuid(), nullable=True),
        sa.Column("register_row_id", sa.Uuid(), nullable=True),
        sa.Column("violations", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("scope", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("valid_from <= valid_until", name=op.f("ck_licence_validity")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_licence")),
        sa.UniqueConstraint("number", name=op.f("uq_licence_number")),
    )
    op.create_index("ix_licence_issued_on", "licence", ["issued_on", "sequence", "id"], unique=False)
    op.create_index("ix_licence_municipality", "licence", ["municipality", "valid_until", "id"], unique=False)
    op.create_index(op.f("ix_licence_place_id"), "licence", ["place_id"], unique=False)
    op.create_index(op.f("ix_licence_predecessor_id"), "licence", ["predecessor_id"], unique=False)
    op.create_index(op.f("ix_licence_provider_body"), "licence", ["provider_body"], unique=False)
    op.create_index("ix_licence_sequence", "licence", ["sequence", "id"], unique=False)
    op.create_index(op.f("ix_licence_service_id"), "licence", ["service_id"], unique=False)
    op.create_index("ix_licence_valid_until", "licence", ["valid_until", "id"], unique=False)
    op.create_index("uq_licence_register_row", "licence", ["register_row_id", "kind"], unique=True)
    op.create_table(
        "provider",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("eik", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("legal_form", sa.Text(), nullable=False),
        sa.Column("licence_required", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("scope", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider")),
    )
    op.create_table(
        "register_row",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("scope", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_row")),
    )
    op.create_table(
        "service",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("licence_required", sa.Boolean(), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("provider_body", sa.Text(), nullable=False),
        sa.Column("provider_name", sa.Text(), nullable=False),
        sa.Column("operator_id", sa.Uuid(), nullable=True),
        sa.Column("operator_body", sa.Text(), nullable=True),
        sa.Column("operator_name", sa.Text(), nullable=True),
        sa.Column("place_id", sa.Uuid(), nullable=False),
        sa.Column("municipality", sa.Text(), nullable=False),
        sa.Column("settlement", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("scope", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service")),
    )
    for table in SCOPED:
        for statement in scoped_v1("licensing", table):
            op.execute(statement)
    for statement in (*NO_OVERLAP, *COUNTER):
        op.execute(statement)
