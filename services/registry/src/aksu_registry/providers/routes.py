"""Providers of social services."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from aksu_registry.providers.errors import ProviderExists
from aksu_registry.providers.queries import PROVIDER_BY_ID, PROVIDERS
from aksu_registry.providers.rules import whose
from aksu_registry.providers.schemas import NewProvider, ProviderChanges, ProviderRead
from aksu_registry.providers.service import ProviderService
from aksu_shared.auth.dependencies import PrincipalDep, requires
from aksu_shared.kernel.errors import Forbidden, Malformed, NotFound
from aksu_shared.kernel.schemas.codes import Code, Eik, MunicipalityCode
from aksu_shared.serving.problems import problems
from aksu_shared.web.api import ApiDep, CommandDep
from aksu_shared.web.commands import COMMAND_PROBLEMS, UPDATE_PROBLEMS
from aksu_shared.web.reads import PageOf, PageQuery, one_response, page_response
from aksu_shared.web.routing import Router

router = Router(tags=["providers"])


class ProviderQuery(PageQuery):
    """Filters of the list."""

    eik: Eik | None = None
    legal_form: Annotated[str, Code("legal_forms")] | None = None
    licence_required: bool | None = None
    seat_municipality: MunicipalityCode | None = None
    sort: Literal["name", "-name", "id", "-id"] = "name"


@router.get(
    "/providers",
    response_model=PageOf[ProviderRead],
    responses=problems(Malformed),
    dependencies=[requires("registry.provider.read")],
)
async def list_providers(query: Annotated[ProviderQuery, Query()], api: ApiDep, principal: PrincipalDep) -> Response:
    """Providers, licensed or not."""
    return await page_response(api.reads, PROVIDERS, query, principal)


@router.get(
    "/providers/{provider_id}",
    response_model=ProviderRead,
    responses=problems(NotFound, Malformed),
    dependencies=[requires("registry.provider.read")],
)
async def get_provider(provider_id: UUID, request: Request, api: ApiDep, principal: PrincipalDep) -> Response:
    """One provider, with what this caller may do."""

    def actions(provider: dict[str, Any]) -> list[str]:
        of_whom = whose(
            seat_municipality=provider["seat_municipality"],
            body=provider["body"],
            legal_form=provider["legal_form"],
            confirmed=provider["legal_form_confirmed"],
        )
        amend = ["amend"] if api.rights.allows(principal, "registry.provider.amend", **of_whom) else []
        open_form = not provider["legal_form_confirmed"] and api.rights.allows(principal, "registry.provider.confirm")
        return [*amend, *(["confirm-legal-form"] if open_form else [])]

    return await one_response(api.reads, PROVIDER_BY_ID, request, principal, actions=actions, id=provider_id)


@router.post(
    "/providers",
    status_code=201,
    response_model=ProviderRead,
    responses=problems(*COMMAND_PROBLEMS, Forbidden, ProviderExists),
    dependencies=[requires("registry.provider.create")],
)
async def register_provider(body: NewProvider, command: CommandDep) -> Response:
    """Enter a provider in the register."""
    kept = await ProviderService(command.context).register(body, by=command.principal)
    return command.answer(201, kept, location=f"/v1/providers/{kept.id}")


@router.patch(
    "/providers/{provider_id}",
    response_model=ProviderRead,
    responses=problems(*UPDATE_PROBLEMS, Forbidden),
    dependencies=[requires("registry.provider.amend")],
)
async def amend_provider(provider_id: UUID, body: ProviderChanges, command: CommandDep) -> Response:
    """Correct a provider's particulars."""
    providers = ProviderService(command.context)
    kept = await providers.amend(provider_id, body, version=command.known_version, by=command.principal)
    return command.answer(200, kept)
