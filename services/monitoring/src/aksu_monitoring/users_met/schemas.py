"""The wire of users met: personal data."""

from typing import Annotated, Final
from uuid import UUID

from pydantic import Field

from aksu_monitoring.people import PersonRead
from aksu_shared.kernel.schemas.base import Command, Resource
from aksu_shared.kernel.schemas.codes import Line, Note, PersonalNumber

USER_MET: Final = "inspection.user_met"
"""Class of personal data, as `retention.toml` has it."""
_YEAR: Final = 1900


class NewUserMet(Command):
    """A user of the service with whom inspectors spoke. One of ЕГН and year of birth is enough."""

    name: Line
    egn: PersonalNumber | None = None
    birth_year: Annotated[int, Field(ge=_YEAR, le=2100)] | None = None
    note: Note | None = None


class UserMetRecorded(Resource):
    """Under which id it is held."""

    subject_id: UUID
    inspection_id: UUID


class UserMetRead(PersonRead):
    """A user met."""

    name: str | None = None
    egn: str | None = None
    birth_year: int | None = None
    note: str | None = None
