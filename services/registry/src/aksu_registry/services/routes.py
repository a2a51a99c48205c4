"""Social services."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from aksu_registry.dependencies import ApiDep, CommandDep
from aksu_registry.errors import (
    AlreadyClosed,
    ManagementForeign,
    ManagementMissing,
    NotState,
    OperatorForeign,
    OperatorMissing,
    ServiceExists,
    UnknownProvider,
)
from aksu_registry.queries import SERVICE, SERVICES
from aksu_registry.schemas import Closure, NewService, ServiceChanges, ServiceRead
from aksu_shared.auth.dependencies import PrincipalDep, requires
from aksu_shared.auth.permissions import Rights
from aksu_shared.auth.principal import Principal
from aksu_shared.errors import Forbidden, Malformed, NotFound
from aksu_shared.schemas.codes import Code, MunicipalityCode
from aksu_shared.web.commands import COMMAND_PROBLEMS, UPDATE_PROBLEMS
from aksu_shared.web.problems import problems
from aksu_shared.web.reads import PageOf, PageQuery, one_response, page_response
from aksu_shared.web.routing import Router

router = Router(tags=["services"])


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
    return await one_response(
        api.reads,
        SERVICE,
        request,
        principal,
        actions=lambda found: _actions(found, api.rights, principal),
        id=service_id,
    )


def _actions(service: dict[str, Any], rights: Rights, principal: Principal) -> list[str]:
    if service["state"] == "CLOSED":
        return []
    parties = tuple(body for body in (service["operator_body"],) if body)
    place = {"territory": service["municipality"], "owner": service["provider_body"], "parties": parties}
    return [name for name in ("amend", "close") if rights.allows(principal, f"registry.service.{name}", **place)]


@router.post(
    "/services",
    status_code=201,
    response_model=ServiceRead,
    responses=problems(
        *COMMAND_PROBLEMS, Forbidden, ServiceExists, UnknownProvider, ManagementForeign, ManagementMissing,
        OperatorForeign, OperatorMissing, NotState,
    ),
    dependencies=[requires("registry.service.create")],
)  # fmt: skip
async def register_service(body: NewService, command: CommandDep) -> Response:
    """Enter a service in the register; its place is entered with it when new."""
    kept = await command.factory.services().register(body, by=command.principal)
    return command.answer(201, kept, location=f"/v1/services/{kept.id}")


@router.patch(
    "/services/{service_id}",
    response_model=ServiceRead,
    responses=problems(*UPDATE_PROBLEMS, Forbidden, AlreadyClosed, ServiceExists),
    dependencies=[requires("registry.service.amend")],
)
async def amend_service(service_id: UUID, body: ServiceChanges, command: CommandDep) -> Response:
    """Correct a service's particulars."""
    services = command.factory.services()
    kept = await services.amend(service_id, body, version=command.known_version, by=command.principal)
    return command.answer(200, kept)


@router.post(
    "/services/{service_id}/close",
    response_model=ServiceRead,
    responses=problems(*COMMAND_PROBLEMS, NotFound, Forbidden, AlreadyClosed),
    dependencies=[requires("registry.service.close")],
)
async def close_service(service_id: UUID, body: Closure, command: CommandDep) -> Response:
    """End a service."""
    services = command.factory.services()
    kept = await services.close(service_id, body, version=command.known_version, by=command.principal)
    return command.answer(200, kept)
