"""From proposal to court: who proposes and who decides, by which order, and what follows from it."""

from collections.abc import Callable
from datetime import date
from typing import Any

from aksu_licensing.applications.errors import AppealTermPassed, NotRefused
from aksu_licensing.applications.rules import APPEAL, PROCEDURES, appeal_is_late, at_rest, decision_term, term_from
from aksu_licensing.applications.schemas import (
    Appeal,
    CourtDecision,
    GrantOrder,
    GrantProposal,
    Noted,
    Notification,
    Reasoned,
)
from aksu_licensing.applications.service import ApplicationService
from aksu_licensing.licences.service import LicenceService
from aksu_licensing.licences.steps import carry_out as carry_out_grant
from aksu_shared.db.store import Kept
from aksu_shared.events.licensing.applications import ApplicationState
from aksu_shared.procedures.steps import Case, Changes, Offer

_Case = Case[ApplicationState]
_Offer = Offer[ApplicationState]


def propose(case: _Case, _body: Reasoned) -> Changes:
    """Note who proposed and when: another person decides, not on an earlier day."""
    return {"proposed_by": case.actor, "proposed_on": case.today}


async def check_overrides(service: ApplicationService, case: _Case, body: GrantProposal, _changes: Changes) -> Changes:
    """All conditions are met, or named with a reason. Raises ConditionsNotMet, OverrideNeedless."""
    await service.conditions.propose(case.state, {each.condition: each.reason for each in body.overrides})
    return {}


def return_proposal(_case: _Case, _body: Reasoned) -> Changes:
    """Nobody proposes anything any more."""
    return {"proposed_by": None, "proposed_on": None}


def by_another(offer: _Offer) -> bool:
    """Whether another person proposed."""
    return offer.state.proposed_by != offer.actor


def decide(decision: str) -> Callable[[_Case, GrantOrder], Changes]:
    """The effect of an order, not before filing, receipt and proposal.

    It raises DayInFuture, DayTooEarly.
    """

    def decide(case: _Case, body: GrantOrder) -> Changes:
        day = case.day(body.decided_on, not_before=_decidable_from(case.state))
        order = {"decision": decision, "order_number": body.order_number, "decided_on": day}
        communication = PROCEDURES[case.state.procedure].communication
        return order | term_from(case.state, communication, day, case.terms)

    return decide


def _decidable_from(state: ApplicationState) -> date:
    """The first day on which an order may be made: nothing is decided before it was filed, received and proposed."""
    return max(filter(None, (state.filed_on, state.received_on, state.clock_since, state.proposed_on)))


async def take_order(service: ApplicationService, _case: _Case, body: GrantOrder, changes: Changes) -> Changes:
    """Take the number of the order. Raises OrderNumberTaken."""
    await service.take_order(body.order_number, day=changes["decided_on"])
    return {}


async def carry_out(service: ApplicationService, case: _Case, body: GrantOrder, changes: Changes) -> Changes:
    """Do what was applied for, under the number of the order: once its conditions hold today, or were overridden.

    Raises ConditionsNotMet, OrderNumberTaken, and what `licences.steps.carry_out` does.
    """
    await service.conditions.check(case.state)
    await take_order(service, case, body, changes)
    granted = case.state.model_copy(update=changes)
    return {"licence_id": await carry_out_grant(LicenceService(service.context), granted)}


def notify(case: _Case, body: Notification) -> Changes:
    """The applicant was told: of a refusal the term of appeal runs. Raises DayInFuture, DayTooEarly."""
    day = case.day(body.notified_on, not_before=case.state.decided_on)
    refused = case.state.decision == "REFUSAL"
    term = term_from(case.state, APPEAL, day, case.terms) if refused else at_rest(case.state)
    return term | {"notified_on": day}


async def communicate(
    service: ApplicationService, _case: _Case, _body: Notification, saved: Kept[ApplicationState]
) -> None:
    """The holder of the new licence was told with the order."""
    state = saved.state
    if state.licence_id and state.notified_on:
        await LicenceService(service.context).communicate(state.licence_id, on=state.notified_on)


def appeal(case: _Case, body: Appeal) -> Changes:
    """A refusal is appealed in term. Raises NotRefused, AppealTermPassed, DayInFuture, DayTooEarly."""
    if case.state.decision != "REFUSAL":
        raise NotRefused
    day = case.day(body.appealed_on, not_before=case.state.notified_on)
    if appeal_is_late(case.state, day):
        raise AppealTermPassed(term_due=str(case.state.term_due))
    return at_rest(case.state) | {"appealed_on": day}


def is_appealable(offer: _Offer) -> bool:
    """Whether it is a refusal whose term of appeal runs."""
    return offer.state.decision == "REFUSAL" and not appeal_is_late(offer.state, offer.today)


def court(_case: _Case, body: CourtDecision) -> Changes:
    """What the court decided."""
    return {"court_decision": body.court_decision}


def reopen(case: _Case, _body: Noted) -> Changes:
    """The case is decided anew: the term of decision begins again, the refused one's particulars fall away."""
    clock: dict[str, Any] = {"clock_since": case.today, "pauses": ()}
    former = dict.fromkeys(
        ("proposed_by", "proposed_on", "decision", "order_number", "decided_on", "notified_on", "appealed_on")
    )
    return former | clock | decision_term(case.state.model_copy(update=clock), case.terms)


async def check_reopened(service: ApplicationService, case: _Case, _body: Noted, _changes: Changes) -> Changes:
    """Raise ApplicationOpen when the provider has applied anew meanwhile."""
    await service.check_reopened(case.state)
    return {}
