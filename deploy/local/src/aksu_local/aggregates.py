"""Compares the places in which the fields of an aggregate stand, so that none is lost between them."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from aksu_shared.db.aggregate import Aggregate, Reading
from aksu_shared.db.tables import columns_of
from aksu_shared.events.base import Event
from aksu_shared.worker.copies import Copy

_OF_EVERY_ROW: Final = frozenset({"id", "version", "scope"})
_OF_EVERY_READ: Final = frozenset({"version"})
BY_ROUTES: Final = frozenset({"actions"})
"""What routes add to any aggregate: the verbs that its reader may use."""


def faults(aggregate: Aggregate) -> list[str]:
    """Where the state, the table and the readings of an aggregate do not agree; empty when they do."""
    return [*_of_table(aggregate), *_of_readings(aggregate)]


def faults_of_copy(fact: type[Event[Any]], copy: Copy) -> list[str]:
    """Columns of a copy that the events it is kept from do not tell."""
    told = _OF_EVERY_ROW | fact.schema.model_fields.keys()
    return [f"copy {copy.name}: no field of {fact.schema.__name__} for {name}" for name in _columns(copy) - told]


def unkept(facts: Iterable[type[Event[Any]]], aggregates: Iterable[Aggregate]) -> list[str]:
    """Types of events whose aggregate is not exactly one of these."""
    kept = [each.fact for each in aggregates]
    return [fact.type for fact in facts if sum(issubclass(fact, each) for each in kept) != 1]


def _of_table(aggregate: Aggregate) -> Iterator[str]:
    schema, table = aggregate.fact.schema, aggregate.table.name
    told, columns, beside = _OF_EVERY_ROW | schema.model_fields.keys(), _columns(aggregate), aggregate.beside.keys()
    for name in sorted(told - columns):
        yield f"table {table}: no column for {name} of {schema.__name__}"
    for name in sorted(columns - told - beside):
        yield f"table {table}: no field of {schema.__name__} for column {name}"
    for name in sorted((beside - columns) | (beside & told)):
        yield f"{aggregate.name}: {name} is no column beside the state"


def _of_readings(aggregate: Aggregate) -> Iterator[str]:
    fields, left_out = aggregate.fact.schema.model_fields.keys(), aggregate.left_out.keys()
    if bool(aggregate.readings) == bool(aggregate.unread):
        yield f"{aggregate.name}: either it is read, or it is said why not"
    for name in sorted(left_out - fields):
        yield f"{aggregate.name}: {name} is left out but no field of {aggregate.fact.schema.__name__}"
    for reading in aggregate.readings:
        shown, model = reading.model.model_fields.keys(), reading.model.__name__
        for name in sorted((fields - left_out | _OF_EVERY_READ) - shown):
            yield f"{model}: does not show {name}"
        for name in sorted(left_out & shown):
            yield f"{model}: shows {name}, which is said to be left out"
        yield from _of_query(reading)


def _of_query(reading: Reading) -> Iterator[str]:
    """A field that is not selected would take its default, a column the model does not know would be refused."""
    selected, model = set(reading.selected), reading.model.__name__
    shown = reading.model.model_fields.keys() - BY_ROUTES
    made = {name for names in reading.made.values() for name in names}
    for name in sorted(shown - selected - made):
        yield f"{model}: its statement does not select {name}"
    for name in sorted((selected - reading.made.keys() - shown) | (made - shown)):
        yield f"{model}: its statement gives {name}, which it does not have"
    for name in sorted(reading.made.keys() - selected):
        yield f"{model}: its statement does not select {name}, of which fields are made"


def _columns(kept: Aggregate | Copy) -> set[str]:
    return {column.name for column in columns_of(kept.table)}
