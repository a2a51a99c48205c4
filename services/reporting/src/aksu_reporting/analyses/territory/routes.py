"""Analysis of a territory: the nation, a planning region, an oblast or a municipality."""

import json
from typing import Annotated

from fastapi import Path, Query, Request
from starlette.responses import Response

from aksu_reporting.analyses.territory.queries import children_summary, territory_summary
from aksu_reporting.analyses.territory.schemas import ChildrenQuery, ChildrenSummary, ChildSummary, TerritorySummary
from aksu_shared.auth.dependencies import PrincipalDep, requires
from aksu_shared.kernel.errors import Malformed, NotFound
from aksu_shared.serving.problems import problems
from aksu_shared.web.api import AfterHeader, ApiDep, caught_up
from aksu_shared.web.export import CSV, EXPORTED, JSON, NDJSON, export_response, wanted
from aksu_shared.web.routing import Router

router = Router(tags=["territory"])

Code = Annotated[
    str, Path(max_length=20, description="`BG`, a region (`BG41`), an oblast (`BLG`) or a municipality (`BLG01`)")
]


@router.get(
    "/territory/{code}/summary",
    response_model=TerritorySummary,
    responses=problems(NotFound, Malformed),
    dependencies=[requires("reporting.summary.read")],
)
async def get_summary(
    code: Code, request: Request, api: ApiDep, principal: PrincipalDep, after: AfterHeader = None
) -> Response:
    """Population, providers, services and places, licences, inspections, flags and prescriptions of a territory.

    Over the rows the caller may see, as of the legal day. With `Aksu-After` it includes the change named there.
    """
    await caught_up(request, after)
    scope = ",".join(principal.scope_keys)
    body = await territory_summary(api.reads, code, scope=scope, today=api.clock.today())
    return Response(body, media_type=JSON, headers={"Vary": "Authorization"})


@router.get(
    "/territory/{code}/children/summary",
    response_model=ChildrenSummary,
    responses=problems(NotFound, Malformed) | EXPORTED,
    dependencies=[requires("reporting.summary.read")],
)
async def list_children(
    code: Code,
    *,
    query: Annotated[ChildrenQuery, Query()],
    request: Request,
    api: ApiDep,
    principal: PrincipalDep,
    after: AfterHeader = None,
) -> Response:
    """Headline figures of every territory inside another, for tables and maps: all on one page, or as a file."""
    await caught_up(request, after)
    scope = ",".join(principal.scope_keys)
    body = await children_summary(
        api.reads, code, level=query.level, sort=query.sort, scope=scope, today=api.clock.today()
    )
    media = wanted(request, JSON, CSV, NDJSON)
    if media == JSON:
        return Response(body, media_type=JSON, headers={"Vary": "Accept, Authorization"})
    items = json.loads(body)["items"]
    lines = "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items).encode()
    return export_response(lines, media, columns=[*ChildSummary.model_fields], name=f"territories-{code}")
