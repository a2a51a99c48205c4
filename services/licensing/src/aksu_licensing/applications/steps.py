"""The steps of an application's procedure: what each takes, changes, tells, refuses and brings about."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from aksu_licensing.applications.errors import (
    AppealTermPassed,
    ApplicationOpen,
    CorrectionTermRuns,
    CorrectionTermTooShort,
    NotRefused,
)
from aksu_licensing.applications.machine import APPLICATION_MACHINE
from aksu_licensing.applications.rules import (
    APPEAL,
    CORRECTION,
    PROCEDURES,
    appeal_is_late,
    at_rest,
    correction_runs,
    decision_term,
    running,
    term_from,
    whose,
)
from aksu_licensing.applications.schemas import (
    Appeal,
    CorrectionRequest,
    CourtDecision,
    GrantOrder,
    Noted,
    Notification,
    Reasoned,
    RefusalOrder,
    Registration,
    SiteCheckResult,
)
from aksu_licensing.applications.service import ApplicationService
from aksu_licensing.licences.errors import LicenceEnded, LicenceExists, ServiceChanged, ServiceClosed
from aksu_licensing.licences.service import LicenceService
from aksu_licensing.licences.steps import carry_out
from aksu_licensing.registry_copies.errors import ServiceNotKnown
from aksu_shared.db.store import Kept
from aksu_shared.events.licensing.applications import (
    ApplicationAdvanced,
    ApplicationEnded,
    ApplicationGranted,
    ApplicationNotified,
    ApplicationRefused,
    ApplicationRegistered,
    ApplicationState,
    TermPause,
)
from aksu_shared.kernel.days import DayInFuture, DayTooEarly
from aksu_shared.kernel.schemas.base import Command
from aksu_shared.procedures.steps import Case, Changes, Offer, Procedure, Step, words

_Case = Case[ApplicationState]
_Offer = Offer[ApplicationState]


def _register(case: _Case, body: Registration) -> Changes:
    received = case.day(body.received_on, not_before=None)
    clock = {"received_on": received, "clock_since": received}
    return clock | decision_term(case.state.model_copy(update=clock), case.terms)


def _request_correction(case: _Case, body: CorrectionRequest) -> Changes:
    due = body.due_on or case.terms.deadline(CORRECTION, case.today)
    if due <= case.today:
        raise CorrectionTermTooShort(today=case.today.isoformat())
    basis = case.terms.get(CORRECTION, on=case.today).legal_basis
    pauses = (*case.state.pauses, TermPause(since=case.today))
    return running(case.state, CORRECTION, due, basis=basis) | {"pauses": pauses, "decision_due": None}


def _correct(case: _Case, _body: Noted) -> Changes:
    *ended, last = case.state.pauses
    pauses = (*ended, TermPause(since=last.since, until=case.today))
    return {"pauses": pauses} | decision_term(case.state.model_copy(update={"pauses": pauses}), case.terms)


def _discontinue(case: _Case, _body: Reasoned) -> Changes:
    if correction_runs(case.state, case.today):
        raise CorrectionTermRuns(term_due=str(case.state.term_due))
    return at_rest(case.state)


def _propose(case: _Case, _body: Reasoned) -> Changes:
    return {"proposed_by": case.actor}


def _return(_case: _Case, _body: Reasoned) -> Changes:
    return {"proposed_by": None}


def _decide(decision: str) -> Callable[[_Case, GrantOrder], Changes]:
    def decide(case: _Case, body: GrantOrder) -> Changes:
        day = case.day(body.decided_on, not_before=case.state.clock_since)
        order = {"decision": decision, "order_number": body.order_number, "decided_on": day}
        communication = PROCEDURES[case.state.procedure].communication
        return order | term_from(case.state, communication, day, case.terms)

    return decide


def _notify(case: _Case, body: Notification) -> Changes:
    day = case.day(body.notified_on, not_before=case.state.decided_on)
    refused = case.state.decision == "REFUSAL"
    term = term_from(case.state, APPEAL, day, case.terms) if refused else at_rest(case.state)
    return term | {"notified_on": day}


def _appeal(case: _Case, body: Appeal) -> Changes:
    if case.state.decision != "REFUSAL":
        raise NotRefused
    day = case.day(body.appealed_on, not_before=case.state.notified_on)
    if appeal_is_late(case.state, day):
        raise AppealTermPassed(term_due=str(case.state.term_due))
    return at_rest(case.state) | {"appealed_on": day}


def _court(_case: _Case, body: CourtDecision) -> Changes:
    return {"court_decision": body.court_decision}


def _reopen(case: _Case, _body: Noted) -> Changes:
    """The case is decided anew: the term of decision begins again, the refused one's particulars fall away."""
    clock: dict[str, Any] = {"clock_since": case.today, "pauses": ()}
    former = dict.fromkeys(("proposed_by", "decision", "order_number", "decided_on", "notified_on", "appealed_on"))
    return former | clock | decision_term(case.state.model_copy(update=clock), case.terms)


