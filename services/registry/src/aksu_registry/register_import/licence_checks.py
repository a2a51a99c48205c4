"""Checks of the licences a register row states: number, days, and how a change or renewal fits its predecessor.

Pure: a dry run gives the same verdict as the import.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Protocol

from aksu_shared.kernel.codelists import ADMINISTRATIVE_SERVICES
from aksu_shared.kernel.licence_numbers import LicenceNumber, parse_number
from aksu_shared.kernel.terms.terms import Terms
from aksu_shared.workbook import CellError, format_day

_LICENSING = "чл. 146–160 ЗСУ"
# Validity is counted from the order or from its communication some days later; the register shows both.
_TOLERANCE = timedelta(days=7)
_PROCEDURE = {"original": "ISSUE", "changed": "CHANGE", "renewed": "RENEW"}


class Claimed(Protocol):
    """A licence as stated: its number `Л-<service no>-<sequence>/<dd.mm.yyyy>`, its first and last day."""

    @property
    def number(self) -> str:
        """The licence's number."""

    @property
    def issued_on(self) -> date:
        """The day of the order."""

    @property
    def valid_until(self) -> date:
        """The last day of validity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One licence in the chain of a service. `column` is original, changed or renewed."""

    column: str
    claim: Claimed
    number: LicenceNumber


def check_licences(
    original: Claimed,
    changed: Claimed | None,
    renewed: Claimed | None,
    *,
    terms: Terms,
    today: date,
) -> list[CellError]:
    """Everything that speaks against the licences of one row; empty when they hold."""
    claims = {"original": original, "changed": changed, "renewed": renewed}
    present = {column: claim for column, claim in claims.items() if claim is not None}
    faults = [
        fault for column, claim in present.items() for fault in _check_one(column, claim, terms=terms, today=today)
    ]
    if faults:
        return faults
    chain = licence_chain(original, changed, renewed)
    faults += _check_validity_of_original(chain[0], terms=terms)
    for predecessor, successor in pairwise(chain):
        if faults:  # what rests on a wrong licence cannot be judged
            break
        check = _check_change if successor.column == "changed" else _check_renewal
        faults = [*_check_order(predecessor, successor), *check(predecessor, successor, terms=terms)]
    return faults


def licence_chain(original: Claimed, changed: Claimed | None, renewed: Claimed | None) -> tuple[Link, ...]:
    """The row's licences in the order in which they replaced each other; the last is the one that counts.

    The 15 columns do not say whether the change or the renewal came first: the days and, on one day, the sequence do.
    Raises `ValueError` when a number cannot be read.
    """
    later = [
        Link(column=column, claim=claim, number=parse_number(claim.number))
        for column, claim in (("changed", changed), ("renewed", renewed))
        if claim is not None
    ]
    later.sort(key=lambda link: (link.number.issued_on, link.number.sequence))
    return Link(column="original", claim=original, number=parse_number(original.number)), *later


def _check_one(column: str, claim: Claimed, *, terms: Terms, today: date) -> Iterator[CellError]:
    try:
        number = parse_number(claim.number)
    except ValueError:
        yield number_format(column)
        return
    expected = ADMINISTRATIVE_SERVICES[_PROCEDURE[column]]
    if number.service_no != expected:
        yield _fault(
            column,
            "licence_service_number",
            f"Номерът на услугата е {number.service_no}, а за тази колона е {expected}.",
            f"The service number is {number.service_no}; in this column it is {expected}.",
        )
    if number.issued_on != claim.issued_on:
        yield _fault(
            column,
            "licence_date_mismatch",
            f"Датата в номера не е датата на издаване {format_day(claim.issued_on)}",
            f"The date in the number is not the day of issue {claim.issued_on}.",
        )
    if claim.issued_on > today:
        yield _fault(
            column, "licence_date_in_future", "Датата на издаване е в бъдещето.", "The day of issue is in the future."
        )
    if claim.issued_on < (first := terms.deadline("licensing.first_day", claim.issued_on)):
        yield _fault(
            column,
            "licence_date_before_act",
            f"Лиценз по ЗСУ не може да е издаден преди {format_day(first)}",
            f"No licence under the Act can have been issued before {first}.",
        )
    if claim.valid_until <= claim.issued_on:
        yield _fault(
            f"{column}_until",
            "licence_ends_before_issue",
            "Валидността изтича преди издаването.",
            "The validity ends before the day of issue.",
        )


