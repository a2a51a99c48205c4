"""Repairs of dead letters over HTTP: read and confirmed by somebody who answers for what the service holds.

Who runs the platform proposes (`operations.dead_letters`). That other content takes effect is decided by a second
person, with a right over that content and with its scope, who sees both.
"""

from typing import Annotated, Any

from fastapi import Depends, Path, Request
from pydantic import AwareDatetime, Field
from starlette.responses import Response

from aksu_shared.auth.dependencies import PrincipalDep, requires
from aksu_shared.auth.principal import Principal
from aksu_shared.kernel import strict_json
from aksu_shared.kernel.errors import Forbidden, Malformed, NotFound
from aksu_shared.kernel.machine import SamePerson
from aksu_shared.kernel.schemas.base import Body, Resource
from aksu_shared.operations.dead_letters import Content, command_of, content_of, letter_id
from aksu_shared.serving.problems import problems
from aksu_shared.web.commands import COMMAND_PROBLEMS, Command
from aksu_shared.web.routing import Router
from aksu_shared.worker.repairing import NothingProposed, Proposal, RepairChanged, confirm, proposal

_Key = Annotated[str, Path(alias="letter_id", max_length=20)]
_CommandDep = Annotated[Command, Depends(command_of, scope="function")]


class ProposedRepair(Resource):
    """A parked record as it came, and as it is proposed to be applied. `digest` names what is proposed."""

    id: int
    topic: str
    key: str
    reason: str
    detail: str | None
    headers: dict[str, str]
    content: Content
    repaired_headers: dict[str, str]
    repaired_content: Content
    repair_reason: str
    proposed_by: str
    proposed_at: AwareDatetime
    digest: str


class RepairConfirmation(Body):
    """That the repair with this digest was read and is right, and why."""

    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", examples=["0" * 64])]
    reason: Annotated[str, Field(min_length=3, max_length=500, pattern=r"^[^\x00-\x1f\x7f]{0,500}$")]


class ConfirmedRepair(Resource):
    """A repair that a replay will apply."""

    id: int
    digest: str
    confirmed_by: str


def repairs_router(service: str) -> Router:
    """The routes for `service`; its rights are `<service>.dead_letter.read` and `<service>.dead_letter.confirm`."""
    router = Router(tags=["dead letters"])
    right = f"{service}.dead_letter.confirm"

    @router.get(
        "/dead-letters/{letter_id}/repair",
        response_model=ProposedRepair,
        responses=problems(NotFound, NothingProposed, Malformed),
        dependencies=[requires(f"{service}.dead_letter.read")],
    )
    async def get_proposed_repair(key: _Key, request: Request, principal: PrincipalDep) -> Response:
        """The repair of a record that waits for somebody to confirm it; bytes as far as the caller may see them."""
        api = request.app.state.api
        await api.reads.admit(",".join(principal.scope_keys), key)
        found = await proposal(api.pool, letter_id(key))
        return Response(_shown(found, principal).model_dump_json(), media_type="application/json")

    @router.post(
        "/dead-letters/{letter_id}/confirm-repair",
        response_model=ConfirmedRepair,
        responses=problems(*COMMAND_PROBLEMS, NotFound, Forbidden, NothingProposed, RepairChanged, SamePerson),
        dependencies=[requires(right)],
    )
    async def confirm_repair(key: _Key, body: RepairConfirmation, command: _CommandDep) -> Response:
        """Answer for a proposed repair: a replay applies it. Only another person than who proposed it can."""
        found = await confirm(command.work, letter_id(key), known=body.digest, why=body.reason)
        if not _sees(command.principal, found.repaired_value):
            raise command.context.rights.refusal(command.principal, right)
        by = command.work.actor.subject
        return command.reply(200, ConfirmedRepair(id=found.id, digest=found.digest, confirmed_by=by))

    return router


def _sees(principal: Principal, value: bytes) -> bool:
    """Whether the event's own scope is among the caller's: nobody answers for what he may not read."""
    data: Any = strict_json.loads(value)
    return not set(data["scope"]).isdisjoint(principal.scope_keys)


def _shown(found: Proposal, principal: Principal) -> ProposedRepair:
    return ProposedRepair(
        id=found.id,
        topic=found.topic,
        key=found.key,
        reason=found.reason,
        detail=found.detail,
        headers=dict(found.headers),
        content=content_of(found.value, topic=found.topic, principal=principal),
        repaired_headers=dict(found.repaired_headers),
        repaired_content=content_of(found.repaired_value, topic=found.topic, principal=principal),
        repair_reason=found.why,
        proposed_by=found.proposed_by,
        proposed_at=found.proposed_at,
        digest=found.digest,
    )
