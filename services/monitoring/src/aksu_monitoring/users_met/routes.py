"""Users met during an inspection: restricted personal data, for the Agency alone, each read recorded."""

import json
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from aksu_monitoring.inspections.errors import NotOfTeam
from aksu_monitoring.inspections.queries import INSPECTION_VERSION_BY_ID
from aksu_monitoring.users_met.queries import USERS_MET
from aksu_monitoring.users_met.schemas import NewUserMet, UserMetRead, UserMetRecorded
from aksu_monitoring.users_met.service import UserMetService
from aksu_shared.auth.dependencies import PrincipalDep, requires
from aksu_shared.kernel.errors import Malformed, NotFound
from aksu_shared.privacy.people import opened
from aksu_shared.serving.problems import problems
from aksu_shared.web.api import ApiDep, CommandDep
from aksu_shared.web.commands import COMMAND_PROBLEMS
from aksu_shared.web.reads import PageOf, PageQuery
from aksu_shared.web.routing import Router

router = Router(tags=["inspections"])

_PATH: Final = "/inspections/{inspection_id}/users-met"


class UserMetQuery(PageQuery):
    """Pages of the list."""

    sort: Literal["recorded_at", "-recorded_at"] = "recorded_at"


@router.post(
    _PATH,
    status_code=201,
    response_model=UserMetRecorded,
    responses=problems(*COMMAND_PROBLEMS, NotFound, NotOfTeam),
    dependencies=[requires("monitoring.user_met.record")],
)
async def record_user_met(inspection_id: UUID, body: NewUserMet, command: CommandDep) -> Response:
    """Record a user with whom inspectors spoke."""
    subject = await UserMetService(command.context).record(inspection_id, body)
    return command.reply(201, UserMetRecorded(subject_id=subject, inspection_id=inspection_id))


@router.get(
    _PATH,
    response_model=PageOf[UserMetRead],
    responses=problems(NotFound, Malformed),
    dependencies=[requires("monitoring.user_met.read")],
)
async def list_users_met(
    inspection_id: UUID, query: Annotated[UserMetQuery, Query()], api: ApiDep, principal: PrincipalDep
) -> Response:
    """Users met, in the order they were recorded."""
    scope = ",".join(principal.scope_keys)
    if await api.reads.one(INSPECTION_VERSION_BY_ID, scope=scope, id=inspection_id) is None:
        raise NotFound
    body = await api.reads.page(
        USERS_MET, scope=scope, sort=query.sort, limit=query.limit, cursor=query.cursor, inspection_id=inspection_id
    )
    page = json.loads(body)
    met = [UserMetRead.known(person) for person in opened(api.keys, page["items"])]
    read = PageOf[UserMetRead].model_validate(page | {"items": met})
    return Response(read.model_dump_json(), media_type="application/json", headers={"Cache-Control": "no-store"})
