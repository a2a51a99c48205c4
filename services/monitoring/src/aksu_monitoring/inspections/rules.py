"""Rules of inspections that are not in their table of transitions: whose they are, who may see them, what fails."""

from datetime import date
from typing import Final

from aksu_monitoring.places.rules import AGENCY, public_scope, restricted_scope
from aksu_shared.events import Scope
from aksu_shared.events.monitoring.inspections import OWN_SOURCE, InspectionState

UNANNOUNCED: Final = frozenset({"PLANNED", "ORDERED", "CANCELLED"})
"""States of an inspection that nobody outside the Agency knows of: it has not started, or never will."""
FAILED_RESULTS: Final = frozenset({"NOT_MET", "PARTLY_MET"})
"""Results of findings that count as failed criteria."""
TEAM: Final = "team"
CONDUCT: Final = "monitoring.inspection.conduct"
CONFIRM_PROVIDER: Final = "monitoring.inspection.confirm_provider"
"""Rights of inspectors, in inspections whose order names them."""
INSPECTING: Final = frozenset({"start", "draft_findings", "send_for_objections", "close_with_prescriptions"})
"""Transitions whose actor inspects, whether or not the order names them."""


def is_pushed(state: InspectionState) -> bool:
    """Whether another system conducts it."""
    return state.source != OWN_SOURCE


def objections_awaited(state: InspectionState, *, today: date) -> bool:
    """Whether the inspected may still object and has not done so."""
    due = state.objections_due
    return state.state == "AWAITING_OBJECTIONS" and due is not None and today <= due


def may_be_readdressed(state: InspectionState) -> bool:
    """Whether an inspector may still say whom it concerns: it has started, and none said so before."""
    return state.started_on is not None and state.provider_basis != "CONFIRMED"


def inspection_scope(state: InspectionState) -> Scope:
    """Of the inspection itself."""
    return AGENCY if state.state in UNANNOUNCED else public_scope(state.municipality, state.provider_body)


def inner_scope(state: InspectionState) -> Scope:
    """Of its findings, its texts and its site, when they are written."""
    if state.state in UNANNOUNCED:
        return AGENCY
    return restricted_scope(state.municipality, state.provider_body, state.participants)


def readdressed(scope: Scope, *, before: str | None, after: str) -> Scope:
    """The scope of what was written about an inspection, once an inspector says whom it concerns: its key alone moves.

    Whom the source had named instead no longer reads it.
    """
    kept = tuple(key for key in scope if before is None or key != f"b:{before}")
    return (*kept, *(key for key in (f"b:{after}",) if key not in kept))
