"""Checks of managers as they are recorded and shown."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from aksu_shared.kernel.schemas.base import Command, Resource
from aksu_shared.kernel.schemas.codes import Code, Line, PersonalNumber


class NewManagerCheck(Command):
    """What a register says of somebody who manages or represents the applicant."""

    position: Annotated[str, Code("manager_positions")]
    name: Line
    egn: PersonalNumber
    source: Annotated[str, Code("check_sources")]
    result: Annotated[str, Code("check_results")]


class ManagerCheckRead(Resource):
    """A check of somebody. `name`, `egn` and `result` are null once erased, and while processing is restricted."""

    id: UUID
    application_id: UUID
    position: str
    source: str
    checked_at: AwareDatetime
    checked_by: str = Field(description="pseudonym of the officer")
    version: int
    subject_id: UUID
    name: str | None
    egn: str | None
    result: str | None
    erased: bool
    restricted: bool
