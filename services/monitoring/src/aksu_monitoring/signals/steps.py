"""What each transition of a signal takes, changes, refuses and brings about: one table."""

from collections.abc import Collection, Mapping
from typing import Final, TypeAlias

from aksu_monitoring.inspections.errors import InspectionUnknown
from aksu_monitoring.signals.errors import DangerStands, NamesSender
from aksu_monitoring.signals.machine import SIGNAL_MACHINE
from aksu_monitoring.signals.rules import FORWARDING, missed, signal_scope, whose
from aksu_monitoring.signals.schemas import (
    DangerLowered,
    Forwarding,
    InspectionPlanned,
    Refusal,
    SignalClosing,
    Triage,
)
from aksu_monitoring.signals.service import SignalService
from aksu_shared.db.store import Kept
from aksu_shared.events.monitoring.signals import (
    SignalClosed,
    SignalDangerLowered,
    SignalDecided,
    SignalForwarded,
    SignalState,
    SignalTriaged,
)
from aksu_shared.procedures.steps import Case, Changes, Offer, Procedure, Step

_Case: TypeAlias = Case[SignalState]
_Kept: TypeAlias = Kept[SignalState]


def _triage(case: _Case, body: Triage) -> Changes:
    if case.state.danger_to_life and not body.danger_to_life:
        raise DangerStands
    about_person = case.state.about_person or bool(body.concerned)
    return {"category": body.category, "danger_to_life": body.danger_to_life, "about_person": about_person}


async def _add_concerned(service: SignalService, _case: _Case, body: Triage, kept: _Kept) -> None:
    await service.add_concerned(kept, body.concerned)


def _lower_danger(_case: _Case, _body: DangerLowered) -> Changes:
    return {"danger_to_life": False}


async def _keep_reasons(service: SignalService, _case: _Case, body: DangerLowered, kept: _Kept) -> None:
    await service.add_reasons(kept, body.explanation)


def _dangerous(offer: Offer[SignalState]) -> bool:
    return offer.state.danger_to_life


def _not_dangerous(offer: Offer[SignalState]) -> bool:
    return not offer.state.danger_to_life


async def _done_by(service: SignalService, case: _Case) -> Mapping[str, Collection[str]]:
    return {"triage": await service.store.actors(case.state.id, SignalTriaged)}


def _forward(case: _Case, body: Forwarding) -> Changes:
    late = case.today > case.state.forwarding_due
    overdue = missed(case.state, FORWARDING) if late else case.state.overdue
    return {"forwarded_to": body.body, "forwarded_on": case.today, "overdue": overdue}


async def _check_discreet(service: SignalService, case: _Case, body: Forwarding, _changes: Changes) -> Changes:
    await service.check_discreet(case.state.id, body.text)
    return {}


async def _hand_over(service: SignalService, _case: _Case, body: Forwarding, kept: _Kept) -> None:
    await service.hand_over(kept, body.text)
    await service.conclude(kept.state.id)


def _decide(case: _Case, _body: InspectionPlanned) -> Changes:
    return {"decided_on": case.today}


def _refuse(case: _Case, body: Refusal) -> Changes:
    if case.state.danger_to_life:
        raise DangerStands
    return {"refusal_ground": body.ground, "decided_on": case.today}


async def _add_reasons(service: SignalService, _case: _Case, body: Refusal, kept: _Kept) -> None:
    await service.add_reasons(kept, body.explanation)
    await service.conclude(kept.state.id)


def _close(_case: _Case, body: SignalClosing) -> Changes:
    return {"inspection_id": body.inspection_id}


async def _check_inspection(service: SignalService, _case: _Case, body: SignalClosing, _changes: Changes) -> Changes:
    await service.check_inspection(body.inspection_id)
    return {}


async def _conclude(service: SignalService, _case: _Case, _body: SignalClosing, kept: _Kept) -> None:
    await service.conclude(kept.state.id)


SIGNAL_STEPS: Final[Procedure[SignalState, SignalService]] = Procedure(
    machine=SIGNAL_MACHINE,
    whose=whose,
    scope=signal_scope,
    done_by=_done_by,
    steps={
        "triage": Step(fact=SignalTriaged, body=Triage, effect=_triage, after=_add_concerned, refusals=(DangerStands,)),
        "lower_danger": Step(
            fact=SignalDangerLowered,
            body=DangerLowered,
            effect=_lower_danger,
            after=_keep_reasons,
            possible=_dangerous,
        ),
        "forward": Step(
            fact=SignalForwarded,
            body=Forwarding,
            effect=_forward,
            before=_check_discreet,
            after=_hand_over,
            refusals=(NamesSender,),
        ),
        "plan_inspection": Step(fact=SignalDecided, body=InspectionPlanned, effect=_decide),
        "refuse": Step(
            fact=SignalDecided,
            body=Refusal,
            effect=_refuse,
            after=_add_reasons,
            refusals=(DangerStands,),
            possible=_not_dangerous,
        ),
        "close": Step(
            fact=SignalClosed,
            body=SignalClosing,
            effect=_close,
            before=_check_inspection,
            after=_conclude,
            refusals=(InspectionUnknown,),
        ),
    },
)
