"""Places where services are provided."""

from sqlalchemy.orm import Mapped, mapped_column

from aksu_registry.base import RegistryBase
from aksu_shared.db.tables import KeptById


class PlaceTable(KeptById, RegistryBase):
    """One place; `key` is its municipality, settlement and address, folded."""

    __tablename__ = "place"

    key: Mapped[str] = mapped_column(unique=True)
    municipality: Mapped[str] = mapped_column(index=True)
    settlement: Mapped[str]
    address: Mapped[str]
