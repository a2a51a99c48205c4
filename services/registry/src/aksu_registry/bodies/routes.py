"""Bodies: the authorities of the three levels, and providers as bodies."""

from typing import Annotated, Literal

from fastapi import Path, Query, Request
from starlette.responses import Response

from aksu_registry.bodies.queries import BODIES, BODY_BY_CODE
from aksu_registry.bodies.schemas import BodyRead
from aksu_shared.auth.dependencies import PrincipalDep, requires
from aksu_shared.kernel.errors import Malformed, NotFound
from aksu_shared.kernel.schemas.codes import Code
from aksu_shared.serving.problems import problems
from aksu_shared.web.api import ApiDep
from aksu_shared.web.reads import PageOf, PageQuery, one_response, page_response
from aksu_shared.web.routing import Router

router = Router(tags=["bodies"])


class BodyQuery(PageQuery):
    """Filters of the list."""

    kind: Annotated[str, Code("body_kinds")] | None = None
    level: Annotated[str, Code("body_levels")] | None = None
    territory: Annotated[str, Query(max_length=20)] | None = None
    sort: Literal["code", "-code", "name_bg", "-name_bg"] = "code"


@router.get(
    "/bodies",
    response_model=PageOf[BodyRead],
    responses=problems(Malformed),
    dependencies=[requires("registry.body.read")],
)
async def list_bodies(query: Annotated[BodyQuery, Query()], api: ApiDep, principal: PrincipalDep) -> Response:
    """Bodies that act on one of the three levels."""
    return await page_response(api.reads, BODIES, query, principal)


@router.get(
    "/bodies/{code}",
    response_model=BodyRead,
    responses=problems(Malformed, NotFound),
    dependencies=[requires("registry.body.read")],
)
async def get_body(
    code: Annotated[str, Path(max_length=40)], request: Request, api: ApiDep, principal: PrincipalDep
) -> Response:
    """One body by its code, e.g. `OBLAST:BLG`."""
    return await one_response(api.reads, BODY_BY_CODE, request, principal, code=code)
