"""Social services."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from aksu_registry.providers.errors import LegalFormImpossible, UnknownProvider
from aksu_registry.providers.schemas import LegalFormConfirmation, ProviderRead
from aksu_registry.services.errors import (
    AlreadyClosed,
    ElsewhereForeign,
    ManagementForeign,
    ManagementMissing,
    NotOperators,
    NotState,
    OperatorForeign,
    OperatorMissing,
    ServiceExists,
    SettlementForeign,
    StartOutOfBounds,
)
from aksu_registry.services.queries import SERVICE_BY_ID, SERVICES
from aksu_registry.services.rules import whose
from aksu_registry.services.schemas import NewService, ServiceChanges, ServiceRead
from aksu_registry.services.service import SocialServiceService
from aksu_registry.services.steps import SERVICE_STEPS, actions
from aksu_shared.auth.dependencies import PrincipalDep, requires
from aksu_shared.events.registry.services import ServiceState
from aksu_shared.kernel.errors import Forbidden, Malformed, NotFound
from aksu_shared.kernel.schemas.codes import Code, MunicipalityCode
from aksu_shared.procedures.steps import Offer
from aksu_shared.serving.problems import problems
from aksu_shared.web.api import ApiDep, CommandDep
from aksu_shared.web.commands import COMMAND_PROBLEMS, UPDATE_PROBLEMS
from aksu_shared.web.reads import PageOf, PageQuery, one_response, page_response
from aksu_shared.web.routing import Router
from aksu_shared.web.steps import add_steps

router = Router(tags=["services"])

_INVARIANTS = (ManagementForeign, ManagementMissing, OperatorForeign, OperatorMissing, NotState, ElsewhereForeign)


class ServiceQuery(PageQuery):
    """Filters of the list."""

    municipality: MunicipalityCode | None = None
    oblast: Annotated[str, Query(pattern="^[A-Z]{3}$", examples=["BLG"])] | None = None
    kind: Annotated[str, Code("service_kinds")] | None = None
    financing: Annotated[str, Code("financing")] | None = None
    state: Annotated[str, Code("service_states")] | None = None
    provider_id: UUID | None = None
    operator_id: UUID | None = None
    place_id: UUID | None = None
    sort: Literal["name", "-name", "municipality", "-municipality", "id", "-id"] = "name"


@router.get(
    "/services",
    response_model=PageOf[ServiceRead],
    responses=problems(Malformed),
    dependencies=[requires("registry.service.read")],
)
async def list_services(query: Annotated[ServiceQuery, Query()], api: ApiDep, principal: PrincipalDep) -> Response:
    """All social services, licensed or not."""
    return await page_response(api.reads, SERVICES, query, principal)


@router.get(
    "/services/{service_id}",
    response_model=ServiceRead,
    responses=problems(NotFound, Malformed),
    dependencies=[requires("registry.service.read")],
)
async def get_service(service_id: UUID, request: Request, api: ApiDep, principal: PrincipalDep) -> Response:
    """One service, with what this caller may do."""

    def offered(service: dict[str, Any]) -> list[str]:
        state = ServiceState.model_validate({name: service[name] for name in ServiceState.model_fields})
        offer = Offer(state=state, today=api.clock.today(), actor=principal.subject)
        return actions(offer, lambda right: api.rights.allows(principal, right, **whose(state)))

    return await one_response(api.reads, SERVICE_BY_ID, request, principal, actions=offered, id=service_id)


@router.post(
    "/services",
    status_code=201,
    response_model=ServiceRead,
    responses=problems(
        *COMMAND_PROBLEMS, Forbidden, ServiceExists, UnknownProvider, *_INVARIANTS, SettlementForeign, StartOutOfBounds,
    ),
    dependencies=[requires("registry.service.create")],
)  # fmt: skip
async def register_service(body: NewService, command: CommandDep) -> Response:
    """Enter a service in the register; its place is entered with it when new."""
    kept = await SocialServiceService(command.context).register(body, by=command.principal)
    return command.answer(201, kept, location=f"/v1/services/{kept.id}")


@router.patch(
    "/services/{service_id}",
    response_model=ServiceRead,
    responses=problems(*UPDATE_PROBLEMS, Forbidden, AlreadyClosed, ServiceExists, NotOperators, *_INVARIANTS),
    dependencies=[requires("registry.service.amend")],
)
async def amend_service(service_id: UUID, body: ServiceChanges, command: CommandDep) -> Response:
    """Correct a service's particulars."""
    services = SocialServiceService(command.context)
    kept = await services.amend(service_id, body, version=command.known_version, by=command.principal)
    return command.answer(200, kept)


@router.post(
    "/providers/{provider_id}/confirm-legal-form",
    response_model=ProviderRead,
    responses=problems(*COMMAND_PROBLEMS, NotFound, Forbidden, LegalFormImpossible, *_INVARIANTS),
    dependencies=[requires("registry.provider.confirm")],
)
async def confirm_legal_form(provider_id: UUID, body: LegalFormConfirmation, command: CommandDep) -> Response:
    """Confirm the legal form a provider proposed, or enter another; its services follow."""
    services = SocialServiceService(command.context)
    kept = await services.confirm_legal_form(provider_id, body, version=command.known_version, by=command.principal)
    return command.answer(200, kept)


add_steps(
    router,
    SERVICE_STEPS,
    path="/services/{service_id}",
    service=SocialServiceService,
    read=ServiceRead,
)
