"""Checks of managers. What is restricted in them is opened here, for who may."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from aksu_licensing.applications.errors import ApplicationDecided
from aksu_licensing.applications.queries import APPLICATION_BY_ID
from aksu_licensing.applications.schemas import Attached
from aksu_licensing.checks.queries import MANAGER_CHECKS
from aksu_licensing.checks.schemas import ManagerCheckRead, NewManagerCheck
from aksu_licensing.checks.service import ManagerCheckService
from aksu_shared.auth.dependencies import PrincipalDep, requires
from aksu_shared.kernel.errors import Forbidden, Malformed, NotFound
from aksu_shared.privacy.people import opened
from aksu_shared.serving.problems import problems
from aksu_shared.web.api import ApiDep, CommandDep
from aksu_shared.web.commands import COMMAND_PROBLEMS
from aksu_shared.web.reads import PageOf, PageQuery, opened_page_response
from aksu_shared.web.routing import Router

router = Router(tags=["attachments"])


class CheckQuery(PageQuery):
    """Pages of checks, as they came."""

    sort: Literal["checked_at", "-checked_at"] = "checked_at"


@router.post(
    "/applications/{application_id}/manager-checks",
    status_code=201,
    response_model=Attached,
    responses=problems(*COMMAND_PROBLEMS, NotFound, Forbidden, ApplicationDecided),
    dependencies=[requires("licensing.manager_check.record")],
)
async def record_manager_check(application_id: UUID, body: NewManagerCheck, command: CommandDep) -> Response:
    """Record what a register says of somebody who manages or represents the applicant. All of it is sealed."""
    kept = await ManagerCheckService(command.context).record(application_id, body, by=command.principal)
    return command.reply(201, Attached.of(kept), version=kept.version)


@router.get(
    "/applications/{application_id}/manager-checks",
    response_model=PageOf[ManagerCheckRead],
    responses=problems(NotFound, Malformed),
    dependencies=[requires("licensing.manager_check.read")],
)
async def list_manager_checks(
    application_id: UUID, query: Annotated[CheckQuery, Query()], api: ApiDep, principal: PrincipalDep
) -> Response:
    """Checks of those who manage or represent the applicant; each read is recorded."""
    if await api.reads.one(APPLICATION_BY_ID, scope=",".join(principal.scope_keys), id=application_id) is None:
        raise NotFound

    def shown(item: dict[str, Any]) -> dict[str, Any]:
        (known,) = opened(api.keys, item.pop("people"))
        fields = known.texts
        told = {name: fields.get(name) for name in ("name", "egn", "result")}
        known_of = {"subject_id": str(known.subject_id), "erased": known.erased, "restricted": known.restricted}
        return item | told | known_of

    return await opened_page_response(
        api.reads, MANAGER_CHECKS, query, principal, shown=shown, application_id=application_id
    )
