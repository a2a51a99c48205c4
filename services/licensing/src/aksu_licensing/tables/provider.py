"""Providers as the registry last told of them: a projection."""

from sqlalchemy.orm import Mapped

from aksu_licensing.tables.base import LicensingBase
from aksu_shared.db.tables import KeptById


class ProviderTable(KeptById, LicensingBase):
    """One provider of the registry."""

    __tablename__ = "provider"

    body: Mapped[str]
    eik: Mapped[str | None]
    name: Mapped[str]
    legal_form: Mapped[str]
    licence_required: Mapped[bool]
