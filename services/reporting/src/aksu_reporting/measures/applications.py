"""Applications: pending and overdue."""

from typing import Final

from sqlalchemy import ColumnElement, and_

from aksu_reporting.measures.days import Day
from aksu_reporting.measures.states import among
from aksu_reporting.read_models.tables import ApplicationTable

PENDING: Final = (
    "REGISTERED", "UNDER_REVIEW", "AWAITING_CORRECTION", "SITE_CHECK", "PROPOSED_GRANT", "PROPOSED_REFUSAL",
)  # fmt: skip
"""An application in one of these awaits a decision; its `decision_due` is empty while the term stands still."""


def pending(application: type[ApplicationTable]) -> ColumnElement[bool]:
    """It awaits a decision."""
    return among(application.state, PENDING)


def overdue(application: type[ApplicationTable], day: Day) -> ColumnElement[bool]:
    """The term of the decision it awaits has passed (чл. 151 ЗСУ)."""
    return and_(pending(application), application.decision_due < day)
