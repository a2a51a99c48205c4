"""Rules of prescriptions that are not in their table of transitions."""

from datetime import date

from aksu_shared.events.monitoring.prescriptions import PrescriptionState


def is_overdue(state: PrescriptionState, *, today: date) -> bool:
    """Whether its term has passed and it is still to be fulfilled."""
    return state.overdue_after is not None and state.overdue_after < today


def term_runs(state: PrescriptionState, *, today: date) -> bool:
    """Whether it is too early to find it not fulfilled: its term has not passed, and nobody reported fulfilment."""
    return state.state != "REPORTED_FULFILLED" and today <= state.due_on
