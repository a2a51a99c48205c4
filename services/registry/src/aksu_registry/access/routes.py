"""Revoked access: of who was disabled, or moved to another body, though the token lives on."""

from collections.abc import AsyncIterator
from typing import Annotated, Literal

from fastapi import Depends, Query, Request
from starlette.responses import Response

from aksu_registry.access.queries import REVOCATIONS
from aksu_registry.access.schemas import Revocation, RevocationRead
from aksu_registry.access.service import AccessService
from aksu_shared.auth.dependencies import PrincipalDep, PseudonymsDep, requires
from aksu_shared.auth.principal import Principal
from aksu_shared.db.access import ACCESS
from aksu_shared.kernel.errors import Malformed
from aksu_shared.serving.problems import problems
from aksu_shared.web.api import ApiDep
from aksu_shared.web.commands import COMMAND_PROBLEMS, Command
from aksu_shared.web.reads import PageOf, PageQuery, page_response
from aksu_shared.web.routing import Router

router = Router(tags=["access"])


async def get_access_principal(principal: PrincipalDep, api: ApiDep) -> Principal:
    """The caller with the key of revoked access, which whoever may read or make revocations holds."""
    return principal.holding(ACCESS) if api.rights.granted(principal, "registry.access.read") else principal


AccessPrincipalDep = Annotated[Principal, Depends(get_access_principal)]


async def get_access_command(request: Request, principal: AccessPrincipalDep, api: ApiDep) -> AsyncIterator[Command]:
    """The unit of work of a request that revokes access; commits before the answer leaves."""
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


@router.post(
    "/access-revocations",
    status_code=201,
    response_model=RevocationRead,
    responses=problems(*COMMAND_PROBLEMS),
    dependencies=[requires("registry.access.revoke")],
)
async def revoke_access(body: Revocation, command: AccessCommandDep, pseudonyms: PseudonymsDep) -> Response:
    """Let no token of a subject count that was issued before now: every service refuses it within a second."""
    kept = await AccessService(command.context).revoke(pseudonyms.of(body.subject), reason=body.reason)
    return command.reply(201, RevocationRead.of(kept), version=kept.version)
