"""The base of reporting's tables."""

from typing import Any, ClassVar

from sqlalchemy.orm import DeclarativeBase

from aksu_shared.db.tables import TYPES, new_metadata


class ReportingBase(DeclarativeBase):
    """Base of reporting's tables."""

    metadata = new_metadata()
    type_annotation_map: ClassVar[dict[Any, Any]] = TYPES
