"""Facts of licences."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import Field

from aksu_shared.events.base import Event, State, group_of_state
from aksu_shared.kernel.schemas.codes import CodeOf

_ENDED_BY_ORDER: Final = frozenset({"TERMINATED", "REVOKED", "REVOKED_FINAL"})


def _last_day_of_effect(told: Mapping[str, Any]) -> date | None:
    last, ended_on = told["valid_until"], told["ended_on"]
    if ended_on is not None:
        last = min(last, ended_on)
    elif told["state"] in _ENDED_BY_ORDER:  # on a day that nobody told: nothing is presumed
        return None
    return last if last >= told["valid_from"] else None


class LicenceState(State):
    """A licence for one service; number `Л-<service no>-<seq>/<dd.mm.yyyy>`.

    `valid_from` and `valid_until` are its first and last day as written; `ended_on` is the last day it really had
    effect when something ended it earlier (a change, an order). `issued_on` is the day of the order, `communicated_on`
    that of its communication, `in_force_on` the first day of its effect. `origin` is ISSUED or IMPORTED, `kind`
    ORIGINAL, CHANGED or RENEWED; `register_row_id` names the imported register row it stands in.

    `state_group`: LIVE (it runs to its last day), SUCCEEDED (another licence takes over), ENDED. It is in force from
    `valid_from` to `effective_until`, its last day of effect whatever ended it; None: it had none, or an order ended
    it on a day that is not known.
    """

    id: UUID
    number: str
    sequence: int
    state: Annotated[str, CodeOf("licence_states")]
    origin: Annotated[str, CodeOf("licence_origins")]
    kind: Annotated[str, CodeOf("licence_kinds")]
    service_id: UUID
    provider_id: UUID
    provider_body: str
    provider_name: str
    place_id: UUID
    municipality: str
    issued_on: date
    communicated_on: date | None = None
    in_force_on: date | None = None
    valid_from: date
    valid_until: date
    ended_on: date | None = None
    predecessor_id: UUID | None = None
    application_id: UUID | None = None
    register_row_id: UUID | None = None
    violations: str | None = None
    state_group: str = group_of_state(
        LIVE=("ACTIVE", "REINSTATED", "REVOCATION_PENDING"),
        SUCCEEDED=("REPLACED", "RENEWED"),
        ENDED=("EXPIRED", "TERMINATED", "REVOKED", "REVOKED_FINAL"),
    )
    effective_until: date | None = Field(default_factory=_last_day_of_effect)


class LicenceEvent(Event[LicenceState], aggregate="licensing.licence"):
    """About a licence."""


class LicenceIssued(LicenceEvent, fact="issued"):
    """Issued on an application."""


class LicenceCommunicated(LicenceEvent, fact="communicated"):
    """Its order was communicated to the holder."""


class LicenceImported(LicenceEvent, fact="imported"):
    """Taken over from the published register."""


class LicenceAmended(LicenceEvent, fact="amended"):
    """Its particulars were corrected by a later import."""


class LicenceReplaced(LicenceEvent, fact="replaced"):
    """A licence with a change took its place."""


class LicenceRenewed(LicenceEvent, fact="renewed"):
    """Its successor takes over after its last day."""


class LicenceTerminated(LicenceEvent, fact="terminated"):
    """It was terminated at its holder's request."""


class LicenceExpired(LicenceEvent, fact="expired"):
    """Its last day has passed."""
