"""Facts of mandatory prescriptions."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import Field

from aksu_shared.events.base import Event, State, group_of_state
from aksu_shared.kernel.schemas.codes import CodeOf

_PROVIDERS_TURN: Final = frozenset({"ISSUED", "ACKNOWLEDGED", "TERM_EXTENDED", "UPHELD", "NOT_FULFILLED", "ESCALATED"})
"""States in which a prescription past its `due_on` is overdue: not while its fulfilment is to be verified, nor while
an appeal suspends it (чл. 166, ал. 1 АПК)."""


def _fulfilment_awaited_until(told: Mapping[str, Any]) -> date | None:
    due: date = told["due_on"]
    return due if told["state"] in _PROVIDERS_TURN else None


class PrescriptionState(State):
    """A mandatory prescription with its own term, whose last day is `due_on`.

    `state_group`: PROPOSED by an inspector, known to the Agency alone; OPEN from its issue by the executive director;
    SETTLED once its fulfilment is verified, a court annuls it, or it was not issued. Until it is issued `due_on` is the
    day proposed. It is overdue on any day after `overdue_after`, and not at all while that is None: the next step is
    not the provider's. `extended_on` is the day on which its one additional term was given.
    """

    id: UUID
    inspection_id: UUID
    reference: str
    municipality: str | None
    place_id: UUID | None
    provider_body: str | None
    state: Annotated[str, CodeOf("prescription_states")]
    issued_on: date | None
    due_on: date
    proposed_on: date | None = None
    extended_on: date | None = None
    state_group: str = group_of_state(
        PROPOSED=("PROPOSED",),
        OPEN=(
            "ISSUED", "ACKNOWLEDGED", "TERM_EXTENDED", "REPORTED_FULFILLED", "NOT_FULFILLED", "ESCALATED", "APPEALED",
            "UPHELD",
        ),
        SETTLED=("VERIFIED_FULFILLED", "ANNULLED", "DECLINED"),
    )  # fmt: skip
    overdue_after: date | None = Field(default_factory=_fulfilment_awaited_until)


class PrescriptionEvent(Event[PrescriptionState], aggregate="monitoring.prescription"):
    """About a prescription."""


class PrescriptionProposed(PrescriptionEvent, fact="proposed"):
    """An inspector proposed it, with a term."""


class PrescriptionIssued(PrescriptionEvent, fact="issued"):
    """It was issued with a term."""


class PrescriptionAdvanced(PrescriptionEvent, fact="advanced"):
    """It moved to another state, with a new term where that was extended."""


class PrescriptionAmended(PrescriptionEvent, fact="amended"):
    """Its inspection's place or provider became known."""
