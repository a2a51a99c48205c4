"""Checks of those who manage or represent applicants; whom and what was found is sealed (`personal_data`)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from aksu_licensing.base import LicensingBase
from aksu_shared.db.tables import KeptById


class ManagerCheckTable(KeptById, LicensingBase):
    """One check; its fields are described at `ManagerCheckState`."""

    __tablename__ = "manager_check"

    application_id: Mapped[UUID]
    position: Mapped[str]
    source: Mapped[str]
    checked_at: Mapped[datetime]
    checked_by: Mapped[str]

    __table_args__ = (Index("ix_manager_check_application_id", "application_id", "checked_at", "id"),)
