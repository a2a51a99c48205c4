"""The routes of a procedure: one POST per step, made from the table that also moves the aggregate on.

`offered` tells a reader of the aggregate which of these routes are open to it now.
"""

from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from types import MappingProxyType
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Path
from pydantic import BaseModel
from starlette.responses import Response

from aksu_shared.auth.dependencies import requires
from aksu_shared.auth.principal import Principal
from aksu_shared.db.store import Kept
from aksu_shared.events.base import State
from aksu_shared.kernel.errors import Forbidden, IllegalTransition, NotFound, PreconditionFailed
from aksu_shared.kernel.machine import SYSTEM, SamePerson, Transition, described, verb
from aksu_shared.procedures.context import Context
from aksu_shared.procedures.steps import Moving, Offer, Procedure, Step, fire
from aksu_shared.serving.problems import problems
from aksu_shared.web.api import Api, CommandDep
from aksu_shared.web.commands import COMMAND_PROBLEMS, Command
from aksu_shared.web.reads import Actions
from aksu_shared.web.routing import Router

S = TypeVar("S", bound=State)
V = TypeVar("V", bound=Moving[Any])


def offered(procedure: Procedure[S, Any], state: type[S], api: Api, principal: Principal) -> Actions:
    """What tells, from an aggregate as it is read, the steps that this caller may take with it now."""
    today = api.clock.today()

    def actions(read: dict[str, Any]) -> list[str]:
        told = state.model_validate(read, extra="ignore")
        may = partial(api.rights.allows, principal, **procedure.whose(told))
        return procedure.actions(Offer(state=told, today=today, actor=principal.subject), may)

    return actions


def _state_and_version(command: Command, kept: Kept[Any]) -> Response:
    return command.answer(200, kept)


def add_steps(
    router: Router,
    procedure: Procedure[Any, V],
    *,
    path: str,
    service: Callable[[Context], V],
    read: type[BaseModel],
    answer: Callable[[Command, Kept[Any]], Response] = _state_and_version,
    operations: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Give every step of `procedure` that a person may take its route `POST <path>/<verb>`.

    `path` ends with the aggregate's id, such as `/applications/{application_id}`. `service` builds the feature's
    service; `answer` shapes the response, which is documented as `read`: state and version, unless given.
    `operations`: step → its operationId in the contract, where that is not `<step>_<machine>`.
    """
    for name, step in procedure.steps.items():
        row = procedure.machine.row(name)
        if row.action == SYSTEM:
            continue
        act = _handler(procedure, row, step, path=path, service=service, answer=answer)
        act.__name__ = operations.get(name, f"{name}_{procedure.machine.name}")
        refusals = (*procedure.refusals, *((SamePerson,) if row.four_eyes else ()), *step.refusals)
        router.add_api_route(
            f"{path}/{verb(name)}",
            act,
            methods=["POST"],
            response_model=read,
            summary=f"{row.text.bg} / {row.text.en}",
            description=described(row),
            responses=problems(
                *COMMAND_PROBLEMS, NotFound, Forbidden, IllegalTransition, PreconditionFailed, *refusals
            ),
            dependencies=[requires(row.action)],
        )


def _handler(
    procedure: Procedure[Any, V],
    row: Transition,
    step: Step[Any, V],
    *,
    path: str,
    service: Callable[[Context], V],
    answer: Callable[[Command, Kept[Any]], Response],
) -> Callable[..., Coroutine[Any, Any, Response]]:
    parameter = path.rpartition("{")[2].removesuffix("}")

    async def act(
        key: Annotated[UUID, Path(alias=parameter)],
        body: step.body,  # type: ignore[name-defined]  # each step has its own
        command: CommandDep,
    ) -> Response:
        moved = await fire(
            procedure,
            service(command.context),
            key,
            row.name,
            body,
            by=command.principal,
            version=command.known_version,
        )
        return answer(command, moved)

    return act
