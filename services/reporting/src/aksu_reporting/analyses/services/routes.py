"""Services across the registers: each with its licence, last inspection and open prescriptions."""

from typing import Annotated, Any

from fastapi import Query, Request
from starlette.responses import Response

from aksu_reporting.analyses.services.queries import SERVICES
from aksu_reporting.analyses.services.schemas import ServiceQuery, ServiceRow
from aksu_reporting.measures.days import expiring_until
from aksu_reporting.read_models.queries import FRESH_AT
from aksu_shared.auth.dependencies import PrincipalDep, requires
from aksu_shared.kernel.errors import FieldError, Malformed
from aksu_shared.serving.problems import problems
from aksu_shared.web.api import AfterHeader, ApiDep, caught_up
from aksu_shared.web.export import CSV, EXPORTED, JSON, NDJSON, export_response, wanted
from aksu_shared.web.reads import PageOf
from aksu_shared.web.routing import Router

router = Router(tags=["services"])


@router.get(
    "/services",
    response_model=PageOf[ServiceRow],
    responses=problems(Malformed) | EXPORTED,
    dependencies=[requires("reporting.service.read")],
)
async def list_services(
    query: Annotated[ServiceQuery, Query()],
    *,
    request: Request,
    api: ApiDep,
    principal: PrincipalDep,
    after: AfterHeader = None,
) -> Response:
    """All services as of the legal day; as CSV or NDJSON whole, without `limit` and `cursor`."""
    await caught_up(request, after)
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
        fresh_at=FRESH_AT,
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
