"""A licence's validity, its number, and the licences that an imported register row states."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from aksu_shared.codelists import ADMINISTRATIVE_SERVICES
from aksu_shared.events.licensing import LicenceState
from aksu_shared.events.registry import RegisterRowState
from aksu_shared.licence_checks import Link, licence_chain
from aksu_shared.licence_numbers import LicenceNumber
from aksu_shared.terms import Terms

LIVE: Final = ("ACTIVE", "REINSTATED", "REVOCATION_PENDING")
"""States in which a licence has effect."""
OF_THE_REGISTER: Final = frozenset({"ACTIVE", "EXPIRED", "REPLACED", "RENEWED"})
"""States that the register's columns can tell; the others are decided by orders and no import changes them."""
SUCCEEDED: Final = frozenset({"REPLACED", "RENEWED"})
"""States of a licence that has a successor, of which an older register file need not know."""

VALIDITY: Final = "licence.validity"
"""Key of the term for which a licence is issued."""

_DAY = timedelta(days=1)
_KINDS = {"original": "ORIGINAL", "changed": "CHANGED", "renewed": "RENEWED"}
_ENDS_AS = {"changed": "REPLACED", "renewed": "RENEWED"}


def number_of(procedure: str, sequence: int, day: date) -> str:
    """The number of a licence issued on `day`: `Л-3129-1325/07.11.2022`."""
    return str(LicenceNumber(service_no=ADMINISTRATIVE_SERVICES[procedure], sequence=sequence, issued_on=day))


def overlap(one: LicenceState, other: LicenceState) -> bool:
    """Whether two licences of one provider, service and place would have effect on the same day."""
    return (
        one.id != other.id
        and one.state in LIVE
        and other.state in LIVE
        and (one.provider_id, one.service_id, one.place_id) == (other.provider_id, other.service_id, other.place_id)
        and one.valid_from <= other.valid_until
        and other.valid_from <= one.valid_until
    )


def validity(kind: str, *, decided_on: date, held: LicenceState | None, terms: Terms) -> tuple[date, date]:
    """First and last day of a licence of `kind` by an order of `decided_on`; `held` is the one it changes or renews.

    An original runs for the term from its order. A renewal runs for the term from the end of its predecessor, or
    from its order when that came later. A change leaves the last day as it is.
    """
    if held is None or kind == "ORIGINAL":
        return decided_on, terms.deadline(VALIDITY, decided_on)
    if kind == "CHANGED":
        return max(decided_on, held.valid_from), held.valid_until
    if decided_on <= held.valid_until:
        return held.valid_until + _DAY, terms.deadline(VALIDITY, held.valid_until)
    return decided_on, terms.deadline(VALIDITY, decided_on)


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
                ended_on=starts[index + 1] - _DAY if successor == "changed" else None,
            )
        )
    return licences


def _first_days(chain: tuple[Link, ...]) -> list[date]:
    days = [chain[0].claim.issued_on]
    for index, link in enumerate(chain[1:]):
        earliest = chain[index].claim.valid_until + _DAY if link.column == "renewed" else days[index]
        days.append(max(link.claim.issued_on, earliest))
    return days
