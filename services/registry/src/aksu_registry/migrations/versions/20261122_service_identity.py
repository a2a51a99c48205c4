"""Every active service claims what it is, imported and amended ones too: of two that would be one, one is refused.

Of services that are the same already, the one entered first holds the claim.
"""

from types import SimpleNamespace

import sqlalchemy as sa
from alembic import op

from aksu_registry.services.rules import service_identity

revision = "20261122_service_identity"
down_revision = "20261122_service_at_place"
branch_labels = None
depends_on = None

_COLUMNS = "id, provider_body, operator_body, place_id, kind, name, target_groups"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("ALTER TABLE service NO FORCE ROW LEVEL SECURITY")  # the owner sees no row else
    connection = op.get_bind()
    claims: dict[str, object] = {}
    for row in connection.execute(sa.text(f"SELECT {_COLUMNS} FROM service WHERE state = 'ACTIVE' ORDER BY id")):  # noqa: S608 - constants
        claims.setdefault(service_identity(SimpleNamespace(**row._mapping)), row.id)  # type: ignore[arg-type]
    op.execute("UPDATE service SET claim = NULL WHERE claim IS NOT NULL")
    for claim, service_id in claims.items():
        connection.execute(sa.text("UPDATE service SET claim = :claim WHERE id = :id"), {"claim": claim, "id": service_id})
    op.execute("ALTER TABLE service FORCE ROW LEVEL SECURITY")
    op.drop_index("ix_service_operator_id", table_name="service")  # few have an operator
    op.create_index(
        "ix_service_operator_id", "service", ["operator_id"], postgresql_where=sa.text("operator_id IS NOT NULL")
    )
