"""Rows of the Agency's public register as they were last imported."""

from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from aksu_registry.base import RegistryBase
from aksu_shared.db.tables import KeptById


class RegisterRowTable(KeptById, RegistryBase):
    """One row: the service it describes and its licence columns; `number` is that of the original licence."""

    __tablename__ = "register_row"

    number: Mapped[str] = mapped_column(unique=True)
    service_id: Mapped[UUID] = mapped_column(index=True)
    provider_id: Mapped[UUID]
    provider_body: Mapped[str]
    provider_name: Mapped[str]
    place_id: Mapped[UUID]
    municipality: Mapped[str]
    original: Mapped[dict[str, Any]] = mapped_column(JSONB)
    changed: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    renewed: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    violations: Mapped[str | None]
