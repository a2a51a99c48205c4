"""Inspections that the Agency conducts: planning them, and the steps by which they are moved on."""

from collections.abc import Callable, Coroutine
from typing import Any
from uuid import UUID

from starlette.responses import Response

from aksu_monitoring.dependencies import CommandDep
from aksu_monitoring.domain.machines import INSPECTION
from aksu_monitoring.errors import InspectionPushed
from aksu_monitoring.schemas import InspectionRead
from aksu_monitoring.schemas.inspections import NewInspection, Order
from aksu_monitoring.services.inspection_steps import STEPS
from aksu_shared.auth.dependencies import PseudonymsDep, requires
from aksu_shared.errors import Forbidden, IllegalTransition, NotFound
from aksu_shared.schemas.base import Command as Body
from aksu_shared.terms.machine import Transition
from aksu_shared.terms.steps import described, verb
from aksu_shared.web.commands import COMMAND_PROBLEMS
from aksu_shared.web.problems import problems
from aksu_shared.web.routing import Router

router = Router(tags=["inspections"])


@router.post(
    "/inspections",
    status_code=201,
    response_model=InspectionRead,
    responses=problems(*COMMAND_PROBLEMS),
    dependencies=[requires("monitoring.inspection.plan")],
)
async def create_inspection(body: NewInspection, command: CommandDep) -> Response:
    """Plan an inspection. Nobody outside the Agency learns of it before it starts."""
    kept = await command.factory.inspections().plan(body)
    location = f"/v1/inspections/{kept.id}"
    return command.answer(201, kept, location=location)


def _handler(name: str, body: type[Body]) -> Callable[..., Coroutine[Any, Any, Response]]:
    async def act(
        inspection_id: UUID,
        step: body,  # type: ignore[valid-type]
        command: CommandDep,
        pseudonyms: PseudonymsDep,
    ) -> Response:
        sent: Body = step
        said = sent.under(pseudonyms) if isinstance(sent, Order) else sent
        inspections = command.factory.inspections()
        kept = await inspections.act(inspection_id, name, said, version=command.known_version, by=command.principal)
        return command.answer(200, kept)

    act.__name__ = f"{name}_inspection"
    return act


def _add_step(row: Transition) -> None:
    step = STEPS[row.name]
    if missing := row.missing(step.body.model_fields.keys()):
        msg = f"step {row.name} does not take {missing}"
        raise ValueError(msg)
    router.add_api_route(
        f"/inspections/{{inspection_id}}/{verb(row.name)}",
        _handler(row.name, step.body),
        methods=["POST"],
        response_model=InspectionRead,
        summary=f"{row.text.bg} / {row.text.en}",
        description=described(row),
        responses=problems(*COMMAND_PROBLEMS, NotFound, Forbidden, InspectionPushed, IllegalTransition, *step.refusals),
        dependencies=[requires(row.action)],
    )


for _row in INSPECTION.transitions:
    _add_step(_row)
