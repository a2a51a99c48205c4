"""Facts of checks of managers."""

from datetime import datetime
from uuid import UUID

from aksu_shared.events.base import Event, State


class ManagerCheckState(State):
    """That somebody who manages or represents an applicant was looked up in a register.

    Whom and with which result is restricted, and in no event. `checked_by` is a pseudonym.
    """

    id: UUID
    application_id: UUID
    position: str
    source: str
    checked_at: datetime
    checked_by: str


class ManagerCheckEvent(Event[ManagerCheckState], aggregate="licensing.manager_check"):
    """About the check of a person."""


class ManagerCheckRecorded(ManagerCheckEvent, fact="recorded"):
    """A licensing officer recorded it."""
