"""What becomes of a prescription after its issue, step by step."""

from typing import Final, TypeAlias

from aksu_monitoring.places.rules import whose
from aksu_monitoring.prescriptions.errors import TermNotExtended, TermStillRuns
from aksu_monitoring.prescriptions.machine import PRESCRIPTION_MACHINE
from aksu_monitoring.prescriptions.rules import term_runs
from aksu_monitoring.prescriptions.schemas import (
    Acknowledgement,
    Extension,
    FulfilmentReport,
    NonFulfilment,
    Verification,
)
from aksu_monitoring.prescriptions.service import PrescriptionService
from aksu_shared.db.store import Kept
from aksu_shared.events.monitoring.prescriptions import PrescriptionAdvanced, PrescriptionState
from aksu_shared.procedures.steps import Case, Changes, Offer, Procedure, Step

_Case: TypeAlias = Case[PrescriptionState]


def _extend(case: _Case, body: Extension) -> Changes:
    if body.due_on <= case.state.due_on:
        raise TermNotExtended(due_on=case.state.due_on.isoformat())
    return {"due_on": body.due_on}


def _find_unfulfilled(case: _Case, _body: NonFulfilment) -> Changes:
    if term_runs(case.state, today=case.today):
        raise TermStillRuns(due_on=case.state.due_on.isoformat())
    return {}


def _may_be_unfulfilled(offer: Offer[PrescriptionState]) -> bool:
    return not term_runs(offer.state, today=offer.today)


async def _keep_proof(
    service: PrescriptionService, _case: _Case, body: FulfilmentReport, kept: Kept[PrescriptionState]
) -> None:
    await service.keep_proof(kept.state, body.proof)


PRESCRIPTION_STEPS: Final[Procedure[PrescriptionState, PrescriptionService]] = Procedure(
    machine=PRESCRIPTION_MACHINE,
    whose=whose,
    steps={
        "acknowledge": Step(fact=PrescriptionAdvanced, body=Acknowledgement),
        "report_fulfilled": Step(fact=PrescriptionAdvanced, body=FulfilmentReport, after=_keep_proof),
        "verify": Step(fact=PrescriptionAdvanced, body=Verification),
        "not_fulfilled": Step(
            fact=PrescriptionAdvanced,
            body=NonFulfilment,
            effect=_find_unfulfilled,
            refusals=(TermStillRuns,),
            possible=_may_be_unfulfilled,
        ),
        "extend_term": Step(fact=PrescriptionAdvanced, body=Extension, effect=_extend, refusals=(TermNotExtended,)),
    },
)
"""Issue is no step of its own: the inspection issues them. Escalation and appeal have no step yet."""
