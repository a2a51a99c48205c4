"""Facts of requests to revoke access: one person asks, another decides. What is in force is told by `access`."""

from uuid import UUID

from aksu_shared.events.base import Event, State


class AccessRequestState(State):
    """Whose access is to be revoked, why, and who said so. People are named by pseudonyms.

    `accountable`: whoever asked answers for it as director or data protection officer, so that an operator may confirm.
    """

    id: UUID
    subject: str
    reason: str
    requested_by: str
    accountable: bool
    confirmed_by: str | None = None
    state: str


class AccessRequestEvent(Event[AccessRequestState], aggregate="registry.access_request"):
    """About a request to revoke somebody's access."""


class AccessRequestMade(AccessRequestEvent, fact="made"):
    """Somebody asked for it; nothing stops yet."""


class AccessRequestConfirmed(AccessRequestEvent, fact="confirmed"):
    """A second person confirmed it: the access is revoked from now on."""


class AccessRequestWithdrawn(AccessRequestEvent, fact="withdrawn"):
    """It is not to be decided any more."""
