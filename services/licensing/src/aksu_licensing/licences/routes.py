"""Licences: the public register of licensed services, past and present."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from aksu_licensing.licences.queries import FRESH_AT, LICENCE_BY_ID, LICENCES
from aksu_licensing.licences.schemas import LicenceRead
from aksu_shared.auth.dependencies import PrincipalDep, requires
from aksu_shared.kernel.errors import Malformed, NotFound
from aksu_shared.kernel.schemas.codes import Code, MunicipalityCode
from aksu_shared.procedures.context import legal_terms
from aksu_shared.serving.problems import problems
from aksu_shared.web.api import AfterHeader, Api, ApiDep, caught_up
from aksu_shared.web.reads import MAX_PAGE, PageOf, PageQuery, one_response, page_response
from aksu_shared.web.routing import Router

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


def _no_actions(_found: dict[str, Any]) -> list[str]:
    """Grants and time move a licence on, nobody does it directly."""
    return []


def _days(api: Api) -> dict[str, Any]:
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
    return await page_response(api.reads, LICENCES, query, principal, fresh_at=FRESH_AT, **_days(api))


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
    return await one_response(
        api.reads, LICENCE_BY_ID, request, principal, actions=_no_actions, id=licence_id, **_days(api)
    )


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
