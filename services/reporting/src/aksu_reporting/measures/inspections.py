"""Inspections: begun in the legal year, and flagged."""

from sqlalchemy import ColumnElement, literal_column

from aksu_reporting.measures.days import Day
from aksu_reporting.read_models.tables import InspectionTable


def this_year(inspection: type[InspectionTable], *, since: Day) -> ColumnElement[bool]:
    """It began in the legal year, the first day of which is `since`."""
    return inspection.started_on >= since


def flagged(inspection: type[InspectionTable]) -> ColumnElement[bool]:
    """It carries a flag."""
    return inspection.flags != literal_column("'{}'")
