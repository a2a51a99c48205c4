"""Inspections and their findings: read, planned, moved on by the steps of their procedure."""

from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from aksu_monitoring.inspections.queries import (
    FINDINGS,
    INSPECTION_BY_ID,
    INSPECTION_VERSION_BY_ID,
    INSPECTIONS,
    INSPECTIONS_WITH_GROUNDS,
)
from aksu_monitoring.inspections.rules import CONDUCT, CONFIRM_PROVIDER, is_pushed, may_be_readdressed
from aksu_monitoring.inspections.schemas import (
    FindingRead,
    InspectionDetail,
    InspectionListed,
    InspectionRead,
    NewInspection,
)
from aksu_monitoring.inspections.service import InspectionService
from aksu_monitoring.inspections.steps import INSPECTION_STEPS
from aksu_monitoring.places.rules import whose
from aksu_shared.auth.dependencies import PrincipalDep, requires
from aksu_shared.auth.principal import Principal
from aksu_shared.events.monitoring.inspections import InspectionState
from aksu_shared.kernel.errors import Malformed, NotFound
from aksu_shared.kernel.schemas.codes import Code, MunicipalityCode
from aksu_shared.procedures.steps import Offer
from aksu_shared.serving.problems import problems
from aksu_shared.web.api import Api, ApiDep, CommandDep
from aksu_shared.web.commands import COMMAND_PROBLEMS
from aksu_shared.web.reads import ActionPageQuery, Actions, PageOf, PageQuery, one_response, page_response
from aksu_shared.web.routing import Router
from aksu_shared.web.steps import add_steps

router = Router(tags=["inspections"])

_PATH: Final = "/inspections/{inspection_id}"


class InspectionQuery(ActionPageQuery):
    """Filters of the list."""

    municipality: MunicipalityCode | None = None
    oblast: Annotated[str, Query(pattern="^[A-Z]{3}$", examples=["BLG"])] | None = None
    kind: Annotated[str, Code("inspection_kinds")] | None = None
    state: Annotated[str, Code("inspection_states")] | None = None
    outcome: Annotated[str, Code("inspection_outcomes")] | None = None
    flag: Annotated[str, Code("inspection_flags")] | None = None
    place_id: UUID | None = None
    stated_by: Annotated[str, Code("inspection_stated_by")] | None = None
    provider_basis: Annotated[str, Code("inspection_provider_bases")] | None = None
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
    actions = _offered(api, principal, InspectionListed)
    page = INSPECTIONS_WITH_GROUNDS if query.include and actions else INSPECTIONS
    return await page_response(api.reads, page, query, principal, actions=actions)


@router.get(
    _PATH,
    response_model=InspectionDetail,
    responses=problems(NotFound, Malformed),
    dependencies=[requires("monitoring.inspection.read")],
)
async def get_inspection(inspection_id: UUID, request: Request, api: ApiDep, principal: PrincipalDep) -> Response:
    """One inspection; to who shows a token, with the steps this caller may take now."""
    actions = _offered(api, principal, InspectionDetail)
    return await one_response(api.reads, INSPECTION_BY_ID, request, principal, actions=actions, id=inspection_id)


@router.get(
    f"{_PATH}/findings",
    response_model=PageOf[FindingRead],
    responses=problems(NotFound, Malformed),
    dependencies=[requires("monitoring.inspection.read")],
)
async def list_findings(
    inspection_id: UUID, query: Annotated[FindingQuery, Query()], api: ApiDep, principal: PrincipalDep
) -> Response:
    """An inspection's findings, to the Agency, the mayor, the provider inspected and the bodies that take part."""
    scope = ",".join(principal.scope_keys)
    if await api.reads.one(INSPECTION_VERSION_BY_ID, scope=scope, id=inspection_id) is None:
        raise NotFound
    body = await api.reads.page(
        FINDINGS, scope=scope, sort=query.sort, limit=query.limit, cursor=query.cursor, inspection_id=inspection_id
    )
    return Response(body, media_type="application/json")


@router.post(
    "/inspections",
    status_code=201,
    response_model=InspectionRead,
    responses=problems(*COMMAND_PROBLEMS),
    dependencies=[requires("monitoring.inspection.plan")],
)
async def create_inspection(body: NewInspection, command: CommandDep) -> Response:
    """Plan an inspection. Nobody outside the Agency learns of it before it starts."""
    kept = await InspectionService(command.context).plan(body)
    return command.answer(201, kept, location=f"/v1/inspections/{kept.id}")


def _offered(api: Api, principal: Principal, read: type[InspectionListed] | type[InspectionDetail]) -> Actions | None:
    """What tells the steps that this caller may take now; None for who shows no token."""
    if principal.anonymous:
        return None
    today = api.clock.today()

    def actions(found: dict[str, Any]) -> list[str]:
        state = read.model_validate(found)
        pushed = is_pushed(state)
        inspects = pushed or principal.subject in (state.team or ())

        def may(right: str) -> bool:
            of_team = inspects or right not in {CONDUCT, CONFIRM_PROVIDER}
            return of_team and api.rights.allows(principal, right, **whose(state))

        facts = {"open_prescriptions": state.open_prescriptions, "inspectors": state.inspectors or ()}
        offer: Offer[InspectionState] = Offer(state=state, today=today, actor=principal.subject, facts=facts)
        steps = [] if pushed else INSPECTION_STEPS.actions(offer, may)
        return [*steps, "confirm-provider"] if may_be_readdressed(state) and may(CONFIRM_PROVIDER) else steps

    return actions


add_steps(router, INSPECTION_STEPS, path=_PATH, service=InspectionService, read=InspectionRead)
