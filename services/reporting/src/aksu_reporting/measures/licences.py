"""Licences: in force, expiring, and in which state they are on a day."""

from typing import Final

from sqlalchemy import ColumnElement, and_, case, func

from aksu_reporting.measures.days import Day
from aksu_reporting.measures.states import among
from aksu_reporting.read_models.tables import LicenceTable

RUNNING: Final = ("ACTIVE", "REINSTATED", "REVOCATION_PENDING")
"""A licence in one of these runs until its last day; behind it, it is expired, whether or not licensing said so yet."""


def in_force(licence: type[LicenceTable], day: Day) -> ColumnElement[bool]:
    """It has effect on the day: from its first day to the one on which it ended, else to its last as written."""
    return day.between(licence.valid_from, func.coalesce(licence.ended_on, licence.valid_until))


def expiring(licence: type[LicenceTable], day: Day, *, until: Day) -> ColumnElement[bool]:
    """It is in force on the day, has no successor, and ends by `until`."""
    return and_(in_force(licence, day), among(licence.state, RUNNING), licence.valid_until <= until)


def state_on(licence: type[LicenceTable], day: Day) -> ColumnElement[str]:
    """Its state on the day."""
    return case((and_(among(licence.state, RUNNING), licence.valid_until < day), "EXPIRED"), else_=licence.state)
