"""The days by which reports count."""

from dataclasses import dataclass
from datetime import date
from typing import Self, TypeAlias

from sqlalchemy import ColumnElement

from aksu_shared.procedures.context import legal_terms

Day: TypeAlias = ColumnElement[date]
"""A day in a statement: a parameter of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """The legal day, the last day of a licence that counts as expiring, the first day of the legal year."""

    today: date
    expiring_until: date
    year_since: date

    @classmethod
    def of(cls, today: date) -> Self:
        """Those of a report made `today`."""
        return cls(today=today, expiring_until=expiring_until(today), year_since=today.replace(month=1, day=1))


def expiring_until(today: date) -> date:
    """The latest last day of a licence that counts as expiring on `today` (term `licence.expiring`, ≤ 3 months)."""
    return legal_terms().window_reaches("licence.expiring", today)
