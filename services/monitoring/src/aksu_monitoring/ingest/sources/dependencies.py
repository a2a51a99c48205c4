"""What routes of the staging area depend on: the caller with the keys of it that its rights give."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request

from aksu_monitoring.ingest.sources.rules import in_staging
from aksu_shared.auth.dependencies import PrincipalDep
from aksu_shared.auth.principal import Principal
from aksu_shared.web.api import ApiDep
from aksu_shared.web.commands import Command


async def get_staging_principal(principal: PrincipalDep, api: ApiDep) -> Principal:
    """The caller with its keys of the staging area."""
    return in_staging(principal, api.rights)


StagingPrincipalDep = Annotated[Principal, Depends(get_staging_principal)]


async def get_staging_command(request: Request, principal: StagingPrincipalDep, api: ApiDep) -> AsyncIterator[Command]:
    """The unit of work of a request that changes staged events."""
    async with api.commands.open(request, principal) as command:
        yield command


StagingCommandDep = Annotated[Command, Depends(get_staging_command, scope="function")]
