"""What each transition of an application changes besides its state: one function per step, in one table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from aksu_licensing.domain.application import (
    APPEAL,
    CORRECTION,
    appeal_is_late,
    at_rest,
    correction_runs,
    decision_term,
    running,
    term_from,
)
from aksu_licensing.domain.procedures import PROCEDURES
from aksu_licensing.errors import (
    AppealTermPassed,
    CorrectionTermRuns,
    CorrectionTermTooShort,
    NotRefused,
)
from aksu_licensing.schemas import (
    Appeal,
    CorrectionRequest,
    CourtDecision,
    GrantOrder,
    Notification,
    Reasoned,
    RefusalOrder,
    Registration,
    SiteCheckResult,
    Step,
)
from aksu_shared.errors import RuleBroken
from aksu_shared.events.licensing import (
    ApplicationAdvanced,
    ApplicationEnded,
    ApplicationEvent,
    ApplicationGranted,
    ApplicationNotified,
    ApplicationRefused,
    ApplicationRegistered,
    ApplicationState,
    TermPause,
)
from aksu_shared.schemas.base import Command
from aksu_shared.terms import Terms
from aksu_shared.terms.steps import DayInFuture, DayTooEarly, happened_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a step stands on: the application before it, the legal day, the terms, who acts."""

    state: ApplicationState
    today: date
    terms: Terms
    actor: str

    def day(self, given: date | None, *, not_before: date | None) -> date:
        """The day something happened: today unless given. Raises DayInFuture, DayTooEarly."""
        return happened_on(given, today=self.today, not_before=not_before)


Changes = dict[str, Any]
Effect = Callable[[Case, Any], Changes]


def _nothing(_case: Case, _body: Step) -> Changes:
    return {}


def _register(case: Case, body: Registration) -> Changes:
    received = case.day(body.received_on, not_before=None)
    clock = {"received_on": received, "clock_since": received}
    return clock | decision_term(case.state.model_copy(update=clock), case.terms)


def _request_correction(case: Case, body: CorrectionRequest) -> Changes:
    due = body.due_on or case.terms.deadline(CORRECTION, case.today)
    if due <= case.today:
        raise CorrectionTermTooShort(today=case.today.isoformat())
    basis = case.terms.get(CORRECTION, on=case.today).legal_basis
    pauses = (*case.state.pauses, TermPause(since=case.today))
    return running(case.state, CORRECTION, due, basis=basis) | {"pauses": pauses, "decision_due": None}


def _correct(case: Case, _body: Step) -> Changes:
    *ended, last = case.state.pauses
    pauses = (*ended, TermPause(since=last.since, until=case.today))
    return {"pauses": pauses} | decision_term(case.state.model_copy(update={"pauses": pauses}), case.terms)


def _discontinue(case: Case, _body: Reasoned) -> Changes:
    if correction_runs(case.state, case.today):
        raise CorrectionTermRuns(term_due=str(case.state.term_due))
    return at_rest(case.state)


def _propose(case: Case, _body: Reasoned) -> Changes:
    return {"proposed_by": case.actor}


def _return(_case: Case, _body: Reasoned) -> Changes:
    return {"proposed_by": None}


def _decide(decision: str) -> Effect:
    def decide(case: Case, body: GrantOrder) -> Changes:
        day = case.day(body.decided_on, not_before=case.state.clock_since)
        order = {"decision": decision, "order_number": body.order_number, "decided_on": day}
        communication = PROCEDURES[case.state.procedure].communication
        return order | term_from(case.state, communication, day, case.terms)

    return decide


def _notify(case: Case, body: Notification) -> Changes:
    day = case.day(body.notified_on, not_before=case.state.decided_on)
    refused = case.state.decision == "REFUSAL"
    term = term_from(case.state, APPEAL, day, case.terms) if refused else at_rest(case.state)
    return term | {"notified_on": day}


def _appeal(case: Case, body: Appeal) -> Changes:
    if case.state.decision != "REFUSAL":
        raise NotRefused
    day = case.day(body.appealed_on, not_before=case.state.notified_on)
    if appeal_is_late(case.state, day):
        raise AppealTermPassed(term_due=str(case.state.term_due))
    return at_rest(case.state) | {"appealed_on": day}


def _court(_case: Case, body: CourtDecision) -> Changes:
    return {"court_decision": body.court_decision}


def _reopen(case: Case, _body: Step) -> Changes:
    """The case is decided anew: the term of decision begins again, the refused one's particulars fall away."""
    clock: Changes = {"clock_since": case.today, "pauses": ()}
    former = dict.fromkeys(("proposed_by", "decision", "order_number", "decided_on", "notified_on", "appealed_on"))
    return former | clock | decision_term(case.state.model_copy(update=clock), case.terms)


def _end(case: Case, _body: Step) -> Changes:
    return at_rest(case.state) | {"decision_due": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRule:
    """What a transition takes, what it changes, the event it makes, and the rules it may break besides the order."""

    body: type[Command]
    effect: Effect
    fact: type[ApplicationEvent] = ApplicationAdvanced
    refusals: tuple[type[RuleBroken], ...] = ()


_DAYS = (DayInFuture, DayTooEarly)

STEPS: Final[Mapping[str, StepRule]] = {
    "register": StepRule(body=Registration, effect=_register, fact=ApplicationRegistered, refusals=(DayInFuture,)),
    "start_review": StepRule(body=Step, effect=_nothing),
    "request_correction": StepRule(
        body=CorrectionRequest, effect=_request_correction, refusals=(CorrectionTermTooShort,)
    ),
    "correct": StepRule(body=Step, effect=_correct),
    "discontinue": StepRule(body=Reasoned, effect=_discontinue, fact=ApplicationEnded, refusals=(CorrectionTermRuns,)),
    "order_site_check": StepRule(body=Step, effect=_nothing),
    "complete_site_check": StepRule(body=SiteCheckResult, effect=_nothing),
    "propose_grant": StepRule(body=Reasoned, effect=_propose),
    "propose_refusal": StepRule(body=Reasoned, effect=_propose),
    "return_proposal": StepRule(body=Reasoned, effect=_return),
    "grant": StepRule(body=GrantOrder, effect=_decide("GRANT"), fact=ApplicationGranted, refusals=_DAYS),
    "refuse": StepRule(body=RefusalOrder, effect=_decide("REFUSAL"), fact=ApplicationRefused, refusals=_DAYS),
    "notify": StepRule(body=Notification, effect=_notify, fact=ApplicationNotified, refusals=_DAYS),
    "appeal": StepRule(body=Appeal, effect=_appeal, refusals=(*_DAYS, NotRefused, AppealTermPassed)),
    "uphold": StepRule(body=CourtDecision, effect=_court),
    "annul": StepRule(body=CourtDecision, effect=_court),
    "reopen": StepRule(body=Step, effect=_reopen),
    "withdraw": StepRule(body=Step, effect=_end, fact=ApplicationEnded),
}
"""Transition of the APPLICATION machine → its step; `submit` is the filing itself."""

GENERATED: Final = frozenset({"incoming_number"})
"""Needs of a transition that the service supplies."""
