"""What each transition of an inspection takes, changes, refuses and brings about: one table."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Final, TypeAlias

from aksu_monitoring.inspections.errors import (
    CriteriaFailed,
    InspectionPushed,
    InspectionUnknown,
    NotOfTeam,
    ObjectionsAwaited,
    PrescriptionsOpen,
    TookPart,
)
from aksu_monitoring.inspections.machine import INSPECTION_MACHINE
from aksu_monitoring.inspections.rules import CONDUCT, INSPECTING, inspection_scope, is_pushed, objections_awaited
from aksu_monitoring.inspections.schemas import (
    AnotherFollowUp,
    Approval,
    Closing,
    ClosingWithPrescriptions,
    DraftFindings,
    FollowUp,
    FollowUpMade,
    Objecting,
    Objections,
    Order,
    Reasoned,
    Start,
)
from aksu_monitoring.inspections.service import InspectionService
from aksu_monitoring.places.rules import AGENCY, whose
from aksu_monitoring.prescriptions.errors import TermTooShort
from aksu_shared.db.store import Kept
from aksu_shared.events.monitoring.inspections import (
    InspectionAdvanced,
    InspectionCancelled,
    InspectionClosed,
    InspectionOrdered,
    InspectionReportApproved,
    InspectionStarted,
    InspectionState,
)
from aksu_shared.kernel.days import DayInFuture, DayTooEarly
from aksu_shared.procedures.steps import Case, Changes, Offer, Procedure, Step

_Case: TypeAlias = Case[InspectionState]
_Kept: TypeAlias = Kept[InspectionState]


def _term(case: _Case, due_on: date) -> date:
    """The last day of a term. Raises TermTooShort for one that is over today."""
    if due_on <= case.today:
        raise TermTooShort(today=case.today.isoformat())
    return due_on


def _order(case: _Case, body: Order) -> Changes:
    return {
        "order_number": body.order_number,
        "ordered_on": case.day(body.ordered_on, not_before=None),
        "period_since": body.period.since,
        "period_until": body.period.until,
        "participants": tuple(dict.fromkeys(body.participants)),
    }


async def _appoint(service: InspectionService, case: _Case, body: Order, _kept: _Kept) -> None:
    await service.appoint(case.state.id, body.team, subject=body.subject)


def _start(case: _Case, body: Start) -> Changes:
    return {"started_on": case.day(body.started_on, not_before=case.state.ordered_on)}


async def _place(service: InspectionService, case: _Case, _body: Start, changes: Changes) -> Changes:
    return await service.place(case.state, changes["started_on"])


async def _announce(service: InspectionService, _case: _Case, _body: Start, kept: _Kept) -> None:
    await service.announce(kept.state)


def _deny(case: _Case, _body: Reasoned) -> Changes:
    return {"outcome": "ACCESS_DENIED", "closed_on": case.today, "failed_criteria": 0, "prescriptions": 0}


async def _record(service: InspectionService, _case: _Case, body: DraftFindings, kept: _Kept) -> None:
    await service.record(kept.state, body.findings)


def _await_objections(case: _Case, body: Objections) -> Changes:
    return {"objections_due": _term(case, body.due_on)}


async def _keep_objections(service: InspectionService, _case: _Case, body: Objecting, kept: _Kept) -> None:
    await service.keep_objections(kept.state, body.text)


def _approve(case: _Case, body: Approval) -> Changes:
    if objections_awaited(case.state, today=case.today):
        raise ObjectionsAwaited(objections_due=str(case.state.objections_due))
    return {"report_number": body.report_number, "approved_on": case.today}


async def _check_part(service: InspectionService, case: _Case, _body: Approval, _changes: Changes) -> Changes:
    """Four eyes: besides who drafted the findings, nobody else who inspected approves the report."""
    parts = await service.duties.parts(case.state.id)
    if any(case.actor in subjects for subjects in parts.values()):
        raise TookPart
    return {}


def _may_approve(offer: Offer[InspectionState]) -> bool:
    awaited = objections_awaited(offer.state, today=offer.today)
    return not awaited and offer.actor not in offer.facts["inspectors"]


def _close_clean(case: _Case, _body: Closing) -> Changes:
    return {"outcome": "NO_FINDINGS", "closed_on": case.today, "failed_criteria": 0, "prescriptions": 0}


async def _check_clean(service: InspectionService, case: _Case, _body: Closing, _changes: Changes) -> Changes:
    await service.check_clean(case.state.id)
    return {}


def _prescribe(case: _Case, body: ClosingWithPrescriptions) -> Changes:
    for each in body.prescriptions:
        _term(case, each.due_on)
    return {"outcome": "PRESCRIPTIONS", "closed_on": case.today, "prescriptions": len(body.prescriptions)}


async def _count_failed(
    service: InspectionService, case: _Case, _body: ClosingWithPrescriptions, _changes: Changes
) -> Changes:
    return {"failed_criteria": await service.failed_criteria(case.state.id)}


async def _issue(service: InspectionService, _case: _Case, body: ClosingWithPrescriptions, kept: _Kept) -> None:
    await service.prescribe(kept.state, body.prescriptions)


def _follow_up(case: _Case, body: FollowUp) -> Changes:
    return {"follow_up_due": _term(case, body.due_on)}


def _followed_up(_case: _Case, body: FollowUpMade) -> Changes:
    return {"follow_up_id": body.follow_up_inspection}


async def _check_follow_up(service: InspectionService, case: _Case, body: FollowUpMade, _changes: Changes) -> Changes:
    await service.check_follow_up(case.state.id, body.follow_up_inspection)
    return {}


async def _check_settled(service: InspectionService, case: _Case, _body: Closing, _changes: Changes) -> Changes:
    await service.check_settled(case.state.id)
    return {}


def _nothing_open(offer: Offer[InspectionState]) -> bool:
    return bool(offer.facts["open_prescriptions"] == 0)


def _refuse_pushed(state: InspectionState) -> None:
    if is_pushed(state):
        raise InspectionPushed(source=state.source)


async def _check_team(service: InspectionService, case: _Case) -> None:
    """Who inspects is whom the order names, whatever else inspectors may do."""
    if case.row.action == CONDUCT:
        await service.duties.expect_member(case.state, case.actor)


async def _parts(service: InspectionService, case: _Case) -> Mapping[str, Collection[str]]:
    return await service.duties.parts(case.state.id)


async def _note_part(service: InspectionService, case: _Case, _kept: _Kept) -> None:
    """Who inspects is told apart from who approves."""
    if case.row.name in INSPECTING:
        await service.duties.add(case.state.id, case.row.name, [case.actor], AGENCY)


INSPECTION_STEPS: Final[Procedure[InspectionState, InspectionService]] = Procedure(
    machine=INSPECTION_MACHINE,
    whose=whose,
    scope=inspection_scope,
    admits=_refuse_pushed,
    checks=_check_team,
    refusals=(InspectionPushed, NotOfTeam),
    done_by=_parts,
    afterwards=_note_part,
    steps={
        "order": Step(fact=InspectionOrdered, body=Order, effect=_order, after=_appoint, refusals=(DayInFuture,)),
        "start": Step(
            fact=InspectionStarted,
            body=Start,
            prepare=InspectionService.decide_alone,  # as who amends inspections by their places: before the row's lock
            effect=_start,
            before=_place,
            after=_announce,
            refusals=(DayInFuture, DayTooEarly),
        ),
        "record_access_denied": Step(fact=InspectionClosed, body=Reasoned, effect=_deny),
        "draft_findings": Step(fact=InspectionAdvanced, body=DraftFindings, after=_record),
        "send_for_objections": Step(
            fact=InspectionAdvanced, body=Objections, effect=_await_objections, refusals=(TermTooShort,)
        ),
        "object": Step(fact=InspectionAdvanced, body=Objecting, after=_keep_objections),
        "approve_report": Step(
            fact=InspectionReportApproved,
            body=Approval,
            effect=_approve,
            before=_check_part,
            refusals=(TookPart, ObjectionsAwaited),
            possible=_may_approve,
        ),
        "close_no_findings": Step(
            fact=InspectionClosed,
            body=Closing,
            effect=_close_clean,
            before=_check_clean,
            refusals=(CriteriaFailed,),
        ),
        "close_with_prescriptions": Step(
            fact=InspectionClosed,
            body=ClosingWithPrescriptions,
            effect=_prescribe,
            before=_count_failed,
            after=_issue,
            refusals=(TermTooShort,),
        ),
        "require_follow_up": Step(fact=InspectionAdvanced, body=FollowUp, effect=_follow_up, refusals=(TermTooShort,)),
        "record_follow_up": Step(
            fact=InspectionAdvanced,
            body=FollowUpMade,
            effect=_followed_up,
            before=_check_follow_up,
            refusals=(InspectionUnknown,),
        ),
        "require_another_follow_up": Step(
            fact=InspectionAdvanced, body=AnotherFollowUp, effect=_follow_up, refusals=(TermTooShort,)
        ),
        "close": Step(
            fact=InspectionClosed,
            body=Closing,
            before=_check_settled,
            refusals=(PrescriptionsOpen,),
            possible=_nothing_open,
        ),
        "cancel": Step(fact=InspectionCancelled, body=Reasoned),
    },
)
