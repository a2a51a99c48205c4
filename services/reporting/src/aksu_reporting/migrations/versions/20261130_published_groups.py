"""What licensing and monitoring publish of a state takes the place of the fields from which reports made it."""

from alembic import op

revision = "20261130_published_groups"
down_revision = "20261122_log_as_written"
branch_labels = None
depends_on = None

ADDED = {
    "licence": "effective_until",
    "application": "overdue_after",
    "prescription": "overdue_after",
}
FILLED = (
    """
    UPDATE licence SET state_group = CASE
        WHEN state IN ('ACTIVE', 'REINSTATED', 'REVOCATION_PENDING') THEN 'LIVE'
        WHEN state IN ('REPLACED', 'RENEWED') THEN 'SUCCEEDED' ELSE 'ENDED' END,
      effective_until = CASE
        WHEN (ended_on IS NOT NULL OR state NOT IN ('TERMINATED', 'REVOKED', 'REVOKED_FINAL'))
         AND least(valid_until, ended_on) >= valid_from THEN least(valid_until, ended_on) END""",
    """
    UPDATE application SET state_group = CASE
        WHEN state = 'DRAFT' THEN 'DRAFT' WHEN state = 'SUBMITTED' THEN 'FILED'
        WHEN state IN ('WITHDRAWN', 'DISCONTINUED') THEN 'ENDED'
        WHEN state IN ('REGISTERED', 'UNDER_REVIEW', 'AWAITING_CORRECTION', 'SITE_CHECK', 'PROPOSED_GRANT',
                       'PROPOSED_REFUSAL') THEN 'PENDING' ELSE 'DECIDED' END""",
    "UPDATE application SET overdue_after = decision_due WHERE state_group = 'PENDING'",
    """
    UPDATE prescription SET state_group = CASE
        WHEN state = 'DRAFT' THEN 'DRAFT' WHEN state IN ('VERIFIED_FULFILLED', 'ANNULLED') THEN 'SETTLED'
        ELSE 'OPEN' END,
      overdue_after = CASE
        WHEN state IN ('ISSUED', 'ACKNOWLEDGED', 'TERM_EXTENDED', 'UPHELD', 'NOT_FULFILLED', 'ESCALATED')
        THEN due_on END""",
)
LEFT = {"licence": "ended_on", "application": "decision_due", "prescription": "due_on"}


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table, day in ADDED.items():
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")  # the owner sees no row else
        op.execute(f"ALTER TABLE {table} ADD COLUMN state_group text, ADD COLUMN {day} date")
    for statement in FILLED:
        op.execute(statement)
    for table, column in LEFT.items():
        op.execute(f"ALTER TABLE {table} ALTER COLUMN state_group SET NOT NULL, DROP COLUMN {column}")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
