"""Places where services are provided."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from aksu_registry.places.queries import PLACE_BY_ID, PLACES
from aksu_registry.places.schemas import PlaceRead
from aksu_shared.auth.dependencies import PrincipalDep, requires
from aksu_shared.kernel.errors import Malformed, NotFound
from aksu_shared.kernel.schemas.codes import MunicipalityCode
from aksu_shared.serving.problems import problems
from aksu_shared.web.api import ApiDep
from aksu_shared.web.reads import PageOf, PageQuery, one_response, page_response
from aksu_shared.web.routing import Router

router = Router(tags=["places"])


class PlaceQuery(PageQuery):
    """Filters of the list."""

    municipality: MunicipalityCode | None = None
    settlement: Annotated[str, Query(max_length=200)] | None = None
    sort: Literal["id", "-id", "municipality", "-municipality"] = "id"


@router.get(
    "/places",
    response_model=PageOf[PlaceRead],
    responses=problems(Malformed),
    dependencies=[requires("registry.place.read")],
)
async def list_places(query: Annotated[PlaceQuery, Query()], api: ApiDep, principal: PrincipalDep) -> Response:
    """Places, whoever runs them now."""
    return await page_response(api.reads, PLACES, query, principal)


@router.get(
    "/places/{place_id}",
    response_model=PlaceRead,
    responses=problems(NotFound, Malformed),
    dependencies=[requires("registry.place.read")],
)
async def get_place(place_id: UUID, request: Request, api: ApiDep, principal: PrincipalDep) -> Response:
    """One place."""
    return await one_response(api.reads, PLACE_BY_ID, request, principal, id=place_id)
