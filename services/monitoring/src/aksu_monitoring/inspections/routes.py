"""Inspections and their findings."""

from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from aksu_monitoring.dependencies import ApiDep
from aksu_monitoring.domain.inspection import offered
from aksu_monitoring.factory import Factory
from aksu_monitoring.queries import (
    FINDINGS,
    INSPECTION,
    INSPECTION_THERE,
    INSPECTIONS,
    INSPECTIONS_WITH_GROUNDS,
)
from aksu_monitoring.schemas import FindingRead, InspectionDetail, InspectionListed
from aksu_shared.auth.dependencies import PrincipalDep, requires
from aksu_shared.auth.principal import Principal
from aksu_shared.errors import Malformed, NotFound
from aksu_shared.schemas.codes import Code, MunicipalityCode
from aksu_shared.web.problems import problems
from aksu_shared.web.reads import ActionPageQuery, Actions, PageOf, PageQuery, one_response, page_response
from aksu_shared.web.routing import Router
from aksu_shared.web.service import Api

router = Router(tags=["inspections"])


class InspectionQuery(ActionPageQuery):
    """Filters of the list."""

    municipality: MunicipalityCode | None = None
    oblast: Annotated[str, Query(pattern="^[A-Z]{3}$", examples=["BLG"])] | None = None
    kind: Annotated[str, Code("inspection_kinds")] | None = None
    state: Annotated[str, Code("inspection_states")] | None = None
    outcome: Annotated[str, Code("inspection_outcomes")] | None = None
    flag: Annotated[str, Code("inspection_flags")] | None = None
    place_id: UUID | None = None
    source: Annotated[str, Query(max_length=300)] | None = None
    reference: Annotated[str, Query(max_length=200)] | None = None
    sort: Literal["id", "-id", "started_on", "-started_on"] = "-started_on"


class FindingQuery(PageQuery):
    """Pages of an inspection's findings."""

    sort: Literal["number", "-number"] = "number"


@router.get(
    "/inspections",
    response_model=PageOf[InspectionListed],
    responses=problems(Malformed),
    dependencies=[requires("monitoring.inspection.read")],
)
async def list_inspections(
    query: Annotated[InspectionQuery, Query()], api: ApiDep, principal: PrincipalDep
) -> Response:
    """Inspections that have started, newest first."""
    actions = _offered(api, principal)
    page = INSPECTIONS_WITH_GROUNDS if query.include and actions else INSPECTIONS
    return await page_response(api.reads, page, query, principal, actions=actions)


@router.get(
    "/inspections/{inspection_id}",
    response_model=InspectionDetail,
    responses=problems(NotFound, Malformed),
    dependencies=[requires("monitoring.inspection.read")],
)
async def get_inspection(inspection_id: UUID, request: Request, api: ApiDep, principal: PrincipalDep) -> Response:
    """One inspection; to who shows a token, with the steps this caller may take now."""
    actions = _offered(api, principal)
    return await one_response(api.reads, INSPECTION, request, principal, actions=actions, id=inspection_id)


def _offered(api: Api[Factory], principal: Principal) -> Actions | None:
    """What tells the steps that this caller may take now; None for who shows no token."""
    if principal.anonymous:
        return None

    def actions(found: dict[str, Any]) -> list[str]:
        where = {"territory": found["municipality"], "owner": found["provider_body"]}
        inspectors = found["inspectors"] or ()
        may = partial(api.rights.allows, principal, **where)
        return offered(found, may, actor=principal.subject, inspectors=inspectors)

    return actions


@router.get(
    "/inspections/{inspection_id}/findings",
    response_model=PageOf[FindingRead],
    responses=problems(NotFound, Malformed),
    dependencies=[requires("monitoring.inspection.read")],
)
async def list_findings(
    inspection_id: UUID, query: Annotated[FindingQuery, Query()], api: ApiDep, principal: PrincipalDep
) -> Response:
    """An inspection's findings, to the bodies in whose territory it lies and to the provider inspected."""
    scope = ",".join(principal.scope_keys)
    if await api.reads.one(INSPECTION_THERE, scope=scope, id=inspection_id) is None:
        raise NotFound
    body = await api.reads.page(
        FINDINGS, scope=scope, sort=query.sort, limit=query.limit, cursor=query.cursor, inspection_id=inspection_id
    )
    return Response(body, media_type="application/json")
