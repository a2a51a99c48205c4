"""Rules of prescriptions that are not in their table of transitions."""

from datetime import date
from typing import Final

from aksu_monitoring.places.rules import AGENCY, public_scope
from aksu_shared.events import Scope
from aksu_shared.events.monitoring.prescriptions import PrescriptionState

UNISSUED: Final = frozenset({"PROPOSED", "DECLINED"})
"""States of a prescription that nobody outside the Agency knows of."""
ADDITIONAL_TERM: Final = "prescription.additional_term"


def prescription_scope(state: PrescriptionState) -> Scope:
    """Of its state and term."""
    return AGENCY if state.state in UNISSUED else public_scope(state.municipality, state.provider_body)


def term_from_issue(state: PrescriptionState, *, today: date) -> date:
    """The last day of the term proposed, as long as it was proposed, counted from its issue today."""
    return state.due_on if state.proposed_on is None else today + (state.due_on - state.proposed_on)


def is_overdue(state: PrescriptionState, *, today: date) -> bool:
    """Whether its term has passed and it is still to be fulfilled."""
    return state.overdue_after is not None and state.overdue_after < today


def term_runs(state: PrescriptionState, *, today: date) -> bool:
    """Whether it is too early to find it not fulfilled: its term has not passed, and nobody reported fulfilment."""
    return state.state != "REPORTED_FULFILLED" and today <= state.due_on
