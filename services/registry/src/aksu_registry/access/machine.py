"""The states of a request to revoke access as a table of transitions."""

from typing import Final

from aksu_shared.kernel.codelists import CODELISTS
from aksu_shared.kernel.errors import Text
from aksu_shared.kernel.machine import Machine, Transition

REQUESTED: Final = "REQUESTED"
CONFIRMED: Final = "CONFIRMED"
WITHDRAWN: Final = "WITHDRAWN"
_SECURITY: Final = "чл. 32, § 1, б. „б“ и § 4 от Регламент (ЕС) 2016/679"

ACCESS_REQUEST_MACHINE: Final = Machine(
    name="access_request",
    initial=REQUESTED,
    states=CODELISTS["access_request_states"],
    transitions=(
        Transition(
            name="confirm",
            sources=(REQUESTED,),
            target=CONFIRMED,
            action="registry.access_request.confirm",
            legal_basis=_SECURITY,
            text=Text("Потвърждаване на отнемането", "Confirm the revocation"),
        ),
        Transition(
            name="withdraw",
            sources=(REQUESTED,),
            target=WITHDRAWN,
            action="registry.access_request.withdraw",
            needs=("reason",),
            legal_basis=_SECURITY,
            text=Text("Оттегляне на искането", "Withdraw the request"),
        ),
    ),
)
