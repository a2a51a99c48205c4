"""Rows of the imported public register: which version of each its licences were last made from."""

from uuid import UUID

from sqlalchemy.orm import Mapped

from aksu_licensing.base import LicensingBase
from aksu_shared.db.tables import KeptById


class RegisterRowTable(KeptById, LicensingBase):
    """One row; `number` is that of its original licence."""

    __tablename__ = "register_row"

    number: Mapped[str]
    service_id: Mapped[UUID]
