"""Applications: pending and overdue."""

from sqlalchemy import ColumnElement

from aksu_reporting.measures.days import Day
from aksu_reporting.read_models.tables import ApplicationTable


def pending(application: type[ApplicationTable]) -> ColumnElement[bool]:
    """It awaits a decision."""
    return application.state_group == "PENDING"


def overdue(application: type[ApplicationTable], day: Day) -> ColumnElement[bool]:
    """The term of the decision it awaits has passed (чл. 151 ЗСУ); null while no such term runs."""
    return application.overdue_after < day
