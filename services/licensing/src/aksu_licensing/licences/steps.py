"""How licences are moved on: by the orders that grant applications, and by their last day; never by people directly."""

from datetime import date
from typing import Final
from uuid import UUID

from aksu_licensing.licences.errors import LicenceEnded
from aksu_licensing.licences.machine import LICENCE_MACHINE
from aksu_licensing.licences.rules import DAY, GRANTS, is_over, validity, whose
from aksu_licensing.licences.schemas import Ending
from aksu_licensing.licences.service import LicenceService, check_unchanged
from aksu_shared.events.licensing.applications import ApplicationState
from aksu_shared.events.licensing.licences import (
    LicenceExpired,
    LicenceRenewed,
    LicenceReplaced,
    LicenceState,
    LicenceTerminated,
)
from aksu_shared.procedures.steps import Case, Changes, NoBody, Offer, Procedure, Step, fire


def _end(case: Case[LicenceState], body: Ending) -> Changes:
    if is_over(case.state, body.decided_on):
        raise LicenceEnded(number=case.state.number, valid_until=case.state.valid_until.isoformat())
    return {"ended_on": body.last_day}


def _is_valid(offer: Offer[LicenceState]) -> bool:
    return not is_over(offer.state, offer.today)


def _is_over(offer: Offer[LicenceState]) -> bool:
    return is_over(offer.state, offer.today)


_SUCCESSOR: Final = frozenset({"successor"})
"""`carry_out` issues it in the same unit of work."""

LICENCE_PROCEDURE: Final[Procedure[LicenceState, LicenceService]] = Procedure(
    machine=LICENCE_MACHINE,
    whose=whose,
    steps={
        "renew": Step(fact=LicenceRenewed, body=Ending, supplied=_SUCCESSOR),
        "replace": Step(
            fact=LicenceReplaced,
            body=Ending,
            effect=_end,
            refusals=(LicenceEnded,),
            supplied=_SUCCESSOR,
            possible=_is_valid,
        ),
        "terminate": Step(fact=LicenceTerminated, body=Ending, effect=_end, refusals=(LicenceEnded,)),
        "expire": Step(fact=LicenceExpired, possible=_is_over),
    },
)
"""What a grant and time do to a licence; its revocation has no steps yet."""


async def carry_out(licences: LicenceService, application: ApplicationState) -> UUID | None:
    """Do what a granted application asks for; gives the id of the new licence, if there is one.

    Raises ServiceNotKnown, ServiceClosed, ServiceChanged, LicenceExists, LicenceEnded, IllegalTransition.
    """
    grant, day = GRANTS[application.procedure], application.decided_on
    if day is None:
        msg = f"application {application.id} was not decided"
        raise ValueError(msg)
    service = await licences.known.service(application.service_id)
    if grant.issues is None:
        await _end_held(licences, application, fate=grant.fate, decided_on=day, last_day=day)
        return None
    check_unchanged(service, application)
    held = await licences.store.get(application.held_licence_id) if application.held_licence_id else None
    terms = licences.context.terms
    days = validity(grant.issues, decided_on=day, held=held.state if held else None, terms=terms)
    await _end_held(licences, application, fate=grant.fate, decided_on=day, last_day=days[0] - DAY)
    return await licences.issue(application, kind=grant.issues, issued_on=day, days=days)


async def _end_held(
    licences: LicenceService, application: ApplicationState, *, fate: str | None, decided_on: date, last_day: date
) -> None:
    if application.held_licence_id is None or fate is None:
        return
    ending = Ending(
        order_number=application.order_number, decided_on=decided_on, last_day=last_day, reason=application.request
    )
    await fire(LICENCE_PROCEDURE, licences, application.held_licence_id, fate, ending, by=None)


async def expire(licences: LicenceService, licence_id: UUID) -> None:
    """End a licence whose last day has passed; one renewed, revoked or prolonged meanwhile stays as it is."""
    state = (await licences.store.get(licence_id)).state
    if is_over(state, licences.context.today) and "expire" in LICENCE_MACHINE.legal(state.state):
        await fire(LICENCE_PROCEDURE, licences, licence_id, "expire", NoBody(), by=None)
