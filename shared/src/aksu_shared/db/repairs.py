"""Confirmed repairs of dead letters: an aggregate of each service that keeps copies, in one table of the same shape."""

from typing import Final

from sqlalchemy import ARRAY, Column, DateTime, Integer, MetaData, Table, Text, func

from aksu_shared.db.aggregate import Aggregate
from aksu_shared.events.base import Event
from aksu_shared.events.repairs import RepairState

REPAIR: Final = Table(
    "dead_letter_repair",
    MetaData(),
    Column("id", Text, primary_key=True),
    *(Column(name, Text, nullable=False) for name in RepairState.model_fields),
    Column("version", Integer, nullable=False),
    Column("scope", ARRAY(Text), nullable=False),
    Column("written_at", DateTime(timezone=True), server_default=func.now(), nullable=False),
)
"""Made by `bookkeeping_v1`."""


def repairs(fact: type[Event[RepairState]]) -> Aggregate:
    """The aggregate of a service whose facts are `fact`."""
    return Aggregate(fact=fact, table=REPAIR, unread="evidence: the dead letter itself is read, and the log")
