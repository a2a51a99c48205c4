"""Facts of applications in the licensing procedures."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from aksu_shared.events.base import Event, State, group_of_state
from aksu_shared.kernel.schemas.codes import CodeOf


class TermPause(State):
    """Days on which the term of decision does not run: from `since`, up to and without `until`; open while None."""

    since: date
    until: date | None = None


def _decision_awaited_until(told: Mapping[str, Any]) -> date | None:
    due: date | None = told["decision_due"]
    return due if told["state_group"] == "PENDING" else None


class ApplicationState(State):
    """An application in one of the licensing procedures (чл. 149–159 ЗСУ).

    `term` is the key of the legal term that runs now, `term_due` its last day, `term_basis` its legal basis,
    `term_state` RUNNING, APPROACHING or PASSED; a pause or an extension makes a new `term_revision`. `decision_due` is
    None while the term of decision stands still. `held_licence_id` is the licence to be renewed, changed or terminated,
    `licence_id` the new one; `changed_on` the day circumstances changed, `late` a change notified after its term.
    `request` holds the applicant's words, `note` those last said in the procedure; no personal data.
    While `receipt_unconfirmed`, the day of receipt is another than that of filing, and only who registered it
    (`registered_by`, a pseudonym) said so. `proposed_on` is the day of the proposal in hand; no order is older.

    `state_group`: FILED (not registered yet, so that no term runs), PENDING (it awaits a decision), DECIDED (an order
    was made, whatever becomes of it), ENDED (without a decision). It is overdue on any day after `overdue_after`, and
    not at all while that is None: nothing is to be decided, or the term stands still.
    """

    id: UUID
    procedure: Annotated[str, CodeOf("application_procedures")]
    state: Annotated[str, CodeOf("application_states")]
    service_id: UUID
    service_name: str
    provider_id: UUID
    provider_body: str
    provider_name: str
    responsible_body: str | None = None
    place_id: UUID
    municipality: str
    settlement: str
    address: str
    filed_on: date
    held_licence_id: UUID | None = None
    changed_on: date | None = None
    late: bool = False
    request: str | None = None
    incoming_number: str | None = None
    received_on: date | None = None
    receipt_unconfirmed: bool = False
    registered_by: str | None = None
    term: str | None = None
    term_due: date | None = None
    term_basis: str | None = None
    term_state: Annotated[str, CodeOf("term_states")] | None = None
    term_revision: int = 0
    clock_since: date | None = None
    pauses: tuple[TermPause, ...] = ()
    decision_due: date | None = None
    proposed_by: str | None = None
    proposed_on: date | None = None
    decision: Annotated[str, CodeOf("application_decisions")] | None = None
    order_number: str | None = None
    decided_on: date | None = None
    notified_on: date | None = None
    appealed_on: date | None = None
    court_decision: str | None = None
    note: str | None = None
    licence_id: UUID | None = None
    state_group: str = group_of_state(
        DRAFT=("DRAFT",),
        FILED=("SUBMITTED",),
        PENDING=(
            "REGISTERED", "UNDER_REVIEW", "AWAITING_CORRECTION", "SITE_CHECK", "PROPOSED_GRANT", "PROPOSED_REFUSAL",
        ),
        DECIDED=("GRANTED", "REFUSED", "NOTIFIED", "APPEALED", "UPHELD", "ANNULLED_RETURNED"),
        ENDED=("WITHDRAWN", "DISCONTINUED"),
    )  # fmt: skip
    overdue_after: date | None = Field(default_factory=_decision_awaited_until)


class ApplicationEvent(Event[ApplicationState], aggregate="licensing.application"):
    """About an application."""


class ApplicationFiled(ApplicationEvent, fact="filed"):
    """The provider submitted it."""


class ApplicationRegistered(ApplicationEvent, fact="registered"):
    """It got its incoming number; the decision term runs (чл. 151, ал. 1)."""


class ApplicationAdvanced(ApplicationEvent, fact="advanced"):
    """It moved to another state of its review."""


class ApplicationGranted(ApplicationEvent, fact="granted"):
    """The executive director's order grants it."""


class ApplicationRefused(ApplicationEvent, fact="refused"):
    """The executive director's order refuses it."""


class ApplicationNotified(ApplicationEvent, fact="notified"):
    """The order was communicated to the applicant (чл. 151, ал. 2)."""


class ApplicationEnded(ApplicationEvent, fact="ended"):
    """It was withdrawn or discontinued without a decision."""


class ApplicationTermApproaching(ApplicationEvent, fact="term_approaching"):
    """The last day of the running term is near."""


class ApplicationTermPassed(ApplicationEvent, fact="term_passed"):
    """The last day of the running term has passed."""
