"""Revoked access: the registry's aggregate, and everybody else's copy of it, in one table of the same shape."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import ARRAY, Column, DateTime, Integer, MetaData, Table, Text, func

from aksu_shared.db.projection import project
from aksu_shared.db.work import UnitOfWork
from aksu_shared.events.registry.access import AccessEvent

ACCESS: Final = "access"
"""Scope key of revocations; held by who may read or make them."""

ACCESS_REVOCATION: Final = Table(
    "access_revocation",
    MetaData(),
    Column("id", Text, primary_key=True),
    Column("not_before", DateTime(timezone=True), nullable=False),
    Column("version", Integer, nullable=False),
    Column("scope", ARRAY(Text), nullable=False),
    Column("written_at", DateTime(timezone=True), server_default=func.now(), nullable=False),
)
"""Made by `access_v1`; `access_revocations`, which every statement in a caller's scope asks, looks into it."""


async def keep_revocations(work: UnitOfWork, events: Sequence[AccessEvent]) -> None:
    """Keep the newest revocation of each subject."""
    await project(work.connection, ACCESS_REVOCATION, events)
