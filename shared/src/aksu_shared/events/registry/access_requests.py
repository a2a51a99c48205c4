"""Facts of requests to revoke access: one person asks, another decides. What is in force is told by `access`."""

from typing import Annotated
from uuid import UUID

from aksu_shared.events.base import Event, State
from aksu_shared.kernel.schemas.codes import CodeOf


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
    state: Annotated[str, CodeOf("access_request_states")]


class AccessRequestEvent(Event[AccessRequestState], aggregate="registry.access_request"):
    """About a request to revoke somebody's access."""


class AccessRequestMade(AccessRequestEvent, fact="made"):
    """Somebody asked for it; nothing stops yet."""


class AccessRequestConfirmed(AccessRequestEvent, fact="confirmed"):
    """A second person confirmed it: the access is revoked from now on."""


class AccessRequestWithdrawn(AccessRequestEvent, fact="withdrawn"):
    """It is not to be decided any more."""
