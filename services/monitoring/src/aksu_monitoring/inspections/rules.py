"""Rules of inspections that are not in their table of transitions: whose they are, who may see them, what fails."""

from typing import Final

from aksu_monitoring.places.rules import AGENCY, public_scope, restricted_scope
from aksu_shared.events import Scope
from aksu_shared.events.monitoring.inspections import InspectionState

OWN_SOURCE: Final = "/aksu"
"""Source of the inspections planned here; those of pushing systems begin with `/integrations/`."""
UNANNOUNCED: Final = frozenset({"PLANNED", "ORDERED", "CANCELLED"})
"""States of an inspection that nobody outside the Agency knows of: it has not started, or never will."""
FAILED_RESULTS: Final = frozenset({"NOT_MET", "PARTLY_MET"})
"""Results of findings that count as failed criteria."""
TEAM: Final = "team"
INSPECTING: Final = frozenset({"start", "draft_findings", "send_for_objections"})
"""Transitions whose actor inspects, whether or not the order names them."""


def is_pushed(state: InspectionState) -> bool:
    """Whether another system conducts it."""
    return state.source != OWN_SOURCE


def inspection_scope(state: InspectionState) -> Scope:
    """Of the inspection itself."""
    return AGENCY if state.state in UNANNOUNCED else public_scope(state.municipality, state.provider_body)


def inner_scope(state: InspectionState) -> Scope:
    """Of its texts and its site."""
    return AGENCY if state.state in UNANNOUNCED else restricted_scope(state.municipality, state.provider_body)
