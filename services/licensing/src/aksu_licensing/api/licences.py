"""Licences: the public register of licensed services, past and present."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Request
from sqlalchemy import BindParameter, Date, and_, bindparam, func, or_, select
from starlette.responses import Response

from aksu_licensing.dependencies import AfterHeader, ApiDep, caught_up
from aksu_licensing.domain.days import expiring_until
from aksu_licensing.factory import Factory, legal_terms
from aksu_licensing.schemas import LicenceRead
from aksu_licensing.storage import LIVE_STATES
from aksu_licensing.tables import LicenceTable as L
from aksu_licensing.tables import ProviderTable as P
from aksu_licensing.tables import ServiceTable as S
from aksu_shared.auth.dependencies import PrincipalDep, requires
from aksu_shared.db.reads import Page
from aksu_shared.db.statement import Statement
from aksu_shared.errors import Malformed, NotFound
from aksu_shared.schemas.codes import Code, MunicipalityCode
from aksu_shared.web.problems import problems
from aksu_shared.web.reads import MAX_PAGE, PageOf, PageQuery, one_response
from aksu_shared.web.routing import Router
from aksu_shared.web.service import Api

router = Router(tags=["licences"])

_TODAY: BindParameter[date] = bindparam("today", type_=Date)
_EXPIRING_UNTIL: BindParameter[date] = bindparam("expiring_until", type_=Date)
_EXPIRING = and_(L.state == LIVE_STATES, L.valid_until >= _TODAY, L.valid_until <= _EXPIRING_UNTIL)
_LAST_DAY = func.coalesce(L.ended_on, L.valid_until)
_COLUMNS = (
    select(
        L.id, L.number, L.sequence, L.state, L.origin, L.kind, L.service_id, L.provider_id, L.provider_body,
        L.provider_name, L.place_id, L.municipality, L.issued_on, L.communicated_on, L.in_force_on, L.valid_from,
        L.valid_until, L.ended_on, L.predecessor_id, L.application_id, L.register_row_id, L.violations,
        P.eik.label("provider_eik"), S.name.label("service_name"), S.kind.label("service_kind"), S.settlement,
        S.address, _EXPIRING.label("expiring"), L.version,
    )
    .join_from(L, S, S.id == L.service_id, isouter=True)
    .join(P, P.id == L.provider_id, isouter=True)
)  # fmt: skip
_OBLAST: BindParameter[str] = bindparam("oblast")
_VALID_ON: BindParameter[date] = bindparam("valid_on", type_=Date)
_LINK = select(L.id, L.predecessor_id).where(L.id == bindparam("chain_of")).cte("chain", recursive=True)
_CHAIN = _LINK.union(
    select(L.id, L.predecessor_id).join(_LINK, or_(L.id == _LINK.c.predecessor_id, L.predecessor_id == _LINK.c.id))
)
_PAGE = Page(
    columns=_COLUMNS,
    filters={
        "municipality": L.municipality == bindparam("municipality"),
        "oblast": L.municipality.between(func.concat(_OBLAST, "00"), func.concat(_OBLAST, "99")),
        "provider_body": L.provider_body == bindparam("provider_body"),
        "service_id": L.service_id == bindparam("service_id"),
        "place_id": L.place_id == bindparam("place_id"),
        "state": L.state == bindparam("state"),
        "number": L.number == bindparam("number"),
        "valid_on": _VALID_ON.between(L.valid_from, _LAST_DAY),
        "expiring_before": and_(L.state == LIVE_STATES, L.valid_until < bindparam("expiring_before")),
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
_ONE = Statement(_COLUMNS.where(L.id == bindparam("id")))
_FRESH_AT = "(SELECT fresh_at FROM source_state WHERE source = 'registry')"
"""How fresh the copy of what the registry tells is: imported licences, names and addresses rest on it."""


class LicenceQuery(PageQuery):
    """Filters of the list. `valid_on` asks which licences had, have or will have effect on a day."""

    municipality: MunicipalityCode | None = None
    oblast: Annotated[str, Query(pattern="^[A-Z]{3}$", examples=["BLG"])] | None = None
    provider_body: Annotated[str, Query(max_length=40, examples=["PROVIDER:130007884"])] | None = None
    service_id: UUID | None = None
    place_id: UUID | None = None
    state: Annotated[str, Code("licence_states")] | None = None
    number: Annotated[str, Query(max_length=60, examples=["Л-3129-1325/07.11.2022"])] | None = None
    valid_on: date | None = None
    expiring_before: date | None = None
    sort: Literal[
        "number", "-number", "issued_on", "-issued_on", "valid_until", "-valid_until", "municipality", "-municipality"
    ] = "number"


def _days(api: Api[Factory]) -> dict[str, Any]:
    today = api.clock.today()
    return {"today": today, "expiring_until": expiring_until(today, legal_terms())}


@router.get(
    "/licences",
    response_model=PageOf[LicenceRead],
    responses=problems(Malformed),
    dependencies=[requires("licensing.licence.read")],
)
async def list_licences(
    query: Annotated[LicenceQuery, Query()], api: ApiDep, principal: PrincipalDep, after: AfterHeader = None
) -> Response:
    """Licences, those in force and those that ended."""
    await caught_up(api, after)
    body = await api.reads.page(
        _PAGE,
        scope=",".join(principal.scope_keys),
        sort=query.sort,
        limit=query.limit,
        cursor=query.cursor,
        fresh_at=_FRESH_AT,
        **query.model_dump(exclude={"limit", "cursor", "sort"}, exclude_none=True),
        **_days(api),
    )
    return Response(body, media_type="application/json")


@router.get(
    "/licences/{licence_id}",
    response_model=LicenceRead,
    responses=problems(NotFound, Malformed),
    dependencies=[requires("licensing.licence.read")],
)
async def get_licence(
    licence_id: UUID, request: Request, api: ApiDep, principal: PrincipalDep, after: AfterHeader = None
) -> Response:
    """One licence."""
    await caught_up(api, after)
    return await one_response(api.reads, _ONE, request, principal, actions=lambda _: [], id=licence_id, **_days(api))


@router.get(
    "/licences/{licence_id}/chain",
    response_model=PageOf[LicenceRead],
    responses=problems(NotFound, Malformed),
    dependencies=[requires("licensing.licence.read")],
)
async def get_licence_chain(
    licence_id: UUID, api: ApiDep, principal: PrincipalDep, after: AfterHeader = None
) -> Response:
    """The licences that replaced or renewed each other, from the original to the last; `licence_id` is any of them."""
    await caught_up(api, after)
    body = await api.reads.page(
        _PAGE,
        scope=",".join(principal.scope_keys),
        sort="issued_on",
        limit=MAX_PAGE,
        fresh_at=_FRESH_AT,
        chain_of=licence_id,
        **_days(api),
    )
    if body.startswith(b'{"items" : []'):
        raise NotFound
    return Response(body, media_type="application/json")
