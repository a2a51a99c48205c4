"""Licences: in force, expiring, and in which state they are on a day."""

from sqlalchemy import ColumnElement, and_, case

from aksu_reporting.measures.days import Day
from aksu_reporting.read_models.tables import LicenceTable


def in_force(licence: type[LicenceTable], day: Day) -> ColumnElement[bool]:
    """It has effect on the day; null where it never has."""
    return day.between(licence.valid_from, licence.effective_until)


def expiring(licence: type[LicenceTable], day: Day, *, until: Day) -> ColumnElement[bool]:
    """It is in force on the day, has no successor, and its effect ends by `until`."""
    return and_(in_force(licence, day), licence.state_group == "LIVE", licence.effective_until <= until)


def state_on(licence: type[LicenceTable], day: Day) -> ColumnElement[str]:
    """Its state on the day: behind its last one it is expired, whether or not licensing said so yet."""
    return case((and_(licence.state_group == "LIVE", licence.effective_until < day), "EXPIRED"), else_=licence.state)
