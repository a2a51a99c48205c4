"""Providers of social services, of registry."""

from sqlalchemy.orm import Mapped, mapped_column

from aksu_reporting.tables.base import ReportingBase
from aksu_shared.db.tables import KeptById


class ProviderTable(KeptById, ReportingBase):
    """One provider; the register of licensed providers does not tell the municipality of its seat."""

    __tablename__ = "provider"

    body: Mapped[str]
    name: Mapped[str]
    legal_form: Mapped[str]
    licence_required: Mapped[bool]
    seat_municipality: Mapped[str | None] = mapped_column(index=True)
