"""From receipt to proposal: who says when an application was received, what is missing, and by when."""

from datetime import date

from aksu_licensing.applications.errors import (
    CorrectionTermRuns,
    CorrectionTermTooShort,
    ReceiptTooEarly,
    ReceiptUnconfirmed,
    ReceiptUnexplained,
)
from aksu_licensing.applications.rules import (
    CORRECTION,
    EARLY_RECEIPT,
    at_rest,
    correction_runs,
    decision_term,
    running,
)
from aksu_licensing.applications.schemas import CorrectionRequest, Noted, Reasoned, Registration
from aksu_licensing.applications.service import ApplicationService
from aksu_shared.db.store import Kept
from aksu_shared.events.licensing.applications import ApplicationState, TermPause
from aksu_shared.procedures.steps import Case, Changes, Offer

_Case = Case[ApplicationState]
_Offer = Offer[ApplicationState]


def register(case: _Case, body: Registration) -> Changes:
    """The term of decision runs from receipt: the day of filing, else one that is explained and lies within bounds.

    Raises DayInFuture, ReceiptTooEarly, ReceiptUnexplained (чл. 150, ал. 1 ЗСУ).
    """
    filed = case.state.filed_on
    received = case.day(body.received_on or filed, not_before=None)
    earliest = case.terms.window_start(EARLY_RECEIPT, filed)
    if received < earliest:
        raise ReceiptTooEarly(earliest=earliest.isoformat(), filed_on=filed.isoformat())
    if received != filed and body.reason is None:
        raise ReceiptUnexplained(filed_on=filed.isoformat())
    by = {"registered_by": case.actor, "receipt_unconfirmed": received != filed}
    return {**by, **_clock_from(case, received)}


def _clock_from(case: _Case, received: date) -> Changes:
    clock = {"received_on": received, "clock_since": received}
    return clock | decision_term(case.state.model_copy(update=clock), case.terms)


async def list_conditions(
    service: ApplicationService, case: _Case, _body: Registration, _saved: Kept[ApplicationState]
) -> None:
    """What must be met before a grant is listed for the examination."""
    await service.conditions.begin(case.state)


def confirm_receipt(_case: _Case, _body: Noted) -> Changes:
    """A second person has seen that the other day is right."""
    return {"receipt_unconfirmed": False}


def reject_receipt(case: _Case, _body: Reasoned) -> Changes:
    """A second person finds the other day wrong: the day of filing holds, and the term of decision runs from it."""
    return {**_clock_from(case, case.state.filed_on), "receipt_unconfirmed": False}


def receipt_by_another(offer: _Offer) -> bool:
    """Whether there is a day to confirm, stated by another person."""
    return offer.state.receipt_unconfirmed and offer.state.registered_by != offer.actor


def receipt_is_certain(offer: _Offer) -> bool:
    """Whether nothing is left to confirm of the receipt."""
    return not offer.state.receipt_unconfirmed


def start_review(case: _Case, _body: Noted) -> Changes:
    """Raise ReceiptUnconfirmed while one person alone has stated the day of receipt."""
    if case.state.receipt_unconfirmed:
        raise ReceiptUnconfirmed(received_on=str(case.state.received_on))
    return {}


def request_correction(case: _Case, body: CorrectionRequest) -> Changes:
    """Ask for what is missing; the term of decision stands still. Raises CorrectionTermTooShort."""
    due = body.due_on or case.terms.deadline(CORRECTION, case.today)
    if due <= case.today:
        raise CorrectionTermTooShort(today=case.today.isoformat())
    basis = case.terms.get(CORRECTION, on=case.today).legal_basis
    pauses = (*case.state.pauses, TermPause(since=case.today))
    return running(case.state, CORRECTION, due, basis=basis) | {"pauses": pauses, "decision_due": None}


def correct(case: _Case, _body: Noted) -> Changes:
    """What was missing is there: the term of decision runs on, without the days of the pause."""
    *ended, last = case.state.pauses
    pauses = (*ended, TermPause(since=last.since, until=case.today))
    return {"pauses": pauses} | decision_term(case.state.model_copy(update={"pauses": pauses}), case.terms)


def discontinue(case: _Case, _body: Reasoned) -> Changes:
    """End what was not corrected in term. Raises CorrectionTermRuns."""
    if correction_runs(case.state, case.today):
        raise CorrectionTermRuns(term_due=str(case.state.term_due))
    return at_rest(case.state)


def correction_is_over(offer: _Offer) -> bool:
    """Whether the term of correction has passed."""
    return not correction_runs(offer.state, offer.today)


async def number(service: ApplicationService, case: _Case, _body: Registration, _changes: Changes) -> Changes:
    """The incoming number."""
    return {"incoming_number": await service.incoming_number(case.state.procedure)}
