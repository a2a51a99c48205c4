"""Rules of an inspection the Agency conducts that are not in its table of transitions: who may do what, and when."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from aksu_monitoring.domain.machines import INSPECTION
from aksu_shared.terms.machine import Transition
from aksu_shared.terms.steps import verb

OWN_SOURCE: Final = "/aksu"
"""Source of the inspections planned here; those of pushing systems begin with `/integrations/`."""
UNANNOUNCED: Final = frozenset({"PLANNED", "ORDERED", "CANCELLED"})
"""States of an inspection that nobody outside the Agency knows of: it has not started, or never will."""
SETTLED: Final = frozenset({"VERIFIED_FULFILLED", "ANNULLED"})
"""States of a prescription that leave nothing to follow up."""
TEAM: Final = "team"
INSPECTING: Final = frozenset({"start", "draft_findings", "send_for_objections"})
"""Transitions whose actor inspects, whether or not the order names them."""

BY_NAME: Final[Mapping[str, Transition]] = {row.name: row for row in INSPECTION.transitions}


def offered(
    found: Mapping[str, Any], may: Callable[[str], bool], *, actor: str, inspectors: Collection[str]
) -> list[str]:
    """The verbs by which a caller may move the inspection on now; none for a pushed one.

    `found` is the inspection with `open_prescriptions`, their number; `inspectors` are those who took part.
    """
    if found["source"] != OWN_SOURCE:
        return []
    settled = found["open_prescriptions"] == 0
    names = INSPECTION.actions(found["state"], may, holds=lambda _guard: settled)
    return [verb(name) for name in names if not (BY_NAME[name].four_eyes and actor in inspectors)]
