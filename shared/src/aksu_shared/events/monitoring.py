"""Facts of monitoring: inspections, findings, prescriptions, signals. Free text stays here, out of every event."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from pydantic import Field

from aksu_shared.events.base import Event, State, group_of_state

_PROVIDERS_TURN: Final = frozenset({"ISSUED", "ACKNOWLEDGED", "TERM_EXTENDED", "UPHELD", "NOT_FULFILLED", "ESCALATED"})
"""States in which a prescription past its `due_on` is overdue: not while its fulfilment is to be verified, nor while
an appeal suspends it (чл. 166, ал. 1 АПК)."""


class InspectionState(State):
    """An inspection of a place; public from its start, the Agency's alone before it.

    Who takes part is in no event. One that the Agency itself conducts has a planned period, an order, a report.
    `flags`: PLACE_UNREGISTERED, NO_LICENCE. `outcome`, `failed_criteria` (results NOT_MET and PARTLY_MET) and
    `prescriptions` (their number) are set when it is closed. `municipality` is unknown while all that is known of the
    place is an id the registry has not told of yet; `address` is public only where the place is registered.
    """

    id: UUID
    source: str
    reference: str
    kind: str
    state: str
    outcome: str | None
    place_id: UUID | None
    service_id: UUID | None
    provider_body: str | None
    municipality: str | None
    settlement: str | None
    address: str | None
    started_on: date | None
    closed_on: date | None
    flags: tuple[str, ...]
    failed_criteria: int | None = None
    prescriptions: int | None = None
    period_since: date | None = None
    period_until: date | None = None
    order_number: str | None = None
    ordered_on: date | None = None
    objections_due: date | None = None
    report_number: str | None = None
    approved_on: date | None = None
    follow_up_due: date | None = None
    follow_up_id: UUID | None = None


class InspectionEvent(Event[InspectionState], aggregate="monitoring.inspection"):
    """About an inspection."""


class InspectionPlanned(InspectionEvent, fact="planned"):
    """The Agency means to make it."""


class InspectionOrdered(InspectionEvent, fact="ordered"):
    """It was ordered: who inspects, what, and when."""


class InspectionStarted(InspectionEvent, fact="started"):
    """Work at the place began."""


class InspectionAdvanced(InspectionEvent, fact="advanced"):
    """It moved to another state: findings drafted, objections awaited, a follow-up required or made."""


class InspectionReportApproved(InspectionEvent, fact="report_approved"):
    """Its report was approved by somebody who did not take part in it."""


class InspectionCancelled(InspectionEvent, fact="cancelled"):
    """It will not be made."""


class InspectionAmended(InspectionEvent, fact="amended"):
    """Its particulars or flags changed."""


class InspectionClosed(InspectionEvent, fact="closed"):
    """It ended with an outcome."""


class FindingState(State):
    """A result for one criterion of a standard, pinned to the catalogue version in force.

    Never public: until the report is approved it may be objected to, afterwards the inspection tells its outcome.
    `number` is its place within the inspection.
    """

    id: UUID
    inspection_id: UUID
    number: int | None = None
    municipality: str | None
    standard: str
    criterion: str | None
    catalogue_version: str
    result: str
    recorded_at: datetime


class FindingEvent(Event[FindingState], aggregate="monitoring.finding"):
    """About a finding."""


class FindingRecorded(FindingEvent, fact="recorded"):
    """A finding was recorded."""


class FindingAmended(FindingEvent, fact="amended"):
    """Its inspection's place became known."""


def _fulfilment_awaited_until(told: Mapping[str, Any]) -> date | None:
    due: date = told["due_on"]
    return due if told["state"] in _PROVIDERS_TURN else None


class PrescriptionState(State):
    """A mandatory prescription with its own term, whose last day is `due_on`.

    `state_group`: OPEN, or SETTLED once its fulfilment is verified or a court annuls it. It is overdue on any day after
    `overdue_after`, and not at all while that is None: the next step is not the provider's.
    """

    id: UUID
    inspection_id: UUID
    reference: str
    municipality: str | None
    place_id: UUID | None
    provider_body: str | None
    state: str
    issued_on: date
    due_on: date
    state_group: str = group_of_state(
        DRAFT=("DRAFT",),
        OPEN=(
            "ISSUED", "ACKNOWLEDGED", "TERM_EXTENDED", "REPORTED_FULFILLED", "NOT_FULFILLED", "ESCALATED", "APPEALED",
            "UPHELD",
        ),
        SETTLED=("VERIFIED_FULFILLED", "ANNULLED"),
    )  # fmt: skip
    overdue_after: date | None = Field(default_factory=_fulfilment_awaited_until)


class PrescriptionEvent(Event[PrescriptionState], aggregate="monitoring.prescription"):
    """About a prescription."""


class PrescriptionIssued(PrescriptionEvent, fact="issued"):
    """It was issued with a term."""


class PrescriptionAdvanced(PrescriptionEvent, fact="advanced"):
    """It moved to another state, with a new term where that was extended."""


class PrescriptionAmended(PrescriptionEvent, fact="amended"):
    """Its inspection's place or provider became known."""


class SignalState(State):
    """A signal or complaint, without a word of who sent it, about whom and what it says: that never leaves monitoring.

    `anonymous`: nobody is named as its sender; `about_person`: somebody is named whom it concerns. `overdue` lists the
    terms that passed before it was forwarded or decided. `forwarded_to` is the body that now deals with it.
    """

    id: UUID
    receipt: str
    channel: str
    category: str
    danger_to_life: bool
    anonymous: bool
    about_person: bool
    municipality: str
    place_id: UUID | None = None
    service_id: UUID | None = None
    state: str
    received_at: datetime
    forwarding_due: date
    decision_due: date
    overdue: tuple[str, ...] = ()
    forwarded_to: str | None = None
    forwarded_on: date | None = None
    decided_on: date | None = None
    refusal_ground: str | None = None
    inspection_id: UUID | None = None


class SignalEvent(Event[SignalState], aggregate="monitoring.signal"):
    """About a signal."""


class SignalReceived(SignalEvent, fact="received"):
    """Somebody signalled."""


class SignalTriaged(SignalEvent, fact="triaged"):
    """It was read: what it is about, and whether a life is in danger."""


class SignalForwarded(SignalEvent, fact="forwarded"):
    """Another body is competent and was given it."""


class SignalDecided(SignalEvent, fact="decided"):
    """An inspection follows, or it was refused with reasons."""


class SignalClosed(SignalEvent, fact="closed"):
    """The inspection that follows it is known."""


class SignalTermPassed(SignalEvent, fact="term_passed"):
    """The last day to forward or to decide it has passed."""
