"""Licences: the public register of licensed services, past and present."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from aksu_licensing.dependencies import AfterHeader, ApiDep, caught_up
from aksu_licensing.factory import Factory, legal_terms
from aksu_licensing.queries import FRESH_AT, LICENCE, LICENCES
from aksu_licensing.schemas import LicenceRead
from aksu_shared.auth.dependencies import PrincipalDep, requires
from aksu_shared.errors import Malformed, NotFound
from aksu_shared.schemas.codes import Code, MunicipalityCode
from aksu_shared.web.problems import problems
from aksu_shared.web.reads import MAX_PAGE, PageOf, PageQuery, one_response
from aksu_shared.web.routing import Router
from aksu_shared.web.service import Api

router = Router(tags=["licences"])


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
    return {"today": today, "expiring_until": legal_terms().window_reaches("licence.expiring", today)}


@router.get(
    "/licences",
    response_model=PageOf[LicenceRead],
    responses=problems(Malformed),
    dependencies=[requires("licensing.licence.read")],
)
async def list_licences(
    query: Annotated[LicenceQuery, Query()],
    request: Request,
    api: ApiDep,
    principal: PrincipalDep,
    after: AfterHeader = None,
) -> Response:
    """Licences, those in force and those that ended."""
    await caught_up(request, after)
    body = await api.reads.page(
        LICENCES,
        scope=",".join(principal.scope_keys),
        sort=query.sort,
        limit=query.limit,
        cursor=query.cursor,
        fresh_at=FRESH_AT,
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
    await caught_up(request, after)
    return await one_response(api.reads, LICENCE, request, principal, actions=lambda _: [], id=licence_id, **_days(api))


@router.get(
    "/licences/{licence_id}/chain",
    response_model=PageOf[LicenceRead],
    responses=problems(NotFound, Malformed),
    dependencies=[requires("licensing.licence.read")],
)
async def get_licence_chain(
    licence_id: UUID, request: Request, api: ApiDep, principal: PrincipalDep, after: AfterHeader = None
) -> Response:
    """The licences that replaced or renewed each other, from the original to the last; `licence_id` is any of them."""
    await caught_up(request, after)
    body = await api.reads.page(
        LICENCES,
        scope=",".join(principal.scope_keys),
        sort="issued_on",
        limit=MAX_PAGE,
        fresh_at=FRESH_AT,
        chain_of=licence_id,
        **_days(api),
    )
    if body.startswith(b'{"items" : []'):
        raise NotFound
    return Response(body, media_type="application/json")
