"""Places where services are provided, of registry."""

from sqlalchemy.orm import Mapped, mapped_column

from aksu_reporting.tables.base import ReportingBase
from aksu_shared.db.tables import KeptById


class PlaceTable(KeptById, ReportingBase):
    """One place."""

    __tablename__ = "place"

    municipality: Mapped[str] = mapped_column(index=True)
    settlement: Mapped[str]
    address: Mapped[str]
