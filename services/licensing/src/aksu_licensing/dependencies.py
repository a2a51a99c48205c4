"""What licensing's routes depend on."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Header, Request

from aksu_licensing.config import SERVICE
from aksu_licensing.factory import Factory
from aksu_shared.auth.dependencies import PrincipalDep
from aksu_shared.web.commands import Command
from aksu_shared.web.reads import AfterDep, after_header, wait_for
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

AfterHeader = Annotated[
    str | None,
    Header(alias="Aksu-After", max_length=60, description="`Aksu-Position` of a write that this read must not miss"),
]


async def caught_up(request: Request, after: str | None) -> None:
    """Wait until licensing has applied the change that `Aksu-After` names. Raises Malformed, Unavailable."""
    if after is not None:
        await wait_for(request, after_header(after), own=SERVICE)


async def _applied(request: Request, after: AfterDep) -> None:
    await wait_for(request, after, own=SERVICE)


Applied = Depends(_applied)
"""For a command: honours `Aksu-After` before the command's transaction begins."""
