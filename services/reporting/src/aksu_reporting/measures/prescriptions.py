"""Prescriptions: open and overdue."""

from typing import Final

from sqlalchemy import ColumnElement, and_

from aksu_reporting.measures.days import Day
from aksu_reporting.measures.states import among
from aksu_reporting.read_models.tables import PrescriptionTable
from aksu_shared.events.monitoring import MAY_BE_OVERDUE

OPEN: Final = (
    "ISSUED", "ACKNOWLEDGED", "TERM_EXTENDED", "REPORTED_FULFILLED", "NOT_FULFILLED", "ESCALATED", "APPEALED", "UPHELD",
)  # fmt: skip
"""A prescription is open until its fulfilment is verified or a court annuls it."""

DUE: Final = tuple(sorted(MAY_BE_OVERDUE))
"""An open prescription in one of these is overdue once its day has passed: monitoring's own words."""


def open_(prescription: type[PrescriptionTable]) -> ColumnElement[bool]:
    """Its fulfilment is not verified yet, and no court annulled it."""
    return among(prescription.state, OPEN)


def overdue(prescription: type[PrescriptionTable], day: Day) -> ColumnElement[bool]:
    """The provider's term has passed, and the next step is the provider's."""
    return and_(among(prescription.state, DUE), prescription.due_on < day)
