"""The nation, its planning regions, oblasts and municipalities, of registry."""

from sqlalchemy.orm import Mapped, mapped_column

from aksu_reporting.base import ReportingBase
from aksu_shared.db.tables import KeptByCode


class TerritoryTable(KeptByCode, ReportingBase):
    """One territory; its id is its code. Figures are persons of Census 07.09.2021."""

    __tablename__ = "territory"

    level: Mapped[str]
    name_bg: Mapped[str]
    name_en: Mapped[str]
    parent: Mapped[str | None] = mapped_column(index=True)
    nuts: Mapped[str | None]
    population: Mapped[int]
    age0_14: Mapped[int]
    age65plus: Mapped[int]
