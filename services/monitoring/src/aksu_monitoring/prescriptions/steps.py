"""What becomes of a prescription from its proposal on, step by step."""

from datetime import date
from typing import Final, TypeAlias

from aksu_monitoring.places.rules import whose
from aksu_monitoring.prescriptions.errors import (
    AdditionalTermTooLong,
    AddresseeUnknown,
    OwnProposal,
    TermExtendedBefore,
    TermNotExtended,
    TermStillRuns,
    TermTooShort,
)
from aksu_monitoring.prescriptions.machine import PRESCRIPTION_MACHINE
from aksu_monitoring.prescriptions.rules import ADDITIONAL_TERM, prescription_scope, term_from_issue, term_runs
from aksu_monitoring.prescriptions.schemas import (
    Acknowledgement,
    Declining,
    Extension,
    FulfilmentReport,
    Issue,
    NonFulfilment,
    Verification,
)
from aksu_monitoring.prescriptions.service import PrescriptionService
from aksu_shared.db.store import Kept
from aksu_shared.events.monitoring.prescriptions import PrescriptionAdvanced, PrescriptionIssued, PrescriptionState
from aksu_shared.procedures.steps import Case, Changes, Offer, Procedure, Step

_Case: TypeAlias = Case[PrescriptionState]
_Kept: TypeAlias = Kept[PrescriptionState]


def _issue(case: _Case, body: Issue) -> Changes:
    if case.state.provider_body is None:
        raise AddresseeUnknown
    due_on: date = body.due_on or term_from_issue(case.state, today=case.today)
    if due_on <= case.today:
        raise TermTooShort(today=case.today.isoformat())
    return {"issued_on": case.today, "due_on": due_on}


async def _by_another(service: PrescriptionService, case: _Case, _body: object, _changes: Changes) -> Changes:
    await service.check_proposal(case.state, case.actor)
    return {}


async def _announce(service: PrescriptionService, _case: _Case, _body: Issue, kept: _Kept) -> None:
    await service.announce(kept.state)


def _extend(case: _Case, body: Extension) -> Changes:
    if case.state.extended_on is not None:
        raise TermExtendedBefore(extended_on=case.state.extended_on.isoformat())
    if body.due_on <= max(case.today, case.state.due_on):
        raise TermNotExtended(today=case.today.isoformat(), due_on=case.state.due_on.isoformat())
    latest = case.terms.deadline(ADDITIONAL_TERM, case.today)
    if body.due_on > latest:
        raise AdditionalTermTooLong(latest=latest.isoformat())
    return {"due_on": body.due_on, "extended_on": case.today}


def _not_extended(offer: Offer[PrescriptionState]) -> bool:
    return offer.state.extended_on is None


def _addressed(offer: Offer[PrescriptionState]) -> bool:
    return offer.state.provider_body is not None


def _find_unfulfilled(case: _Case, _body: NonFulfilment) -> Changes:
    if term_runs(case.state, today=case.today):
        raise TermStillRuns(due_on=case.state.due_on.isoformat())
    return {}


def _may_be_unfulfilled(offer: Offer[PrescriptionState]) -> bool:
    return not term_runs(offer.state, today=offer.today)


async def _keep_proof(service: PrescriptionService, _case: _Case, body: FulfilmentReport, kept: _Kept) -> None:
    await service.keep_proof(kept.state, body.proof)


PRESCRIPTION_STEPS: Final[Procedure[PrescriptionState, PrescriptionService]] = Procedure(
    machine=PRESCRIPTION_MACHINE,
    whose=whose,
    scope=prescription_scope,
    steps={
        "issue": Step(
            fact=PrescriptionIssued,
            body=Issue,
            effect=_issue,
            before=_by_another,
            after=_announce,
            refusals=(AddresseeUnknown, TermTooShort, OwnProposal),
            possible=_addressed,
        ),
        "decline": Step(fact=PrescriptionAdvanced, body=Declining),
        "acknowledge": Step(fact=PrescriptionAdvanced, body=Acknowledgement),
        "report_fulfilled": Step(fact=PrescriptionAdvanced, body=FulfilmentReport, after=_keep_proof),
        "verify": Step(fact=PrescriptionAdvanced, body=Verification, before=_by_another, refusals=(OwnProposal,)),
        "not_fulfilled": Step(
            fact=PrescriptionAdvanced,
            body=NonFulfilment,
            effect=_find_unfulfilled,
            refusals=(TermStillRuns,),
            possible=_may_be_unfulfilled,
        ),
        "extend_term": Step(
            fact=PrescriptionAdvanced,
            body=Extension,
            effect=_extend,
            refusals=(TermExtendedBefore, TermNotExtended, AdditionalTermTooLong),
            possible=_not_extended,
        ),
    },
)
"""The inspection proposes them. Escalation and appeal have no step yet."""