def _check_validity_of_original(link: Link, *, terms: Terms) -> Iterator[CellError]:
    end = terms.deadline("licence.validity", link.claim.issued_on)
    if not _near(link.claim.valid_until, end, end):
        yield _validity(link, end)


def _check_order(predecessor: Link, successor: Link) -> Iterator[CellError]:
    if successor.number.issued_on < predecessor.number.issued_on:
        yield _fault(
            successor.column,
            "licence_before_original",
            f"Издаден е преди лиценза {predecessor.number}, на който се основава.",
            f"It was issued before the licence {predecessor.number} on which it rests.",
        )


def _check_change(predecessor: Link, successor: Link, *, terms: Terms) -> Iterator[CellError]:
    """A change leaves the validity as it was, or begins it anew [assumption: the Act says only "a new licence"]."""
    claim = successor.claim
    if claim.issued_on > predecessor.claim.valid_until:
        yield _fault(
            "changed",
            "change_after_validity",
            f"Промяната е след края на валидността {format_day(predecessor.claim.valid_until)}",
            f"The change is later than the end of validity {predecessor.claim.valid_until}.",
        )
    anew = terms.deadline("licence.validity", claim.issued_on)
    unchanged = predecessor.claim.valid_until
    if not (_near(claim.valid_until, unchanged, unchanged) or _near(claim.valid_until, anew, anew)):
        yield _validity(successor, unchanged)


def _check_renewal(predecessor: Link, successor: Link, *, terms: Terms) -> Iterator[CellError]:
    """A renewal is applied for in the last three months and takes over after the predecessor's last day.

    It may be issued after that day: where circumstances have changed, the application has the full term of decision.
    """
    claim, end = successor.claim, predecessor.claim.valid_until
    if claim.issued_on < (earliest := terms.window_start("licensing.renewal_window", end)):
        yield _fault(
            "renewed",
            "renewal_too_early",
            f"Подновяване е допустимо от {format_day(earliest)}",
            f"Renewal is admissible from {earliest}.",
        )
    if claim.issued_on > (latest := terms.deadline("licensing.decision", end)):
        yield _fault(
            "renewed",
            "renewal_too_late",
            f"Подновяването е след {format_day(latest)}, когато лицензът вече е изтекъл.",
            f"The renewal is later than {latest}, when the licence had expired.",
        )
    bounds = sorted(terms.deadline("licence.validity", day) for day in (claim.issued_on, end))
    if not _near(claim.valid_until, *bounds):
        yield _validity(successor, bounds[-1])


def _near(day: date, earliest: date, latest: date) -> bool:
    return earliest - _TOLERANCE <= day <= latest + _TOLERANCE


def _validity(link: Link, expected: date) -> CellError:
    return _fault(
        f"{link.column}_until",
        "licence_validity",
        f"Валидността не отговаря на срока на лиценза; очаква се около {format_day(expected)}",
        f"The validity does not fit the licence's term; about {expected} is expected.",
    )


def number_format(column: str) -> CellError:
    """The fault of a number that cannot be read."""
    return _fault(
        column,
        "licence_number_format",
        "Номерът не е във вида „Л-3129-1325/07.11.2022“.",
        "The number is not of the form 'Л-3129-1325/07.11.2022'.",
    )


def _fault(column: str, code: str, bg: str, en: str) -> CellError:
    return CellError(column=column, code=code, bg=bg, en=en, legal_basis=_LICENSING)
