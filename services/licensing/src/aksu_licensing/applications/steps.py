"""The steps of an application's procedure: what each takes, changes, tells, refuses and brings about."""

from collections.abc import Collection, Mapping
from typing import Final

from aksu_licensing.applications import decision, examination
from aksu_licensing.applications.errors import (
    AppealTermPassed,
    ApplicationOpen,
    CorrectionTermRuns,
    CorrectionTermTooShort,
    NotRefused,
    ReceiptTooEarly,
    ReceiptUnconfirmed,
    ReceiptUnexplained,
)
from aksu_licensing.applications.machine import APPLICATION_MACHINE
from aksu_licensing.applications.rules import at_rest, whose
from aksu_licensing.applications.schemas import (
    Appeal,
    CorrectionRequest,
    CourtDecision,
    GrantOrder,
    GrantProposal,
    Noted,
    Notification,
    Reasoned,
    RefusalOrder,
    Registration,
    SiteCheckResult,
)
from aksu_licensing.applications.service import ApplicationService
from aksu_licensing.conditions.errors import ConditionsNotMet, OverrideNeedless
from aksu_licensing.counters.errors import OrderNumberTaken
from aksu_licensing.licences.errors import LicenceEnded, LicenceExists, ServiceChanged, ServiceClosed
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
)
from aksu_shared.kernel.days import DayInFuture, DayTooEarly
from aksu_shared.kernel.schemas.base import Body
from aksu_shared.procedures.steps import Case, Changes, Procedure, Step, words

_Case = Case[ApplicationState]


def _end(case: _Case, _body: Noted) -> Changes:
    return at_rest(case.state) | {"decision_due": None}


def _note(_case: _Case, body: Body) -> Changes:
    return {"note": said} if (said := words(body)) else {}


async def _schedule(service: ApplicationService, case: _Case, saved: Kept[ApplicationState]) -> None:
    if saved.state.term_revision != case.state.term_revision:
        await service.schedule_term(saved.state)


async def _proposer(_service: ApplicationService, case: _Case) -> Mapping[str, Collection[str]]:
    proposers = (case.state.proposed_by,) if case.state.proposed_by else ()
    registrars = (case.state.registered_by,) if case.state.registered_by else ()
    return {"register": registrars, "propose_grant": proposers, "propose_refusal": proposers}


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
            effect=examination.register,
            before=examination.number,
            after=examination.list_conditions,
            supplied=frozenset({"incoming_number"}),
            refusals=(DayInFuture, ReceiptTooEarly, ReceiptUnexplained),
        ),
        "confirm_receipt": Step(
            fact=ApplicationAdvanced,
            body=Noted,
            effect=examination.confirm_receipt,
            possible=examination.receipt_by_another,
        ),
        "reject_receipt": Step(
            fact=ApplicationAdvanced,
            body=Reasoned,
            effect=examination.reject_receipt,
            possible=examination.receipt_by_another,
        ),
        "start_review": Step(
            fact=ApplicationAdvanced,
            body=Noted,
            effect=examination.start_review,
            refusals=(ReceiptUnconfirmed,),
            possible=examination.receipt_is_certain,
        ),
        "request_correction": Step(
            fact=ApplicationAdvanced,
            body=CorrectionRequest,
            effect=examination.request_correction,
            refusals=(CorrectionTermTooShort,),
        ),
        "correct": Step(fact=ApplicationAdvanced, body=Noted, effect=examination.correct),
        "discontinue": Step(
            fact=ApplicationEnded,
            body=Reasoned,
            effect=examination.discontinue,
            refusals=(CorrectionTermRuns,),
            possible=examination.correction_is_over,
        ),
        "order_site_check": Step(fact=ApplicationAdvanced, body=Noted),
        "complete_site_check": Step(fact=ApplicationAdvanced, body=SiteCheckResult),
        "propose_grant": Step(
            fact=ApplicationAdvanced,
            body=GrantProposal,
            effect=decision.propose,
            before=decision.check_overrides,
            refusals=(ConditionsNotMet, OverrideNeedless),
        ),
        "propose_refusal": Step(fact=ApplicationAdvanced, body=Reasoned, effect=decision.propose),
        "return_proposal": Step(fact=ApplicationAdvanced, body=Reasoned, effect=decision.return_proposal),
        "grant": Step(
            fact=ApplicationGranted,
            body=GrantOrder,
            effect=decision.decide("GRANT"),
            before=decision.carry_out,
            refusals=(
                *_DAYS,
                ConditionsNotMet,
                OrderNumberTaken,
                ServiceNotKnown,
                ServiceClosed,
                ServiceChanged,
                LicenceExists,
                LicenceEnded,
            ),
            possible=decision.by_another,
        ),
        "refuse": Step(
            fact=ApplicationRefused,
            body=RefusalOrder,
            effect=decision.decide("REFUSAL"),
            before=decision.take_order,
            refusals=(*_DAYS, OrderNumberTaken),
            possible=decision.by_another,
        ),
        "notify": Step(
            fact=ApplicationNotified,
            body=Notification,
            effect=decision.notify,
            after=decision.communicate,
            refusals=_DAYS,
        ),
        "appeal": Step(
            fact=ApplicationAdvanced,
            body=Appeal,
            effect=decision.appeal,
            refusals=(*_DAYS, NotRefused, AppealTermPassed),
            possible=decision.is_appealable,
        ),
        "uphold": Step(fact=ApplicationAdvanced, body=CourtDecision, effect=decision.court),
        "annul": Step(fact=ApplicationAdvanced, body=CourtDecision, effect=decision.court),
        "reopen": Step(
            fact=ApplicationAdvanced,
            body=Noted,
            effect=decision.reopen,
            before=decision.check_reopened,
            refusals=(ServiceNotKnown, ApplicationOpen),
        ),
        "withdraw": Step(fact=ApplicationEnded, body=Noted, effect=_end),
    },
)
"""Transition of an application → its step; `submit` is the filing itself."""
