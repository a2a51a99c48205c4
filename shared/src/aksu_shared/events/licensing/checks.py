"""Facts of checks of managers."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from aksu_shared.events.base import Event, State
from aksu_shared.kernel.schemas.codes import CodeOf


class ManagerCheckState(State):
    """That somebody who manages or represents an applicant was looked up in a register.

    Whom and with which result is restricted, and in no event. `checked_by` is a pseudonym.
    """

    id: UUID
    application_id: UUID
    position: Annotated[str, CodeOf("manager_positions")]
    source: Annotated[str, CodeOf("check_sources")]
    checked_at: datetime
    checked_by: str


class ManagerCheckEvent(Event[ManagerCheckState], aggregate="licensing.manager_check"):
    """About the check of a person."""


class ManagerCheckRecorded(ManagerCheckEvent, fact="recorded"):
    """A licensing officer recorded it."""
