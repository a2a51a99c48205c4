"""How a service is moved on, and what a caller may do with it."""

from collections.abc import Callable
from typing import Final

from aksu_registry.services.errors import AlreadyClosed, ClosingOutOfBounds
from aksu_registry.services.machine import ACTIVE, SERVICE_MACHINE
from aksu_registry.services.rules import check_closing, refuse_closed, whose
from aksu_registry.services.schemas import Closure
from aksu_registry.services.service import SocialServiceService
from aksu_shared.events.registry.services import ServiceClosed, ServiceState
from aksu_shared.procedures.steps import Case, Changes, Offer, Procedure, Step


def _close(case: Case[ServiceState], closure: Closure) -> Changes:
    check_closing(closure.closed_on, started_on=case.state.started_on, today=case.today, terms=case.terms)
    return {"closed_on": closure.closed_on}


SERVICE_STEPS: Final[Procedure[ServiceState, SocialServiceService]] = Procedure(
    machine=SERVICE_MACHINE,
    whose=whose,
    admits=refuse_closed,
    refusals=(AlreadyClosed,),
    steps={"close": Step(fact=ServiceClosed, body=Closure, effect=_close, refusals=(ClosingOutOfBounds,))},
)


def actions(offer: Offer[ServiceState], may: Callable[[str], bool]) -> list[str]:
    """What a caller with the rights `may` can do with a service now; amending it moves it nowhere."""
    amend = ["amend"] if offer.state.state == ACTIVE and may("registry.service.amend") else []
    return [*amend, *SERVICE_STEPS.actions(offer, may)]
