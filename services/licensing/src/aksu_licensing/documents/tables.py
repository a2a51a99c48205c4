"""Documents of applications: what may be known of them; name and content are sealed (`personal_data`)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from aksu_licensing.base import LicensingBase
from aksu_shared.db.tables import KeptById


class DocumentTable(KeptById, LicensingBase):
    """One document; its fields are described at `DocumentState`. `sha256` is that of the content, in hexadecimal."""

    __tablename__ = "document"

    application_id: Mapped[UUID]
    kind: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    sha256: Mapped[str]
    attached_at: Mapped[datetime]

    __table_args__ = (Index("ix_document_application_id", "application_id", "attached_at", "id"),)
