"""Applications in the licensing procedures, of licensing; restricted to the bodies they concern."""

from datetime import date

from sqlalchemy.orm import Mapped, mapped_column

from aksu_reporting.tables.base import ReportingBase
from aksu_shared.db.tables import KeptById


class ApplicationTable(KeptById, ReportingBase):
    """One application."""

    __tablename__ = "application"

    procedure: Mapped[str]
    state: Mapped[str]
    municipality: Mapped[str] = mapped_column(index=True)
    decision_due: Mapped[date | None]
    decided_on: Mapped[date | None]
