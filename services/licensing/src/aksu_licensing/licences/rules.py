"""Rules of a licence: its number, its validity, what a granted application does to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from aksu_shared.events.base import Scope
from aksu_shared.events.licensing.licences import LicenceState
from aksu_shared.events.scope import row_scope
from aksu_shared.kernel.codelists import ADMINISTRATIVE_SERVICES
from aksu_shared.kernel.licence_numbers import LicenceNumber
from aksu_shared.kernel.terms import Terms

VALIDITY: Final = "licence.validity"
"""Key of the term for which a licence is issued."""
SEQUENCE: Final = "licence"
"""The counter of licences: one continuous sequence above the highest imported [assumption]."""
DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What the grant of an application does.

    `fate` is the transition of the licence held, None when none is held; `issues` is the kind of the new licence, None
    when there is none.
    """

    fate: str | None
    issues: str | None


GRANTS: Final = {
    "ISSUE": Grant(fate=None, issues="ORIGINAL"),
    "RENEW": Grant(fate="renew", issues="RENEWED"),
    "CHANGE": Grant(fate="replace", issues="CHANGED"),
    "TERMINATE": Grant(fate="terminate", issues=None),
}
"""Procedure of an application → what its grant does (чл. 149–159 ЗСУ)."""


def number_of(procedure: str, sequence: int, day: date) -> str:
    """The number of a licence issued on `day`: `Л-3129-1325/07.11.2022`."""
    return str(LicenceNumber(service_no=ADMINISTRATIVE_SERVICES[procedure], sequence=sequence, issued_on=day))


def licence_scope(state: LicenceState) -> Scope:
    """Public, of the place's territory and of the holder."""
    return row_scope(state.municipality, state.provider_body, public=True)


def whose(state: LicenceState) -> Mapping[str, Any]:
    """The licence as an object of rights."""
    return {"territory": state.municipality, "owner": state.provider_body}


def is_over(state: LicenceState, today: date) -> bool:
    """Whether the last day of validity has passed."""
    return today > state.valid_until


def overlap(one: LicenceState, other: LicenceState) -> bool:
    """Whether two licences of one provider, service and place would have effect on the same day."""
    return (
        one.id != other.id
        and one.state_group == "LIVE"
        and other.state_group == "LIVE"
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
        return held.valid_until + DAY, terms.deadline(VALIDITY, held.valid_until)
    return decided_on, terms.deadline(VALIDITY, decided_on)
