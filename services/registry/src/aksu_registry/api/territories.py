"""Territory: the nation, planning regions, oblasts and municipalities."""

from typing import Annotated, Literal

from fastapi import Query, Request
from sqlalchemy import bindparam, select
from starlette.responses import Response

from aksu_registry.dependencies import ApiDep
from aksu_registry.schemas import TerritoryRead
from aksu_registry.tables import TerritoryTable as T
from aksu_shared.auth.dependencies import PrincipalDep, requires
from aksu_shared.db.reads import Page
from aksu_shared.db.statement import Statement
from aksu_shared.errors import Malformed, NotFound
from aksu_shared.schemas.codes import Code
from aksu_shared.web.problems import problems
from aksu_shared.web.reads import PageOf, PageQuery, one_response, page_response
from aksu_shared.web.routing import Router

router = Router(tags=["territory"])

_COLUMNS = select(
    T.code, T.level, T.name_bg, T.name_en, T.parent, T.nuts, T.population, T.age0_14, T.age65plus,
    T.valid_from, T.valid_to, T.version,
)  # fmt: skip
_PAGE = Page(
    columns=_COLUMNS,
    filters={"level": T.level == bindparam("level"), "parent": T.parent == bindparam("parent")},
    sorts={"code": (T.code,), "name_bg": (T.name_bg, T.code), "population": (T.population, T.code)},
)
_ONE = Statement(_COLUMNS.where(T.code == bindparam("code")))


class TerritoryQuery(PageQuery):
    """Filters of the list."""

    level: Annotated[str, Code("territory_levels")] | None = None
    parent: str | None = None
    sort: Literal["code", "-code", "name_bg", "-name_bg", "population", "-population"] = "code"


@router.get(
    "/territories",
    response_model=PageOf[TerritoryRead],
    responses=problems(Malformed),
    dependencies=[requires("registry.territory.read")],
)
async def list_territories(query: Annotated[TerritoryQuery, Query()], api: ApiDep, principal: PrincipalDep) -> Response:
    """Territories with their Census 2021 figures."""
    return await page_response(api.reads, _PAGE, query, principal)


@router.get(
    "/territories/{code}",
    response_model=TerritoryRead,
    responses=problems(NotFound),
    dependencies=[requires("registry.territory.read")],
)
async def get_territory(code: str, request: Request, api: ApiDep, principal: PrincipalDep) -> Response:
    """One territory by its code: BG, BG41, BLG, BLG01."""
    return await one_response(api.reads, _ONE, request, principal, code=code)
