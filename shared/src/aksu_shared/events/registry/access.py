"""Facts of revoked access."""

from datetime import datetime

from aksu_shared.events.base import Event, State


class AccessState(State):
    """Since when tokens of one subject count: those issued before `not_before` open nothing.

    The event's id is the subject's pseudonym (`aksu_shared.auth.pseudonym`).
    """

    not_before: datetime


class AccessEvent(Event[AccessState], aggregate="registry.access"):
    """About the access of a subject."""


class AccessRevoked(AccessEvent, fact="revoked"):
    """A subject was disabled, or moved to another body: it needs a new token, if it gets one."""
