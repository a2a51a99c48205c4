"""Territory: the nation, planning regions, oblasts and municipalities."""

from typing import Annotated, Literal

from fastapi import Path, Query, Request
from starlette.responses import Response

from aksu_registry.territory.queries import TERRITORIES, TERRITORY_BY_CODE
from aksu_registry.territory.schemas import TerritoryRead
from aksu_shared.auth.dependencies import PrincipalDep, requires
from aksu_shared.kernel.errors import Malformed, NotFound
from aksu_shared.kernel.schemas.codes import Code
from aksu_shared.serving.problems import problems
from aksu_shared.web.api import ApiDep
from aksu_shared.web.reads import PageOf, PageQuery, one_response, page_response
from aksu_shared.web.routing import Router

router = Router(tags=["territory"])


class TerritoryQuery(PageQuery):
    """Filters of the list."""

    level: Annotated[str, Code("territory_levels")] | None = None
    parent: Annotated[str, Query(max_length=20)] | None = None
    sort: Literal["code", "-code", "name_bg", "-name_bg", "population", "-population"] = "code"


@router.get(
    "/territories",
    response_model=PageOf[TerritoryRead],
    responses=problems(Malformed),
    dependencies=[requires("registry.territory.read")],
)
async def list_territories(query: Annotated[TerritoryQuery, Query()], api: ApiDep, principal: PrincipalDep) -> Response:
    """Territories with their Census 2021 figures."""
    return await page_response(api.reads, TERRITORIES, query, principal)


@router.get(
    "/territories/{code}",
    response_model=TerritoryRead,
    responses=problems(Malformed, NotFound),
    dependencies=[requires("registry.territory.read")],
)
async def get_territory(
    code: Annotated[str, Path(max_length=20)], request: Request, api: ApiDep, principal: PrincipalDep
) -> Response:
    """One territory by its code: BG, BG41, BLG, BLG01."""
    return await one_response(api.reads, TERRITORY_BY_CODE, request, principal, code=code)
