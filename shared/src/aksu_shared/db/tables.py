"""Naming, types and the columns that all aggregates and projections share."""

from datetime import datetime
from functools import lru_cache
from typing import Any, cast
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import ARRAY, Column, DateTime, MetaData, Table, Text, func
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


TYPES: dict[Any, Any] = {str: Text, datetime: DateTime(timezone=True), list[str]: ARRAY(Text)}
"""How annotations become columns: text without length, instants with zone, lists of codes as arrays."""


def new_metadata() -> MetaData:
    """Metadata of one service, with the platform's naming convention."""
    return MetaData(naming_convention=NAMING)


def table_of(mapped: type[DeclarativeBase]) -> Table:
    """The table of a mapped class."""
    return cast("Table", mapped.__table__)


def columns_of(table: Table) -> list[Column[Any]]:
    """The columns a state fills; those with a server default are PostgreSQL's."""
    return [column for column in table.columns if column.server_default is None]


@lru_cache(maxsize=256)
def check_columns(table: Table, schema: type[BaseModel]) -> None:
    """Refuse a state with a field that the table has no column for: the field would vanish when it is written.

    Raises ValueError, naming the fields.
    """
    if missing := schema.model_fields.keys() - table.columns.keys():
        raise ValueError(f"table {table.name} has no column for {sorted(missing)} of {schema.__name__}")


@lru_cache(maxsize=256)
def check_fields(table: Table, schema: type[BaseModel]) -> None:
    """Refuse a copy with a column that the state has no field for: it would stay NULL in every row.

    Raises ValueError, naming the columns.
    """
    told = {*schema.model_fields, "id", "version", "scope"}
    if unknown := {column.name for column in columns_of(table)} - told:
        raise ValueError(f"{schema.__name__} has no field for the columns {sorted(unknown)} of table {table.name}")


class Kept:
    """Columns of every aggregate row and projection: version, scope keys, and when the row was last written."""

    version: Mapped[int]
    scope: Mapped[list[str]]
    written_at: Mapped[datetime] = mapped_column(server_default=func.now())


class KeptById(Kept):
    """An aggregate or projection whose id is a UUIDv7."""

    id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-1)


class KeptByCode(Kept):
    """An aggregate or projection whose id is a code (territory, body)."""

    id: Mapped[str] = mapped_column(primary_key=True, sort_order=-1)
