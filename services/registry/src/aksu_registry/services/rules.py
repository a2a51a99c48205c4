"""What a service is, who may see it and change it, and how its management, operator and financing fit together."""

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any, Final

from aksu_registry.services.errors import (
    AlreadyClosed,
    ManagementForeign,
    ManagementMissing,
    NotState,
    OperatorForeign,
    OperatorMissing,
)
from aksu_registry.services.machine import CLOSED
from aksu_shared.events import Scope
from aksu_shared.events.registry.providers import ProviderState
from aksu_shared.events.registry.services import ServiceState
from aksu_shared.events.scope import row_scope
from aksu_shared.kernel.territory.names import fold

ServiceKey = tuple[str, ...]

_ASSIGNED: Final = frozenset({"ASSIGNED_CONTEST", "ASSIGNED_NEGOTIATION", "PUBLIC_PRIVATE_PARTNERSHIP"})
_WITH_OPERATOR: Final = _ASSIGNED | {"MUNICIPAL_LEGAL_ENTITY"}
_PUBLIC_FORMS: Final = frozenset({"MUNICIPALITY", "STATE", "MUNICIPAL_LEGAL_ENTITY"})
_PUBLIC_MONEY: Final = frozenset({"STATE_DELEGATED", "MUNICIPAL"})


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
    """A service as an object of rights: of the responsible provider, its operator a party."""
    parties = (state.operator_body,) if state.operator_body else ()
    return {"territory": state.municipality, "owner": state.provider_body, "parties": parties}


def refuse_closed(state: ServiceState) -> None:
    """Raise AlreadyClosed for a service that ended."""
    if state.state == CLOSED:
        raise AlreadyClosed


def check_management(*, management: str | None, financing: str, has_operator: bool, responsible: ProviderState) -> None:
    """A municipality says how its service is managed; only an assigned one has an operator (чл. 30, чл. 71 ЗСУ).

    Raises ManagementMissing, ManagementForeign, OperatorMissing, OperatorForeign, NotState.
    """
    municipal = responsible.legal_form == "MUNICIPALITY"
    if municipal and management is None:
        raise ManagementMissing
    if not municipal and management is not None:
        raise ManagementForeign
    if management in _ASSIGNED and not has_operator:
        raise OperatorMissing
    if has_operator and management not in _WITH_OPERATOR:
        raise OperatorForeign
    if financing in _PUBLIC_MONEY and responsible.legal_form not in _PUBLIC_FORMS:
        raise NotState(financing=financing)
