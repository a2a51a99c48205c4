"""What a service declares of each type of aggregate it owns: the facts about it, its table, and how it is read.

The same fields stand in an event's state, in the table, in the statements that read it and in the models callers get.
Declared side by side they can be compared, so that none is lost on the way (`tests/contract/test_aggregates.py`).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from pydantic import BaseModel
from sqlalchemy import Table

from aksu_shared.db.reads import Page
from aksu_shared.db.statement import Statement
from aksu_shared.events.base import Event

Reasons: TypeAlias = Mapping[str, str]
"""Name of a field or column → why it is an exception."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One way in which an aggregate is read: a list, or the statement of a single one, and the model of the answer.

    `made` names the columns that the route does not show as they are: column → the fields it makes of it.
    """

    query: Page | Statement
    model: type[BaseModel]
    made: Mapping[str, Collection[str]] = field(default_factory=dict)

    @property
    def selected(self) -> tuple[str, ...]:
        """The columns that it selects."""
        if isinstance(self.query, Page):
            return tuple(self.query.columns.selected_columns.keys())
        return self.query.columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """One type of aggregate. `fact` is the class of all facts about it.

    `readings` are all ways in which it is read; where there are none, `unread` says why. `beside` are the columns of
    the table that are no part of the state, `left_out` the fields of the state that no reading shows.
    """

    fact: type[Event[Any]]
    table: Table
    readings: tuple[Reading, ...] = ()
    unread: str = ""
    beside: Reasons = field(default_factory=dict)
    left_out: Reasons = field(default_factory=dict)

    @property
    def name(self) -> str:
        """By which other services and operators call it, as in the topic of its facts."""
        return self.fact.aggregate
