"""Rules of an application that are not in its table of transitions: its terms, who sees it, whose it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from aksu_shared.events.base import Scope
from aksu_shared.events.licensing.applications import ApplicationState
from aksu_shared.kernel.terms import Terms

DECISION: Final = "licensing.decision"
CORRECTION: Final = "licensing.correction"
APPEAL: Final = "licensing.appeal"
WARNING: Final = "licensing.decision_warning"
EARLY_RECEIPT: Final = "licensing.receipt_before_filing"

OPEN_GROUPS: Final = frozenset({"FILED", "PENDING"})
"""State groups of an application that is not decided yet."""
AGENCY: Final[Scope] = ("b:AKSU",)
"""Scope of what the Agency alone sees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcedureRules:
    """What distinguishes the four licensing procedures: their legal terms, and what an application must say.

    `decision` and `communication` are keys of legal terms; `explained`: the application must say why.
    """

    decision: str | None
    communication: str
    explained: bool = False


PROCEDURES: Final = {
    "ISSUE": ProcedureRules(decision="licensing.decision", communication="licensing.communication"),
    "RENEW": ProcedureRules(decision="licensing.renewal_decision", communication="licensing.communication"),
    "CHANGE": ProcedureRules(
        decision="licensing.change_decision", communication="licensing.communication", explained=True
    ),
    "TERMINATE": ProcedureRules(
        decision=None,  # the Act sets no term for the order, only for its communication
        communication="licensing.termination_communication",
        explained=True,
    ),
}
"""Procedure of an application → its rules (чл. 149–159 ЗСУ); what its grant does is said with licences."""


def application_scope(provider_body: str, responsible_body: str | None) -> Scope:
    """The Agency, the applicant, and the municipality that assigned the service: nobody else, not even by territory.

    These are the callers that hold `licensing.application.read`; so the change feed shows no more than the list.
    """
    return (*AGENCY, *(f"b:{body}" for body in (provider_body, responsible_body) if body))


def whose(state: ApplicationState) -> Mapping[str, Any]:
    """The application as an object of rights."""
    parties = (state.responsible_body,) if state.responsible_body else ()
    return {"territory": state.municipality, "owner": state.provider_body, "parties": parties}


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
