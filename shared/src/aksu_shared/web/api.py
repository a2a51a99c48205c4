"""What routes of a running service use: its reads, its edge for commands, its clock, the table of rights."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any

import asyncpg
from fastapi import Depends, Header, Request

from aksu_shared.auth.dependencies import PrincipalDep
from aksu_shared.auth.permissions import Rights
from aksu_shared.db.notify import Listener
from aksu_shared.db.reads import Reads
from aksu_shared.kernel.clock import Clock
from aksu_shared.privacy.keys import KeyRing
from aksu_shared.web.commands import Command, CommandEdge
from aksu_shared.web.reads import AfterDep, after_header, wait_for


@dataclass(frozen=True, kw_only=True)
class Api:
    """The parts of a running API process, as `app.state.api`."""

    service: str
    pool: "asyncpg.Pool[Any]"
    reads: Reads
    commands: CommandEdge
    clock: Clock
    rights: Rights
    news: Listener
    """Hears when changes were sequenced and events applied."""
    keys: KeyRing
    """What opens restricted personal data; empty in a service that holds none."""


async def get_api(request: Request) -> Api:
    """The running service's parts."""
    api: Api = request.app.state.api
    return api


ApiDep = Annotated[Api, Depends(get_api)]


async def get_command(request: Request, principal: PrincipalDep, api: ApiDep) -> AsyncIterator[Command]:
    """A state-changing request's unit of work; commits before the answer leaves."""
    async with api.commands.open(request, principal) as command:
        yield command


CommandDep = Annotated[Command, Depends(get_command, scope="function")]

AfterHeader = Annotated[
    str | None,
    Header(alias="Aksu-After", max_length=60, description="`Aksu-Position` of a write that this read must not miss"),
]


async def caught_up(request: Request, after: str | None) -> None:
    """Wait until this service has applied the change that `Aksu-After` names. Raises Malformed, Unavailable."""
    if after is not None:
        await wait_for(request, after_header(after), own=request.app.state.api.service)


async def _applied(request: Request, after: AfterDep) -> None:
    if after is not None:
        await wait_for(request, after, own=request.app.state.api.service)


Applied = Depends(_applied)
"""For a command: honours `Aksu-After` before the command's unit of work begins."""
