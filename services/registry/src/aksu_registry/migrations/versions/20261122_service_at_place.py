"""Services of a place by name: whether a service is registered already is one look, however many the place has."""

from alembic import op

revision = "20261122_service_at_place"
down_revision = "20261122_first"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_index("ix_service_place_id_name", "service", ["place_id", "name"], unique=False)
    op.drop_index("ix_service_place_id", table_name="service")
