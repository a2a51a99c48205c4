"""Providers of social services."""

from sqlalchemy.orm import Mapped, mapped_column

from aksu_registry.base import RegistryBase
from aksu_shared.db.tables import AggregateWithId


class ProviderTable(AggregateWithId, RegistryBase):
    """One provider, known by its ЕИК or, a municipality, by its body."""

    __tablename__ = "provider"

    body: Mapped[str] = mapped_column(unique=True)
    eik: Mapped[str | None] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(index=True)
    legal_form: Mapped[str]
    legal_form_confirmed: Mapped[bool]
    licence_required: Mapped[bool]
    seat_municipality: Mapped[str | None] = mapped_column(index=True)
    seat_address: Mapped[str | None]
