"""Conditions of applications."""

from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from aksu_licensing.base import LicensingBase
from aksu_shared.db.tables import AggregateWithId


class ConditionsTable(AggregateWithId, LicensingBase):
    """The conditions of one application; their fields are described at `ConditionsState`."""

    __tablename__ = "conditions"

    application_id: Mapped[UUID] = mapped_column(unique=True)
    procedure: Mapped[str]
    provider_id: Mapped[UUID]
    provider_body: Mapped[str]
    conditions: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
