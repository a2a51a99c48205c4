"""Revoked access: of who was disabled, or moved to another body, though the token lives on."""

from typing import Annotated, Literal

from fastapi import Query
from starlette.responses import Response

from aksu_registry.dependencies import AccessCommandDep, AccessPrincipalDep, ApiDep
from aksu_registry.queries import REVOCATIONS
from aksu_registry.schemas import Revocation, RevocationRead
from aksu_shared.auth.dependencies import PseudonymsDep, requires
from aksu_shared.errors import Malformed
from aksu_shared.web.commands import COMMAND_PROBLEMS
from aksu_shared.web.problems import problems
from aksu_shared.web.reads import PageOf, PageQuery, page_response
from aksu_shared.web.routing import Router

router = Router(tags=["access"])


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
    kept = await command.factory.access().revoke(pseudonyms.of(body.subject), reason=body.reason)
    return command.reply(201, RevocationRead.of(kept), version=kept.version)
