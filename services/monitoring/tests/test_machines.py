"""Inspections and prescriptions."""

from datetime import date
from typing import Any

import pytest

from aksu_monitoring.inspections.machine import INSPECTION_MACHINE
from aksu_monitoring.inspections.steps import INSPECTION_STEPS
from aksu_monitoring.prescriptions.machine import PRESCRIPTION_MACHINE
from aksu_monitoring.prescriptions.steps import PRESCRIPTION_STEPS
from aksu_monitoring.signals.machine import SIGNAL_MACHINE
from aksu_monitoring.signals.steps import SIGNAL_STEPS
from aksu_shared.auth.permissions import Rights
from aksu_shared.events.monitoring.inspections import InspectionState
from aksu_shared.kernel.codelists import CODELISTS
from aksu_shared.kernel.errors import IllegalTransition
from aksu_shared.kernel.machine import SYSTEM, Machine
from aksu_shared.procedures.steps import Offer, Procedure

MACHINES = [INSPECTION_MACHINE, PRESCRIPTION_MACHINE, SIGNAL_MACHINE]
REPORT = ("order", "start", "draft_findings", "send_for_objections", "object", "approve_report")


def walk(machine: Machine, *names: str) -> str:
    state = machine.initial
    for name in names:
        state = machine.leads(state, name).target
    return state


def test_an_inspection_ends_without_findings_or_with_a_follow_up() -> None:
    assert walk(INSPECTION_MACHINE, *REPORT, "close_no_findings") == "CLOSED_NO_FINDINGS"
    follow_up = ("close_with_prescriptions", "require_follow_up", "record_follow_up")
    assert walk(INSPECTION_MACHINE, *REPORT, *follow_up, "close") == "CLOSED"
    assert walk(INSPECTION_MACHINE, *REPORT, *follow_up, "require_another_follow_up") == "FOLLOW_UP_DUE"


def test_denied_access_is_recorded_while_in_progress_only() -> None:
    assert walk(INSPECTION_MACHINE, "order", "start", "record_access_denied") == "ACCESS_DENIED"
    with pytest.raises(IllegalTransition):
        INSPECTION_MACHINE.leads("ORDERED", "record_access_denied")


def test_an_inspection_is_cancelled_before_it_starts_only() -> None:
    assert [state for state in INSPECTION_MACHINE.states if "cancel" in INSPECTION_MACHINE.legal(state)] == [
        "PLANNED",
        "ORDERED",
    ]


def test_closing_waits_for_the_prescriptions() -> None:
    def offered(open_prescriptions: int) -> list[str]:
        facts = {"open_prescriptions": open_prescriptions, "inspectors": ()}
        known: dict[str, Any] = {"state": "FOLLOW_UP_DONE", "source": "/aksu"}
        state = InspectionState.model_construct(**known)
        offer: Offer[InspectionState] = Offer(state=state, today=date(2026, 12, 1), actor="somebody", facts=facts)
        return INSPECTION_STEPS.actions(offer, lambda _: True)

    assert offered(1) == ["require-another-follow-up"]
    assert offered(0) == ["require-another-follow-up", "close"]


def test_whoever_drafted_the_findings_does_not_approve_the_report() -> None:
    assert INSPECTION_MACHINE.leads("AWAITING_OBJECTIONS", "approve_report").four_eyes == "draft_findings"


def test_a_prescription_is_fulfilled_or_escalated() -> None:
    issued = ("issue", "acknowledge", "report_fulfilled")
    assert walk(PRESCRIPTION_MACHINE, *issued, "verify") == "VERIFIED_FULFILLED"
    assert walk(PRESCRIPTION_MACHINE, *issued, "not_fulfilled", "escalate") == "ESCALATED"
    extended = ("issue", "not_fulfilled", "extend_term", "report_fulfilled")
    assert walk(PRESCRIPTION_MACHINE, *extended) == "REPORTED_FULFILLED"


def test_a_prescription_is_proposed_and_then_issued_or_not() -> None:
    assert PRESCRIPTION_MACHINE.initial == "PROPOSED"
    assert PRESCRIPTION_MACHINE.legal("PROPOSED") == ["issue", "decline"]
    assert PRESCRIPTION_MACHINE.is_final("DECLINED")


def test_an_appealed_prescription_is_upheld_and_to_be_fulfilled_or_annulled() -> None:
    assert walk(PRESCRIPTION_MACHINE, "issue", "appeal", "uphold", "report_fulfilled") == "REPORTED_FULFILLED"
    assert walk(PRESCRIPTION_MACHINE, "issue", "appeal", "annul") == "ANNULLED"
    assert PRESCRIPTION_MACHINE.is_final("ANNULLED")


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_every_transition_names_an_existing_right_a_legal_basis_and_words(machine: Machine) -> None:
    rights = {*Rights.load().actions, SYSTEM}
    for row in machine.transitions:
        assert row.action in rights, row.name
        assert row.legal_basis
        assert row.text.bg
        assert row.text.en
    assert machine.states == CODELISTS[f"{machine.name}_states"]


@pytest.mark.parametrize(
    ("procedure", "without"),
    [
        (INSPECTION_STEPS, set[str]()),
        (SIGNAL_STEPS, set[str]()),
        (PRESCRIPTION_STEPS, {"escalate", "appeal", "uphold", "annul"}),
    ],
    ids=lambda given: given.machine.name if isinstance(given, Procedure) else "",
)
def test_every_transition_has_its_step_but_those_that_nobody_fires_yet(
    procedure: Procedure[Any, Any], without: set[str]
) -> None:
    assert {row.name for row in procedure.machine.transitions} - procedure.steps.keys() == without
