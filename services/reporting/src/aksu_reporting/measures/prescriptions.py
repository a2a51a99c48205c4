"""Prescriptions: open and overdue."""

from sqlalchemy import ColumnElement

from aksu_reporting.measures.days import Day
from aksu_reporting.read_models.tables import PrescriptionTable


def open_(prescription: type[PrescriptionTable]) -> ColumnElement[bool]:
    """Its fulfilment is not verified yet, and no court annulled it."""
    return prescription.state_group == "OPEN"


def overdue(prescription: type[PrescriptionTable], day: Day) -> ColumnElement[bool]:
    """The provider's term has passed; null while the next step is not the provider's."""
    return prescription.overdue_after < day
