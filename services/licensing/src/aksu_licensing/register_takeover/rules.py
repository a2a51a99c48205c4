"""The licences that an imported register row states."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from aksu_licensing.licences.rules import DAY
from aksu_shared.events.registry.register_import import RegisterRowState
from aksu_shared.licence_checks import Link, licence_chain

OF_THE_REGISTER: Final = frozenset({"ACTIVE", "EXPIRED", "REPLACED", "RENEWED"})
"""States that the register's columns can tell; the others are decided by orders and no import changes them."""
SUCCEEDED: Final = frozenset({"REPLACED", "RENEWED"})
"""States of a licence that has a successor, of which an older register file need not know."""

_KINDS = {"original": "ORIGINAL", "changed": "CHANGED", "renewed": "RENEWED"}
_ENDS_AS = {"changed": "REPLACED", "renewed": "RENEWED"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """One licence as a register row states it, with its state on the day of reading."""

    kind: str
    number: str
    sequence: int
    state: str
    issued_on: date
    valid_from: date
    valid_until: date
    ended_on: date | None


def stated(row: RegisterRowState, *, today: date) -> list[Stated]:
    """The licences of a row, each the successor of the one before. The row must have passed `check_licences`.

    A change takes over on the day of its order, a renewal on the day after its predecessor's last one, or on the day
    of its order when that is later.
    """
    chain = licence_chain(row.original, row.changed, row.renewed)
    starts = _first_days(chain)
    licences = []
    for index, link in enumerate(chain):
        successor = chain[index + 1].column if index + 1 < len(chain) else None
        expired = link.claim.valid_until < today
        licences.append(
            Stated(
                kind=_KINDS[link.column],
                number=link.claim.number,
                sequence=link.number.sequence,
                state=_ENDS_AS[successor] if successor else "EXPIRED" if expired else "ACTIVE",
                issued_on=link.claim.issued_on,
                valid_from=starts[index],
                valid_until=link.claim.valid_until,
                ended_on=starts[index + 1] - DAY if successor == "changed" else None,
            )
        )
    return licences


def _first_days(chain: tuple[Link, ...]) -> list[date]:
    days = [chain[0].claim.issued_on]
    for index, link in enumerate(chain[1:]):
        earliest = chain[index].claim.valid_until + DAY if link.column == "renewed" else days[index]
        days.append(max(link.claim.issued_on, earliest))
    return days
