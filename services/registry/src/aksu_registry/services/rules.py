"""What a service is, who may see it and change it, and how its management, operator and financing fit together."""

from collections.abc import Iterable, Mapping
from datetime import date
from hashlib import blake2b
from typing import Any, Final

from aksu_registry.services.errors import (
    AlreadyClosed,
    ClosingOutOfBounds,
    ElsewhereForeign,
    ManagementForeign,
    ManagementMissing,
    NotOperators,
    NotState,
    OperatorForeign,
    OperatorMissing,
    SettlementForeign,
    StartOutOfBounds,
)
from aksu_registry.services.machine import CLOSED
from aksu_shared.events import Scope
from aksu_shared.events.registry.providers import ProviderState
from aksu_shared.events.registry.services import ServiceState
from aksu_shared.events.scope import row_scope
from aksu_shared.kernel import territory
from aksu_shared.kernel.terms import Terms
from aksu_shared.kernel.territory.names import fold

ServiceKey = tuple[str, ...]

_ASSIGNED: Final = frozenset({"ASSIGNED_CONTEST", "ASSIGNED_NEGOTIATION", "PUBLIC_PRIVATE_PARTNERSHIP"})
_WITH_OPERATOR: Final = _ASSIGNED | {"MUNICIPAL_LEGAL_ENTITY"}
_PUBLIC_FORMS: Final = frozenset({"MUNICIPALITY", "STATE", "MUNICIPAL_LEGAL_ENTITY"})
_PUBLIC_MONEY: Final = frozenset({"STATE_DELEGATED", "MUNICIPAL"})
_OPERATORS: Final = frozenset({"name", "activity_groups"})
"""Fields that the operator of an assigned service knows better than the council that created it."""
EARLIEST: Final = "service.earliest_start"
START_AHEAD: Final = "service.start_ahead"
CLOSING_AHEAD: Final = "service.closing_ahead"


def service_key(*, runs: str, place: Iterable[str], kind: str, name: str, target_groups: Iterable[str]) -> ServiceKey:
    """What a service is, however its name is typed: who runs it, where, which kind, under what name and for whom.

    One provider may run day care for children and for adults under two licences in one building. Two that agree in all
    of these are one service, which cannot have two licences at once.
    """
    return runs, *place, kind, fold(name), *sorted(target_groups)


def service_identity(state: ServiceState) -> str:
    """A digest of what a registered service is, 32 hexadecimal digits: two active ones that agree in it are one."""
    key = service_key(
        runs=state.operator_body or state.provider_body,
        place=(str(state.place_id),),
        kind=state.kind,
        name=state.name,
        target_groups=state.target_groups,
    )
    return blake2b("\x1f".join(key).encode(), digest_size=16).hexdigest()


def service_scope(state: ServiceState) -> Scope:
    """Public, of the place's territory, and of the responsible provider and the operator."""
    return row_scope(state.municipality, state.provider_body, state.operator_body, public=True)


def whose(state: ServiceState) -> Mapping[str, Any]:
    """A service as an object of rights: it belongs to the body that answers for it, who provides it takes part."""
    owner = answers_for(state.provider_body, financing=state.financing, municipality=state.municipality)
    parties = tuple(body for body in (state.provider_body, state.operator_body) if body and body != owner)
    return {"territory": state.municipality, "owner": owner, "parties": parties}


def answers_for(provider: str, *, financing: str, municipality: str) -> str:
    """Code of the body that answers for a service (чл. 25, ал. 2, т. 5–6, чл. 111 ЗСУ).

    That is the municipality where it lies when the state or municipal budget pays, whoever provides it; else the
    provider.
    """
    return f"MUNICIPALITY:{municipality}" if financing in _PUBLIC_MONEY else provider


def decides_money(provider: str, *, financing: str, municipality: str) -> str:
    """Code of the body that says a service is paid so, besides the Agency (чл. 41, чл. 49 ЗСУ).

    That is the municipality where public money takes part, so for mixed financing too; else the provider.
    """
    return f"MUNICIPALITY:{municipality}" if financing in {*_PUBLIC_MONEY, "MIXED"} else provider


def is_municipal(owner: str) -> bool:
    """Whether a municipality answers."""
    return owner.startswith("MUNICIPALITY:")


def refuse_operators(fields: Iterable[str]) -> None:
    """Raise NotOperators for fields that who merely runs a service does not amend."""
    if foreign := sorted({*fields} - _OPERATORS):
        raise NotOperators(listed=", ".join(foreign), fields=foreign)


def refuse_closed(state: ServiceState) -> None:
    """Raise AlreadyClosed for a service that ended."""
    if state.state == CLOSED:
        raise AlreadyClosed


def check_service(state: ServiceState, *, responsible: ProviderState) -> None:
    """What holds of a service after every change, whoever makes it: how it is managed, who runs it, who pays, where.

    Raises ManagementMissing, ManagementForeign, OperatorMissing, OperatorForeign, NotState, ElsewhereForeign
    (чл. 30, чл. 33, ал. 3, чл. 41, чл. 71 ЗСУ).
    """
    municipal = responsible.legal_form == "MUNICIPALITY"
    if municipal and state.management is None:
        raise ManagementMissing
    if not municipal and state.management is not None:
        raise ManagementForeign
    has_operator = state.operator_body is not None
    if state.management in _ASSIGNED and not has_operator:
        raise OperatorMissing
    if has_operator and state.management not in _WITH_OPERATOR:
        raise OperatorForeign
    public = responsible.legal_form in _PUBLIC_FORMS and responsible.legal_form_confirmed
    if state.financing in _PUBLIC_MONEY and not public:
        raise NotState(financing=state.financing)
    check_home(state)


def check_home(state: ServiceState) -> None:
    """Raise ElsewhereForeign for a municipality's service that lies in another one."""
    if is_municipal(state.provider_body) and state.provider_body != f"MUNICIPALITY:{state.municipality}":
        raise ElsewhereForeign(provider=state.provider_name, municipality=state.municipality)


def check_settlement(settlement: str, *, municipality: str) -> None:
    """Raise SettlementForeign for a town that is the seat of another municipality alone; villages are not known."""
    known = territory.load()
    elsewhere = known.named_by_town(settlement)
    if elsewhere and municipality not in elsewhere:
        names = ", ".join(known[code].name.bg for code in elsewhere)
        raise SettlementForeign(settlement=settlement, elsewhere=names, municipality=known[municipality].name.bg)


def check_start(day: date | None, *, today: date, terms: Terms) -> None:
    """Raise StartOutOfBounds."""
    earliest, latest = terms.deadline(EARLIEST, today), terms.deadline(START_AHEAD, today)
    if day is not None and not earliest <= day <= latest:
        raise StartOutOfBounds(day=day.isoformat(), earliest=earliest.isoformat(), latest=latest.isoformat())


def check_closing(day: date, *, started_on: date | None, today: date, terms: Terms) -> None:
    """Raise ClosingOutOfBounds."""
    earliest = started_on or terms.deadline(EARLIEST, today)
    latest = terms.deadline(CLOSING_AHEAD, today)
    if not earliest <= day <= latest:
        raise ClosingOutOfBounds(day=day.isoformat(), earliest=earliest.isoformat(), latest=latest.isoformat())
