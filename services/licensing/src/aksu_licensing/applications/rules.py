"""Rules of an application that are not in its table of transitions: its terms, its guards, what a caller may do."""

from collections.abc import Callable
from datetime import date
from typing import Any, Final

from aksu_licensing.domain.machines import APPLICATION, DECISION_IS_REFUSAL
from aksu_licensing.domain.procedures import PROCEDURES
from aksu_shared.events.licensing import ApplicationState
from aksu_shared.terms import Terms
from aksu_shared.terms.steps import verb

DECISION: Final = "licensing.decision"
CORRECTION: Final = "licensing.correction"
APPEAL: Final = "licensing.appeal"
WARNING: Final = "licensing.decision_warning"

BY_NAME: Final = {row.name: row for row in APPLICATION.transitions}
"""Transition by name."""


def offered(state: ApplicationState, may: Callable[[str], bool], *, actor: str, today: date) -> list[str]:
    """The verbs a caller may use now: `may(right)` tells its rights, `actor` is who it is."""

    def possible(name: str) -> bool:
        row = BY_NAME[name]
        if row.four_eyes is not None and state.proposed_by == actor:
            return False
        if name == "discontinue":
            return not correction_runs(state, today)
        return name != "appeal" or not appeal_is_late(state, today)

    def holds(guard: str) -> bool:
        return guard != DECISION_IS_REFUSAL or state.decision == "REFUSAL"

    return [verb(name) for name in APPLICATION.actions(state.state, may, holds=holds) if possible(name)]


def correction_runs(state: ApplicationState, today: date) -> bool:
    """Whether the applicant still has time to correct the application."""
    return state.term == CORRECTION and state.term_due is not None and today <= state.term_due


def appeal_is_late(state: ApplicationState, day: date) -> bool:
    """Whether an appeal on `day` comes after its term."""
    return state.term == APPEAL and state.term_due is not None and day > state.term_due


def running(state: ApplicationState, key: str, due: date, *, basis: str) -> dict[str, Any]:
    """The fields by which the term `key` begins to run up to `due`."""
    return {
        "term": key,
        "term_due": due,
        "term_basis": basis,
        "term_state": "RUNNING",
        "term_revision": state.term_revision + 1,
    }


def at_rest(state: ApplicationState) -> dict[str, Any]:
    """The fields by which no term runs any more."""
    return {
        "term": None,
        "term_due": None,
        "term_basis": None,
        "term_state": None,
        "term_revision": state.term_revision + 1,
    }


def decision_term(state: ApplicationState, terms: Terms) -> dict[str, Any]:
    """The fields by which the procedure's term of decision runs from `clock_since`, its pauses not counted.

    A procedure without such a term has none running.
    """
    key = PROCEDURES[state.procedure].decision
    if key is None:
        return at_rest(state)
    if state.clock_since is None:
        msg = f"the clock of application {state.id} was never started"
        raise ValueError(msg)
    pauses = [(pause.since, pause.until) for pause in state.pauses if pause.until is not None]
    due = terms.deadline(key, state.clock_since, pauses=pauses)
    basis = terms.get(key, on=state.clock_since).legal_basis
    return running(state, key, due, basis=basis) | {"decision_due": due}


def term_from(state: ApplicationState, key: str, start: date, terms: Terms) -> dict[str, Any]:
    """The fields by which the term `key` runs from an event on `start`."""
    basis = terms.get(key, on=start).legal_basis
    return running(state, key, terms.deadline(key, start), basis=basis)
