"""The procedures of licensing."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aksu_licensing.applications.machine import APPLICATION_MACHINE
from aksu_licensing.applications.steps import APPLICATION_PROCEDURE
from aksu_licensing.licences.machine import LICENCE_MACHINE
from aksu_shared.auth.permissions import Rights
from aksu_shared.events.licensing.applications import ApplicationState
from aksu_shared.kernel.codelists import CODELISTS
from aksu_shared.kernel.errors import IllegalTransition
from aksu_shared.kernel.machine import SYSTEM, Machine
from aksu_shared.procedures.steps import Offer

MACHINES = [APPLICATION_MACHINE, LICENCE_MACHINE]


def walk(machine: Machine, *names: str) -> str:
    state = machine.initial
    for name in names:
        state = machine.leads(state, name).target
    return state


REVIEW = ("submit", "register", "start_review")


def test_an_application_is_granted_and_communicated() -> None:
    assert walk(APPLICATION_MACHINE, *REVIEW, "order_site_check", "propose_grant", "grant", "notify") == "NOTIFIED"


def test_a_correction_comes_back_to_review_or_ends_the_procedure() -> None:
    assert walk(APPLICATION_MACHINE, *REVIEW, "request_correction", "correct") == "UNDER_REVIEW"
    assert walk(APPLICATION_MACHINE, *REVIEW, "request_correction", "discontinue") == "DISCONTINUED"


def test_a_refusal_may_be_appealed_and_comes_back_when_annulled() -> None:
    refused = (*REVIEW, "propose_refusal", "refuse", "notify", "appeal")
    assert walk(APPLICATION_MACHINE, *refused, "uphold") == "UPHELD"
    assert walk(APPLICATION_MACHINE, *refused, "annul", "reopen") == "UNDER_REVIEW"


def test_only_a_refusal_is_offered_for_appeal() -> None:
    def offered(decision: str) -> list[str]:
        known: dict[str, Any] = {"state": "NOTIFIED", "decision": decision, "term": None, "term_due": None}
        state = ApplicationState.model_construct(**known)
        offer: Offer[ApplicationState] = Offer(state=state, today=date(2026, 12, 1), actor="somebody")
        return APPLICATION_PROCEDURE.actions(offer, lambda _: True)

    assert offered("REFUSAL") == ["appeal"]
    assert offered("GRANT") == []


def test_nothing_is_decided_that_was_not_proposed() -> None:
    for state in ("UNDER_REVIEW", "SITE_CHECK", "PROPOSED_REFUSAL"):
        with pytest.raises(IllegalTransition):
            APPLICATION_MACHINE.leads(state, "grant")


def test_a_decided_application_cannot_be_withdrawn() -> None:
    for state in ("PROPOSED_GRANT", "GRANTED", "REFUSED", "NOTIFIED"):
        assert "withdraw" not in APPLICATION_MACHINE.legal(state)


def test_proposal_and_decision_are_two_people() -> None:
    assert APPLICATION_MACHINE.leads("PROPOSED_GRANT", "grant").four_eyes == "propose_grant"
    assert APPLICATION_MACHINE.leads("PROPOSED_REFUSAL", "refuse").four_eyes == "propose_refusal"
    assert LICENCE_MACHINE.leads("REVOCATION_PENDING", "revoke").four_eyes == "propose_revocation"


def test_a_licence_is_revoked_finally_or_reinstated_by_the_court() -> None:
    assert walk(LICENCE_MACHINE, "propose_revocation", "revoke", "confirm_revocation") == "REVOKED_FINAL"
    assert walk(LICENCE_MACHINE, "propose_revocation", "revoke", "reinstate", "renew") == "RENEWED"


def test_there_is_no_suspension() -> None:
    assert not any("SUSPEND" in state for state in LICENCE_MACHINE.states)


def test_what_has_ended_stays_ended() -> None:
    final = {state for state in LICENCE_MACHINE.states if LICENCE_MACHINE.is_final(state)}
    assert final == {"REPLACED", "RENEWED", "TERMINATED", "REVOKED_FINAL"}
    assert LICENCE_MACHINE.legal("EXPIRED") == ["renew"]


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_every_transition_names_an_existing_right_a_legal_basis_and_words(machine: Machine) -> None:
    rights = {*Rights.load().actions, SYSTEM}
    for row in machine.transitions:
        assert row.action in rights, row.name
        assert row.legal_basis
        assert row.text.bg
        assert row.text.en
    assert machine.states == CODELISTS[f"{machine.name}_states"]


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
@given(data=st.data())
def test_from_any_reachable_state_the_procedure_can_end(machine: Machine, data: st.DataObject) -> None:
    state = machine.initial
    for _ in range(data.draw(st.integers(0, 12))):
        if legal := machine.legal(state):
            state = machine.leads(state, data.draw(st.sampled_from(legal))).target
    seen, frontier = {state}, [state]
    while frontier:
        here = frontier.pop()
        new = {machine.leads(here, name).target for name in machine.legal(here)} - seen
        seen |= new
        frontier += new
    assert any(machine.is_final(found) for found in seen)
