"""Which states of other services' aggregates count as what."""

from sqlalchemy import ARRAY, ColumnElement, SQLColumnExpression, Text, any_, literal


def among(column: SQLColumnExpression[str], states: tuple[str, ...]) -> ColumnElement[bool]:
    """Whether the state is one of these."""
    return column == any_(literal(list(states), ARRAY(Text)))
