"""The registry's own metadata."""

from typing import Any, ClassVar

from sqlalchemy import Table
from sqlalchemy.orm import DeclarativeBase

from aksu_shared.db.tables import TYPES, new_metadata


class RegistryBase(DeclarativeBase):
    """Base of the registry's tables."""

    metadata = new_metadata()
    type_annotation_map: ClassVar[dict[Any, Any]] = TYPES


def table_of(mapped: type[RegistryBase]) -> Table:
    """The table behind a mapped class."""
    return mapped.metadata.tables[mapped.__tablename__]
