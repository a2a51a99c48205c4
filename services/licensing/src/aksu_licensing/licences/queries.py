"""Hot reads of licences: what lists and single resources show, and by what lists are filtered and sorted."""

from datetime import date

from sqlalchemy import BindParameter, Date, Label, Text, and_, bindparam, false, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from aksu_licensing.licences.schemas import LicenceRead
from aksu_licensing.licences.tables import LicenceTable as L
from aksu_licensing.registry_copies.tables import ProviderTable as P
from aksu_licensing.registry_copies.tables import ServiceTable as S
from aksu_shared.db.aggregate import Aggregate, Reading
from aksu_shared.db.reads import Page
from aksu_shared.db.statement import Statement
from aksu_shared.db.tables import table_of
from aksu_shared.events.licensing.licences import LicenceEvent

_TODAY: BindParameter[date] = bindparam("today", type_=Date)
_EXPIRING_UNTIL: BindParameter[date] = bindparam("expiring_until", type_=Date)
_LIVE = L.state_group == "LIVE"
_IN_FORCE = _TODAY.between(L.valid_from, L.effective_until)
_EXPIRING = func.coalesce(and_(_IN_FORCE, _LIVE, L.effective_until <= _EXPIRING_UNTIL), false())


def _of_service(column: InstrumentedAttribute[str], *, name: str) -> Label[str]:
    """What the registry tells of the licence's service.

    A subquery is run for the rows of the page alone, after sorting; a join would be run for all.
    """
    return select(column).where(S.id == L.service_id).scalar_subquery().label(name)


_COLUMNS = select(
    L.id, L.number, L.sequence, L.state, L.state_group, L.origin, L.kind, L.service_id, L.provider_id, L.provider_body,
    L.provider_name, L.place_id, L.municipality, L.issued_on, L.communicated_on, L.in_force_on, L.valid_from,
    L.valid_until, L.ended_on, L.effective_until, L.predecessor_id, L.application_id, L.register_row_id, L.violations,
    select(P.eik).where(P.id == L.provider_id).scalar_subquery().label("provider_eik"),
    _of_service(S.name, name="service_name"), _of_service(S.kind, name="service_kind"),
    _of_service(S.settlement, name="settlement"), _of_service(S.address, name="address"),
    _EXPIRING.label("expiring"), L.version,
)  # fmt: skip
_OBLAST: BindParameter[str] = bindparam("oblast", type_=Text)
_VALID_ON: BindParameter[date] = bindparam("valid_on", type_=Date)
_LINK = select(L.id, L.predecessor_id).where(L.id == bindparam("chain_of")).cte("chain", recursive=True)
_CHAIN = _LINK.union(
    select(L.id, L.predecessor_id).join(_LINK, or_(L.id == _LINK.c.predecessor_id, L.predecessor_id == _LINK.c.id))
)
LICENCES = Page(
    columns=_COLUMNS,
    filters={
        "municipality": L.municipality == bindparam("municipality"),
        "oblast": L.municipality.between(func.concat(_OBLAST, "00"), func.concat(_OBLAST, "99")),
        "provider_body": L.provider_body == bindparam("provider_body"),
        "service_id": L.service_id == bindparam("service_id"),
        "place_id": L.place_id == bindparam("place_id"),
        "state": L.state == bindparam("state"),
        "number": L.number == bindparam("number"),
        "valid_on": _VALID_ON.between(L.valid_from, L.effective_until),
        "expiring_before": and_(_LIVE, L.effective_until < bindparam("expiring_before")),
        "chain_of": L.id.in_(select(_CHAIN.c.id)),
        # Given with every page, for the column `expiring`; they filter nothing.
        "today": _TODAY.is_not(None),
        "expiring_until": _EXPIRING_UNTIL.is_not(None),
    },
    sorts={
        "number": (L.sequence, L.id),
        "issued_on": (L.issued_on, L.sequence, L.id),
        "valid_until": (L.valid_until, L.id),
        "municipality": (L.municipality, L.valid_until, L.id),
    },
)
LICENCE_BY_ID = Statement(_COLUMNS.where(L.id == bindparam("id")))
FRESH_AT = "(SELECT fresh_at FROM source_state WHERE source = 'registry')"
"""How fresh the copy of what the registry tells is: imported licences, names and addresses rest on it."""

LICENCE = Aggregate(
    fact=LicenceEvent,
    table=table_of(L),
    readings=(Reading(LICENCES, LicenceRead), Reading(LICENCE_BY_ID, LicenceRead)),
)
