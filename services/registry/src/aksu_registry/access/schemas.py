"""Revoked access, and requests for it, on the wire."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from aksu_shared.events.registry.access_requests import AccessRequestState
from aksu_shared.kernel.schemas.base import Body, Versioned
from aksu_shared.kernel.schemas.codes import Line, Note


class NewAccessRequest(Body):
    """Whose tokens are to stop counting, and why. `subject` is what stands in the `sub` of those tokens."""

    subject: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]
    reason: Line


class AccessRequestConfirmation(Body):
    """Nothing has to be said: whoever confirms has read the request."""


class AccessRequestWithdrawal(Body):
    """Why it is not to be decided any more."""

    reason: Note


class AccessRequestRead(Versioned, AccessRequestState):
    """A request to revoke somebody's access; people are shown by their pseudonyms."""


class RevocationRead(Versioned):
    """Since when tokens of a subject count; `id` is the subject's pseudonym."""

    id: str
    not_before: datetime
