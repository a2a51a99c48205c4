"""Facts of licensing: applications with their documents and checks, licences. Days are Europe/Sofia."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from pydantic import Field

from aksu_shared.events.base import Event, State, group_of_state


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

    `state_group`: FILED (not registered yet, so that no term runs), PENDING (it awaits a decision), DECIDED (an order
    was made, whatever becomes of it), ENDED (without a decision). It is overdue on any day after `overdue_after`, and
    not at all while that is None: nothing is to be decided, or the term stands still.
    """

    id: UUID
    procedure: str
    state: str
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
    term: str | None = None
    term_due: date | None = None
    term_basis: str | None = None
    term_state: str | None = None
    term_revision: int = 0
    clock_since: date | None = None
    pauses: tuple[TermPause, ...] = ()
    decision_due: date | None = None
    proposed_by: str | None = None
    decision: str | None = None
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


class DocumentState(State):
    """A document of an application. Its name and content are restricted, and in no event. `size` is in bytes."""

    id: UUID
    application_id: UUID
    kind: str
    media_type: str
    size: int
    attached_at: datetime


class DocumentEvent(Event[DocumentState], aggregate="licensing.document"):
    """About a document."""


class DocumentAttached(DocumentEvent, fact="attached"):
    """The applicant, or an officer, attached it."""


class ManagerCheckState(State):
    """That somebody who manages or represents an applicant was looked up in a register.

    Whom and with which result is restricted, and in no event. `checked_by` is a pseudonym.
    """

    id: UUID
    application_id: UUID
    position: str
    source: str
    checked_at: datetime
    checked_by: str


class ManagerCheckEvent(Event[ManagerCheckState], aggregate="licensing.manager_check"):
    """About the check of a person."""


class ManagerCheckRecorded(ManagerCheckEvent, fact="recorded"):
    """A licensing officer recorded it."""


_ENDED_BY_ORDER: Final = frozenset({"TERMINATED", "REVOKED", "REVOKED_FINAL"})


def _last_day_of_effect(told: Mapping[str, Any]) -> date | None:
    last, ended_on = told["valid_until"], told["ended_on"]
    if ended_on is not None:
        last = min(last, ended_on)
    elif told["state"] in _ENDED_BY_ORDER:  # on a day that nobody told: nothing is presumed
        return None
    return last if last >= told["valid_from"] else None


class LicenceState(State):
    """A licence for one service; number `Л-<service no>-<seq>/<dd.mm.yyyy>`.

    `valid_from` and `valid_until` are its first and last day as written; `ended_on` is the last day it really had
    effect when something ended it earlier (a change, an order). `issued_on` is the day of the order, `communicated_on`
    that of its communication, `in_force_on` the first day of its effect. `origin` is ISSUED or IMPORTED, `kind`
    ORIGINAL, CHANGED or RENEWED; `register_row_id` names the imported register row it stands in.

    `state_group`: LIVE (it runs to its last day), SUCCEEDED (another licence takes over), ENDED. It is in force from
    `valid_from` to `effective_until`, its last day of effect whatever ended it; None: it had none, or an order ended
    it on a day that is not known.
    """

    id: UUID
    number: str
    sequence: int
    state: str
    origin: str
    kind: str
    service_id: UUID
    provider_id: UUID
    provider_body: str
    provider_name: str
    place_id: UUID
    municipality: str
    issued_on: date
    communicated_on: date | None = None
    in_force_on: date | None = None
    valid_from: date
    valid_until: date
    ended_on: date | None = None
    predecessor_id: UUID | None = None
    application_id: UUID | None = None
    register_row_id: UUID | None = None
    violations: str | None = None
    state_group: str = group_of_state(
        LIVE=("ACTIVE", "REINSTATED", "REVOCATION_PENDING"),
        SUCCEEDED=("REPLACED", "RENEWED"),
        ENDED=("EXPIRED", "TERMINATED", "REVOKED", "REVOKED_FINAL"),
    )
    effective_until: date | None = Field(default_factory=_last_day_of_effect)


class LicenceEvent(Event[LicenceState], aggregate="licensing.licence"):
    """About a licence."""


class LicenceIssued(LicenceEvent, fact="issued"):
    """Issued on an application."""


class LicenceCommunicated(LicenceEvent, fact="communicated"):
    """Its order was communicated to the holder."""


class LicenceImported(LicenceEvent, fact="imported"):
    """Taken over from the published register."""


class LicenceAmended(LicenceEvent, fact="amended"):
    """Its particulars were corrected by a later import."""


class LicenceReplaced(LicenceEvent, fact="replaced"):
    """A licence with a change took its place."""


class LicenceRenewed(LicenceEvent, fact="renewed"):
    """Its successor takes over after its last day."""


class LicenceTerminated(LicenceEvent, fact="terminated"):
    """It was terminated at its holder's request."""


class LicenceExpired(LicenceEvent, fact="expired"):
    """Its last day has passed."""
