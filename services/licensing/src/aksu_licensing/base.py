"""Licensing's own metadata."""

from typing import Any, ClassVar, cast

from sqlalchemy import Table
from sqlalchemy.orm import DeclarativeBase

from aksu_shared.db.tables import TYPES, new_metadata


class LicensingBase(DeclarativeBase):
    """Base of licensing's tables."""

    metadata = new_metadata()
    type_annotation_map: ClassVar[dict[Any, Any]] = TYPES


def table_of(mapped: type[LicensingBase]) -> Table:
    """The table of a mapped class."""
    return cast("Table", mapped.__table__)
