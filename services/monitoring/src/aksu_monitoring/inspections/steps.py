"""What each transition of an inspection changes besides its state: one function per step, in one table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from aksu_monitoring.errors import (
    CriteriaFailed,
    InspectionUnknown,
    PrescriptionsOpen,
    TermTooShort,
    TookPart,
)
from aksu_monitoring.schemas.inspections import (
    AnotherFollowUp,
    Approval,
    Closing,
    ClosingWithPrescriptions,
    DraftFindings,
    FollowUp,
    FollowUpMade,
    Objections,
    Order,
    Reasoned,
    Start,
)
from aksu_shared.errors import RuleBroken
from aksu_shared.events.monitoring import (
    InspectionAdvanced,
    InspectionCancelled,
    InspectionClosed,
    InspectionEvent,
    InspectionOrdered,
    InspectionReportApproved,
    InspectionStarted,
    InspectionState,
)
from aksu_shared.schemas.base import Command
from aksu_shared.terms.machine import SamePerson
from aksu_shared.terms.steps import DayInFuture, DayTooEarly, happened_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a step stands on: the inspection before it, the legal day, how many of its criteria failed."""

    state: InspectionState
    today: date
    failed: int

    def term(self, due_on: date) -> date:
        """The last day of a term. Raises TermTooShort for one that is over today."""
        if due_on <= self.today:
            raise TermTooShort(today=self.today.isoformat())
        return due_on


Changes = dict[str, Any]
Effect = Callable[[Case, Any], Changes]


def _nothing(_case: Case, _body: Command) -> Changes:
    return {}


def _order(case: Case, body: Order) -> Changes:
    return {
        "order_number": body.order_number,
        "ordered_on": happened_on(body.ordered_on, today=case.today, not_before=None),
        "period_since": body.period.since,
        "period_until": body.period.until,
    }


def _start(case: Case, body: Start) -> Changes:
    return {"started_on": happened_on(body.started_on, today=case.today, not_before=case.state.ordered_on)}


def _deny(case: Case, _body: Reasoned) -> Changes:
    return {"outcome": "ACCESS_DENIED", "closed_on": case.today, "failed_criteria": 0, "prescriptions": 0}


def _object(case: Case, body: Objections) -> Changes:
    return {"objections_due": case.term(body.due_on)}


def _approve(case: Case, body: Approval) -> Changes:
    return {"report_number": body.report_number, "approved_on": case.today}


def _close_clean(case: Case, _body: Closing) -> Changes:
    if case.failed:
        raise CriteriaFailed(failed=case.failed)
    return {"outcome": "NO_FINDINGS", "closed_on": case.today, "failed_criteria": 0, "prescriptions": 0}


def _prescribe(case: Case, body: ClosingWithPrescriptions) -> Changes:
    for each in body.prescriptions:
        case.term(each.due_on)
    count = len(body.prescriptions)
    return {
        "outcome": "PRESCRIPTIONS",
        "closed_on": case.today,
        "failed_criteria": case.failed,
        "prescriptions": count,
    }


def _follow_up(case: Case, body: FollowUp) -> Changes:
    return {"follow_up_due": case.term(body.due_on)}


def _followed_up(_case: Case, body: FollowUpMade) -> Changes:
    return {"follow_up_id": body.follow_up_inspection}


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRule:
    """What a transition takes, what it changes, the event it makes, and the rules it may break besides the order."""

    body: type[Command]
    effect: Effect = _nothing
    fact: type[InspectionEvent] = InspectionAdvanced
    refusals: tuple[type[RuleBroken], ...] = ()


STEPS: Final[Mapping[str, StepRule]] = {
    "order": StepRule(body=Order, effect=_order, fact=InspectionOrdered, refusals=(DayInFuture,)),
    "start": StepRule(body=Start, effect=_start, fact=InspectionStarted, refusals=(DayInFuture, DayTooEarly)),
    "record_access_denied": StepRule(body=Reasoned, effect=_deny, fact=InspectionClosed),
    "draft_findings": StepRule(body=DraftFindings),
    "send_for_objections": StepRule(body=Objections, effect=_object, refusals=(TermTooShort,)),
    "approve_report": StepRule(
        body=Approval, effect=_approve, fact=InspectionReportApproved, refusals=(SamePerson, TookPart)
    ),
    "close_no_findings": StepRule(body=Closing, effect=_close_clean, fact=InspectionClosed, refusals=(CriteriaFailed,)),
    "close_with_prescriptions": StepRule(
        body=ClosingWithPrescriptions, effect=_prescribe, fact=InspectionClosed, refusals=(TermTooShort,)
    ),
    "require_follow_up": StepRule(body=FollowUp, effect=_follow_up, refusals=(TermTooShort,)),
    "record_follow_up": StepRule(body=FollowUpMade, effect=_followed_up, refusals=(InspectionUnknown,)),
    "require_another_follow_up": StepRule(body=AnotherFollowUp, effect=_follow_up, refusals=(TermTooShort,)),
    "close": StepRule(body=Closing, fact=InspectionClosed, refusals=(PrescriptionsOpen,)),
    "cancel": StepRule(body=Reasoned, fact=InspectionCancelled),
}
"""Transition of the INSPECTION machine → its step."""
