"""Bodies that act: authorities of the three levels and providers."""

from sqlalchemy.orm import Mapped, mapped_column

from aksu_registry.base import RegistryBase
from aksu_shared.db.tables import KeptByCode


class BodyTable(KeptByCode, RegistryBase):
    """One body; its id is its code, e.g. `OBLAST:BLG`."""

    __tablename__ = "body"

    code: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    level: Mapped[str]
    name_bg: Mapped[str]
    name_en: Mapped[str]
    territory: Mapped[str | None] = mapped_column(index=True)
    parent: Mapped[str | None]
