"""What the registry's routes depend on."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request

from aksu_registry.factory import Factory
from aksu_shared.auth.dependencies import PrincipalDep
from aksu_shared.auth.principal import Principal
from aksu_shared.db.access import ACCESS
from aksu_shared.web.commands import Command
from aksu_shared.web.service import Api


async def get_api(request: Request) -> Api[Factory]:
    """The running service's parts."""
    api: Api[Factory] = request.app.state.api
    return api


ApiDep = Annotated[Api[Factory], Depends(get_api)]


async def get_command(request: Request, principal: PrincipalDep, api: ApiDep) -> AsyncIterator[Command[Factory]]:
    """A state-changing request's unit of work; commits before the answer leaves."""
    async with api.commands.open(request, principal) as command:
        yield command


CommandDep = Annotated[Command[Factory], Depends(get_command, scope="function")]


async def get_access_principal(principal: PrincipalDep, api: ApiDep) -> Principal:
    """The caller with the key of revoked access, which whoever may read or make revocations holds."""
    return principal.holding(ACCESS) if api.rights.granted(principal, "registry.access.read") else principal


AccessPrincipalDep = Annotated[Principal, Depends(get_access_principal)]


async def get_access_command(
    request: Request, principal: AccessPrincipalDep, api: ApiDep
) -> AsyncIterator[Command[Factory]]:
    """The unit of work of a request that revokes access."""
    async with api.commands.open(request, principal) as command:
        yield command


AccessCommandDep = Annotated[Command[Factory], Depends(get_access_command, scope="function")]
