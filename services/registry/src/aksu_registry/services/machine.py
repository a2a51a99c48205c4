"""The states of a social service as a table of transitions (чл. 57–60 ЗСУ)."""

from typing import Final

from aksu_shared.kernel.codelists import CODELISTS
from aksu_shared.kernel.errors import Text
from aksu_shared.kernel.machine import Machine, Transition

ACTIVE: Final = "ACTIVE"
CLOSED: Final = "CLOSED"

SERVICE_MACHINE: Final = Machine(
    name="service",
    initial=ACTIVE,
    states=CODELISTS["service_states"],
    transitions=(
        Transition(
            name="close",
            sources=(ACTIVE,),
            target=CLOSED,
            action="registry.service.close",
            needs=("closed_on", "reason"),
            legal_basis="чл. 57, ал. 2, чл. 58–60 ЗСУ",
            text=Text("Закриване", "Close"),
        ),
    ),
)
