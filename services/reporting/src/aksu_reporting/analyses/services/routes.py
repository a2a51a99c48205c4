"""Services across the registers: each with its licence, last inspection and open prescriptions."""

from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import Query, Request
from pydantic import Field
from starlette.responses import Response

from aksu_reporting.config import SERVICE
from aksu_reporting.dependencies import ApiDep
from aksu_reporting.domain.expiry import expiring_until
from aksu_reporting.queries.services import SERVICES
from aksu_reporting.schemas import ServiceRow
from aksu_shared.auth.dependencies import PrincipalDep, requires
from aksu_shared.errors import FieldError, Malformed
from aksu_shared.schemas.codes import Code, MunicipalityCode
from aksu_shared.web.export import CSV, EXPORTED, JSON, NDJSON, export_response, wanted
from aksu_shared.web.problems import problems
from aksu_shared.web.reads import AfterDep, PageOf, PageQuery, wait_for
from aksu_shared.web.routing import Router

router = Router(tags=["services"])

_FRESH_AT: Final = """
(SELECT CASE WHEN count(fresh_at) = 3 THEN min(fresh_at) END FROM source_state
  WHERE source IN ('registry', 'licensing', 'monitoring'))"""
"""How fresh a row made of three sources is: as fresh as the least fresh of them."""
Sort = Literal[
    "name", "-name", "municipality", "-municipality", "licence_valid_until", "-licence_valid_until",
    "last_inspected_on", "-last_inspected_on", "overdue_prescriptions", "-overdue_prescriptions", "id", "-id",
]  # fmt: skip


class ServiceQuery(PageQuery):
    """Filters of the list."""

    q: Annotated[
        str | None,
        Field(min_length=2, max_length=100, description="part of name, provider, operator, settlement or address"),
    ] = None
    region: Annotated[str | None, Field(pattern="^BG[0-9]{2}$", examples=["BG41"])] = None
    oblast: Annotated[str | None, Field(pattern="^[A-Z]{3}$", examples=["BLG"])] = None
    municipality: MunicipalityCode | None = None
    kind: Annotated[str, Code("service_kinds")] | None = None
    financing: Annotated[str, Code("financing")] | None = None
    state: Annotated[str, Code("service_states")] | None = None
    licence_required: bool | None = None
    licence_state: Annotated[str, Code("licence_states")] | None = None
    licence_in_force: bool | None = None
    expiring: Annotated[bool | None, Field(description="licence in force, not renewed, about to end")] = None
    overdue: Annotated[bool | None, Field(description="an overdue prescription at its place")] = None
    provider_id: Annotated[UUID | None, Field(description="responsible for it or operating it")] = None
    place_id: UUID | None = None
    sort: Sort = "name"


@router.get(
    "/services",
    response_model=PageOf[ServiceRow],
    responses=problems(Malformed) | EXPORTED,
    dependencies=[requires("reporting.service.read")],
)
async def list_services(
    query: Annotated[ServiceQuery, Query()], request: Request, api: ApiDep, principal: PrincipalDep, after: AfterDep
) -> Response:
    """All services as of the legal day; as CSV or NDJSON whole, without `limit` and `cursor`."""
    await wait_for(request, after, own=SERVICE)
    given = query.model_dump(exclude={"limit", "cursor", "sort"}, exclude_none=True)
    today = api.clock.today()
    given |= {"today": today, "expiring_until": expiring_until(today)}
    scope = ",".join(principal.scope_keys)
    media = wanted(request, JSON, CSV, NDJSON)
    if media != JSON:
        _refuse_paging(query)
        lines = await api.reads.lines(SERVICES, scope=scope, sort=query.sort, **given)
        return export_response(lines, media, columns=[*ServiceRow.model_fields], name="services")
    body = await _page(api, query, given, scope)
    return Response(body, media_type=JSON, headers={"Vary": "Accept, Authorization"})


async def _page(api: ApiDep, query: ServiceQuery, given: dict[str, Any], scope: str) -> bytes:
    return await api.reads.page(
        SERVICES,
        scope=scope,
        sort=query.sort,
        limit=query.limit,
        cursor=query.cursor,
        fresh_at=_FRESH_AT,
        **given,
    )


def _refuse_paging(query: ServiceQuery) -> None:
    paging = query.model_fields_set & {"limit", "cursor"}
    if paging:
        raise Malformed(
            errors=[
                FieldError(
                    pointer=f"?{name}",
                    code="export_is_whole",
                    bg="Изтеглянето като файл е на целия списък, без limit и cursor.",
                    en="A file holds the whole list; leave out limit and cursor.",
                )
                for name in sorted(paging)
            ]
        )
