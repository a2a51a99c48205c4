"""Rules of prescriptions that are not in their table of transitions."""

from datetime import date
from typing import Final

from aksu_shared.events.monitoring import MAY_BE_OVERDUE, PrescriptionState

SETTLED: Final = frozenset({"VERIFIED_FULFILLED", "ANNULLED"})
"""States that leave nothing to follow up."""


def is_overdue(state: PrescriptionState, *, today: date) -> bool:
    """Whether its term has passed and it is still to be fulfilled."""
    return state.state in MAY_BE_OVERDUE and state.due_on < today


def term_runs(state: PrescriptionState, *, today: date) -> bool:
    """Whether it is too early to find it not fulfilled: its term has not passed, and nobody reported fulfilment."""
    return state.state != "REPORTED_FULFILLED" and today <= state.due_on
