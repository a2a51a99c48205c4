"""What may become of a licence, as a table of transitions (чл. 146–160 ЗСУ)."""

from typing import Final

from aksu_shared.kernel.codelists import CODELISTS
from aksu_shared.kernel.errors import Text
from aksu_shared.kernel.machine import SYSTEM, Machine, Transition

_LICENSING = "чл. 146–160 ЗСУ"
_REVOCATION = "чл. 158 ЗСУ"

VALIDITY_HAS_ENDED = "validity_has_ended"
"""Guard: today is after the licence's last day."""
NOT_LATER_THAN_LAST_DAY = "not_later_than_last_day"
"""Guard: the licence's last day has not passed."""

_UNDISPUTED = ("ACTIVE", "REINSTATED")
_LIVE: Final = (*_UNDISPUTED, "REVOCATION_PENDING")
"""States in which a licence has effect."""

LICENCE_MACHINE: Final = Machine(
    name="licence",
    initial="ACTIVE",
    states=CODELISTS["licence_states"],
    transitions=(
        Transition(
            name="expire",
            sources=_LIVE,
            target="EXPIRED",
            action=SYSTEM,
            guard=VALIDITY_HAS_ENDED,
            legal_basis=_LICENSING,
            text=Text("Изтичане на срока", "Expire"),
        ),
        Transition(
            name="replace",
            sources=_UNDISPUTED,
            target="REPLACED",
            action="licensing.licence.issue",
            needs=("successor",),
            guard=NOT_LATER_THAN_LAST_DAY,
            legal_basis=_LICENSING,
            text=Text("Заменяне с лиценз с промяна", "Replace by a licence with a change"),
        ),
        Transition(
            name="renew",
            sources=(*_UNDISPUTED, "EXPIRED"),
            target="RENEWED",
            action="licensing.licence.issue",
            needs=("successor",),
            legal_basis=_LICENSING,
            text=Text("Подновяване", "Renew"),
        ),
        Transition(
            name="terminate",
            sources=_UNDISPUTED,
            target="TERMINATED",
            action="licensing.licence.terminate",
            needs=("order_number", "decided_on", "reason"),
            legal_basis=_LICENSING,
            text=Text("Прекратяване по искане", "Terminate on request"),
        ),
        Transition(
            name="propose_revocation",
            sources=_UNDISPUTED,
            target="REVOCATION_PENDING",
            action="licensing.licence.propose_revocation",
            needs=("ground", "reason"),
            legal_basis=_REVOCATION,
            text=Text("Предложение за отнемане", "Propose revocation"),
        ),
        Transition(
            name="drop_revocation",
            sources=("REVOCATION_PENDING",),
            target="ACTIVE",
            action="licensing.licence.revoke",
            needs=("reason",),
            legal_basis=_REVOCATION,
            text=Text("Отказ от отнемане", "Drop the revocation"),
        ),
        Transition(
            name="revoke",
            sources=("REVOCATION_PENDING",),
            target="REVOKED",
            action="licensing.licence.revoke",
            needs=("order_number", "decided_on", "ground"),
            four_eyes="propose_revocation",
            legal_basis=_REVOCATION,
            text=Text("Отнемане", "Revoke"),
        ),
        Transition(
            name="confirm_revocation",
            sources=("REVOKED",),
            target="REVOKED_FINAL",
            action="licensing.licence.record_appeal",
            needs=("in_force_on",),
            legal_basis=_REVOCATION,
            text=Text("Влизане в сила на отнемането", "Revocation becomes final"),
        ),
        Transition(
            name="reinstate",
            sources=("REVOKED",),
            target="REINSTATED",
            action="licensing.licence.record_appeal",
            needs=("court_decision",),
            legal_basis="чл. 173 АПК",
            text=Text("Възстановяване от съда", "Reinstate by the court"),
        ),
    ),
)