def _end(case: _Case, _body: Noted) -> Changes:
    return at_rest(case.state) | {"decision_due": None}


async def _number(service: ApplicationService, case: _Case, _body: Registration, changes: Changes) -> Changes:
    return {"incoming_number": await service.incoming_number(case.state.procedure, received_on=changes["received_on"])}


async def _carry_out(service: ApplicationService, case: _Case, _body: GrantOrder, changes: Changes) -> Changes:
    granted = case.state.model_copy(update=changes)
    return {"licence_id": await carry_out(LicenceService(service.context), granted)}


async def _communicate(
    service: ApplicationService, _case: _Case, _body: Notification, saved: Kept[ApplicationState]
) -> None:
    state = saved.state
    if state.licence_id and state.notified_on:
        await LicenceService(service.context).communicate(state.licence_id, on=state.notified_on)


async def _check_reopened(service: ApplicationService, case: _Case, _body: Noted, _changes: Changes) -> Changes:
    await service.check_reopened(case.state)
    return {}


def _note(_case: _Case, body: Command) -> Changes:
    return {"note": said} if (said := words(body)) else {}


async def _schedule(service: ApplicationService, case: _Case, saved: Kept[ApplicationState]) -> None:
    if saved.state.term_revision != case.state.term_revision:
        await service.schedule_term(saved.state)


async def _proposer(_service: ApplicationService, case: _Case) -> Mapping[str, Collection[str]]:
    proposers = (case.state.proposed_by,) if case.state.proposed_by else ()
    return {"propose_grant": proposers, "propose_refusal": proposers}


def _by_another(offer: _Offer) -> bool:
    return offer.state.proposed_by != offer.actor


def _correction_is_over(offer: _Offer) -> bool:
    return not correction_runs(offer.state, offer.today)


def _is_appealable(offer: _Offer) -> bool:
    return offer.state.decision == "REFUSAL" and not appeal_is_late(offer.state, offer.today)


_DAYS = (DayInFuture, DayTooEarly)

APPLICATION_PROCEDURE: Final[Procedure[ApplicationState, ApplicationService]] = Procedure(
    machine=APPLICATION_MACHINE,
    whose=whose,
    done_by=_proposer,
    always=_note,
    afterwards=_schedule,
    steps={
        "register": Step(
            fact=ApplicationRegistered,
            body=Registration,
            effect=_register,
            before=_number,
            supplied=frozenset({"incoming_number"}),
            refusals=(DayInFuture,),
        ),
        "start_review": Step(fact=ApplicationAdvanced, body=Noted),
        "request_correction": Step(
            fact=ApplicationAdvanced,
            body=CorrectionRequest,
            effect=_request_correction,
            refusals=(CorrectionTermTooShort,),
        ),
        "correct": Step(fact=ApplicationAdvanced, body=Noted, effect=_correct),
        "discontinue": Step(
            fact=ApplicationEnded,
            body=Reasoned,
            effect=_discontinue,
            refusals=(CorrectionTermRuns,),
            possible=_correction_is_over,
        ),
        "order_site_check": Step(fact=ApplicationAdvanced, body=Noted),
        "complete_site_check": Step(fact=ApplicationAdvanced, body=SiteCheckResult),
        "propose_grant": Step(fact=ApplicationAdvanced, body=Reasoned, effect=_propose),
        "propose_refusal": Step(fact=ApplicationAdvanced, body=Reasoned, effect=_propose),
        "return_proposal": Step(fact=ApplicationAdvanced, body=Reasoned, effect=_return),
        "grant": Step(
            fact=ApplicationGranted,
            body=GrantOrder,
            effect=_decide("GRANT"),
            before=_carry_out,
            refusals=(*_DAYS, ServiceNotKnown, ServiceClosed, ServiceChanged, LicenceExists, LicenceEnded),
            possible=_by_another,
        ),
        "refuse": Step(
            fact=ApplicationRefused,
            body=RefusalOrder,
            effect=_decide("REFUSAL"),
            refusals=_DAYS,
            possible=_by_another,
        ),
        "notify": Step(
            fact=ApplicationNotified,
            body=Notification,
            effect=_notify,
            after=_communicate,
            refusals=_DAYS,
        ),
        "appeal": Step(
            fact=ApplicationAdvanced,
            body=Appeal,
            effect=_appeal,
            refusals=(*_DAYS, NotRefused, AppealTermPassed),
            possible=_is_appealable,
        ),
        "uphold": Step(fact=ApplicationAdvanced, body=CourtDecision, effect=_court),
        "annul": Step(fact=ApplicationAdvanced, body=CourtDecision, effect=_court),
        "reopen": Step(
            fact=ApplicationAdvanced,
            body=Noted,
            effect=_reopen,
            before=_check_reopened,
            refusals=(ServiceNotKnown, ApplicationOpen),
        ),
        "withdraw": Step(fact=ApplicationEnded, body=Noted, effect=_end),
    },
)
"""Transition of an application → its step; `submit` is the filing itself."""
