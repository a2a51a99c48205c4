"""What distinguishes the four licensing procedures: their legal terms, and what a grant does to the licence held."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Procedure:
    """`decision` and `communication` are keys of legal terms; `fate` is the LICENCE transition of the licence held.

    `issues` is the kind of the new licence, None when there is none; `explained`: the application must say why.
    """

    decision: str | None
    communication: str
    fate: str | None
    issues: str | None
    explained: bool = False


PROCEDURES: Final = {
    "ISSUE": Procedure(
        decision="licensing.decision", communication="licensing.communication", fate=None, issues="ORIGINAL"
    ),
    "RENEW": Procedure(
        decision="licensing.renewal_decision",
        communication="licensing.communication",
        fate="renew",
        issues="RENEWED",
    ),
    "CHANGE": Procedure(
        decision="licensing.change_decision",
        communication="licensing.communication",
        fate="replace",
        issues="CHANGED",
        explained=True,
    ),
    "TERMINATE": Procedure(
        decision=None,  # the Act sets no term for the order, only for its communication
        communication="licensing.termination_communication",
        fate="terminate",
        issues=None,
        explained=True,
    ),
}
"""Procedure of an application → its rules (чл. 149–159 ЗСУ)."""
