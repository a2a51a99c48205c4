"""What monitoring's routes depend on."""

from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from uuid_utils.compat import uuid7

from aksu_monitoring.factory import Factory
from aksu_monitoring.services.signals import own_key
from aksu_monitoring.services.sources import in_staging
from aksu_shared.auth.dependencies import PrincipalDep
from aksu_shared.auth.principal import Principal
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


async def new_id() -> UUID:
    """The id of what the request makes; the same for all of the request."""
    return uuid7()


NewIdDep = Annotated[UUID, Depends(new_id)]


async def get_filing_command(
    request: Request, principal: PrincipalDep, api: ApiDep, made: NewIdDep
) -> AsyncIterator[Command[Factory]]:
    """The unit of work of who files a signal: it writes and sees that one, and nothing else."""
    async with api.commands.open(request, principal.holding(own_key(made))) as command:
        yield command


FilingCommandDep = Annotated[Command[Factory], Depends(get_filing_command, scope="function")]


async def get_staging_principal(principal: PrincipalDep, api: ApiDep) -> Principal:
    """The caller with its keys of the staging area."""
    return in_staging(principal, api.rights)


StagingPrincipalDep = Annotated[Principal, Depends(get_staging_principal)]


async def get_staging_command(
    request: Request, principal: StagingPrincipalDep, api: ApiDep
) -> AsyncIterator[Command[Factory]]:
    """The unit of work of a request that changes staged events."""
    async with api.commands.open(request, principal) as command:
        yield command


StagingCommandDep = Annotated[Command[Factory], Depends(get_staging_command, scope="function")]
