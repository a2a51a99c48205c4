"""Requests to revoke access; what is in force lies in `access_revocation`, which every service has."""

from sqlalchemy.orm import Mapped

from aksu_registry.base import RegistryBase
from aksu_shared.db.tables import AggregateWithId


class AccessRequestTable(AggregateWithId, RegistryBase):
    """One request about one subject."""

    __tablename__ = "access_request"

    subject: Mapped[str]
    reason: Mapped[str]
    requested_by: Mapped[str]
    accountable: Mapped[bool]
    confirmed_by: Mapped[str | None]
    state: Mapped[str]
