"""Revoked access: of who was disabled, or moved to another body, though the token lives on."""

from collections.abc import AsyncIterator
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Query, Request
from starlette.responses import Response

from aksu_registry.access.errors import OperatorsAlone, OwnAccess
from aksu_registry.access.queries import REQUEST_BY_ID, REQUESTS, REVOCATIONS
from aksu_registry.access.schemas import (
    AccessRequestConfirmation,
    AccessRequestRead,
    AccessRequestWithdrawal,
    NewAccessRequest,
    RevocationRead,
)
from aksu_registry.access.service import AccessService
from aksu_shared.auth.dependencies import PrincipalDep, PseudonymsDep, requires
from aksu_shared.auth.principal import Principal
from aksu_shared.db.access import ACCESS
from aksu_shared.kernel.errors import IllegalTransition, Malformed, NotFound
from aksu_shared.kernel.machine import SamePerson
from aksu_shared.kernel.schemas.codes import Code
from aksu_shared.serving.problems import problems
from aksu_shared.web.api import ApiDep
from aksu_shared.web.commands import COMMAND_PROBLEMS, Command
from aksu_shared.web.reads import PageOf, PageQuery, one_response, page_response
from aksu_shared.web.routing import Router

router = Router(tags=["access"])


async def get_access_principal(principal: PrincipalDep, api: ApiDep) -> Principal:
    """The caller with the key of revoked access, which whoever may read or make revocations holds."""
    return principal.holding(ACCESS) if api.rights.granted(principal, "registry.access.read") else principal


AccessPrincipalDep = Annotated[Principal, Depends(get_access_principal)]


async def get_access_command(request: Request, principal: AccessPrincipalDep, api: ApiDep) -> AsyncIterator[Command]:
    """The unit of work of a request about revoking access; commits before the answer leaves."""
    async with api.commands.open(request, principal) as command:
        yield command


AccessCommandDep = Annotated[Command, Depends(get_access_command, scope="function")]


class RevocationQuery(PageQuery):
    """Pages of the list."""

    sort: Literal["not_before", "-not_before"] = "-not_before"


@router.get(
    "/access-revocations",
    response_model=PageOf[RevocationRead],
    responses=problems(Malformed),
    dependencies=[requires("registry.access.read")],
)
async def list_revocations(
    query: Annotated[RevocationQuery, Query()], api: ApiDep, principal: AccessPrincipalDep
) -> Response:
    """Since when tokens of which subjects count; a subject is shown by its pseudonym."""
    return await page_response(api.reads, REVOCATIONS, query, principal)


class AccessRequestQuery(PageQuery):
    """Filters of the list."""

    state: Annotated[str, Code("access_request_states")] | None = None
    sort: Literal["id", "-id"] = "-id"


@router.get(
    "/access-requests",
    response_model=PageOf[AccessRequestRead],
    responses=problems(Malformed),
    dependencies=[requires("registry.access_request.read")],
)
async def list_access_requests(
    query: Annotated[AccessRequestQuery, Query()], api: ApiDep, principal: AccessPrincipalDep
) -> Response:
    """Requests to revoke somebody's access, the newest first."""
    return await page_response(api.reads, REQUESTS, query, principal)


@router.get(
    "/access-requests/{request_id}",
    response_model=AccessRequestRead,
    responses=problems(NotFound, Malformed),
    dependencies=[requires("registry.access_request.read")],
)
async def get_access_request(
    request_id: UUID, request: Request, api: ApiDep, principal: AccessPrincipalDep
) -> Response:
    """One of them."""
    return await one_response(api.reads, REQUEST_BY_ID, request, principal, id=request_id)


@router.post(
    "/access-requests",
    status_code=201,
    response_model=AccessRequestRead,
    responses=problems(*COMMAND_PROBLEMS),
    dependencies=[requires("registry.access_request.make")],
)
async def request_revocation(body: NewAccessRequest, command: AccessCommandDep, pseudonyms: PseudonymsDep) -> Response:
    """Ask for a subject's tokens to stop counting. Nothing stops before another person has confirmed it."""
    service = AccessService(command.context)
    kept = await service.request(pseudonyms.of(body.subject), reason=body.reason, by=command.principal)
    return command.answer(201, kept, location=f"/v1/access-requests/{kept.id}")


@router.post(
    "/access-requests/{request_id}/confirm",
    response_model=AccessRequestRead,
    responses=problems(*COMMAND_PROBLEMS, NotFound, IllegalTransition, SamePerson, OwnAccess, OperatorsAlone),
    dependencies=[requires("registry.access_request.confirm")],
)
async def confirm_access_request(
    request_id: UUID,
    body: AccessRequestConfirmation,  # noqa: ARG001 - an empty body
    command: AccessCommandDep,
) -> Response:
    """Let no token of the subject count that was issued before now: every service refuses it within a second.

    Only another person than who asked, and never the subject; one of the two is the director or the data protection
    officer.
    """
    service = AccessService(command.context)
    return command.answer(200, await service.confirm(request_id, by=command.principal, version=command.known_version))


@router.post(
    "/access-requests/{request_id}/withdraw",
    response_model=AccessRequestRead,
    responses=problems(*COMMAND_PROBLEMS, NotFound, IllegalTransition),
    dependencies=[requires("registry.access_request.withdraw")],
)
async def withdraw_access_request(
    request_id: UUID, body: AccessRequestWithdrawal, command: AccessCommandDep
) -> Response:
    """Let it be decided by nobody any more."""
    service = AccessService(command.context)
    return command.answer(200, await service.withdraw(request_id, reason=body.reason, version=command.known_version))
