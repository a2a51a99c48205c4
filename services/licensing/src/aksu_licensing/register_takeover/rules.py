"""The licences that an imported register row states."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from aksu_licensing.licences.rules import DAY
from aksu_licensing.register_takeover.errors import ImportedRowInvalid
from aksu_shared.events.registry.register_import import ImportedLicence, RegisterRowState

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
    """The licences of a row, each the successor of the one before. Raises ImportedRowInvalid.

    A change takes over on the day of its order, a renewal on the day after its predecessor's last one, or on the day
    of its order when that is later.
    """
    chain = _chain(row)
    starts = _first_days(chain)
    licences = []
    for index, (column, claim) in enumerate(chain):
        if claim.valid_until < starts[index]:
            raise ImportedRowInvalid(number=row.number, why=f"the validity of {claim.number} ends before it begins")
        successor = chain[index + 1][0] if index + 1 < len(chain) else None
        expired = claim.valid_until < today
        licences.append(
            Stated(
                kind=_KINDS[column],
                number=claim.number,
                sequence=claim.sequence,
                state=_ENDS_AS[successor] if successor else "EXPIRED" if expired else "ACTIVE",
                issued_on=claim.issued_on,
                valid_from=starts[index],
                valid_until=claim.valid_until,
                ended_on=starts[index + 1] - DAY if successor == "changed" else None,
            )
        )
    return licences


def _chain(row: RegisterRowState) -> list[tuple[str, ImportedLicence]]:
    """Column and licence, from the original to the one that counts, each after the one it replaced.

    Raises ImportedRowInvalid for a licence that replaced none of the row: it would be lost.
    """
    columns = {"original": row.original, "changed": row.changed, "renewed": row.renewed}
    rest = {column: claim for column, claim in columns.items() if claim is not None}
    chain: list[tuple[str, ImportedLicence]] = []
    while rest:
        last = chain[-1][1].number if chain else None
        column = next((column for column, claim in rest.items() if claim.predecessor == last), None)
        if column is None:
            numbers = ", ".join(claim.number for claim in rest.values())
            raise ImportedRowInvalid(number=row.number, why=f"{numbers} follows no licence of the row")
        chain.append((column, rest.pop(column)))
    return chain


def _first_days(chain: Sequence[tuple[str, ImportedLicence]]) -> list[date]:
    days = [chain[0][1].issued_on]
    for index, (column, claim) in enumerate(chain[1:]):
        earliest = chain[index][1].valid_until + DAY if column == "renewed" else days[index]
        days.append(max(claim.issued_on, earliest))
    return days
