"""Mandatory prescriptions: their terms, and what becomes of them."""

from datetime import date
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from aksu_monitoring.dependencies import ApiDep, CommandDep
from aksu_monitoring.domain.machines import PRESCRIPTION as MACHINE
from aksu_monitoring.errors import TermNotExtended, TermStillRuns
from aksu_monitoring.queries import PRESCRIPTION, PRESCRIPTIONS
from aksu_monitoring.schemas import (
    Acknowledgement,
    Extension,
    FulfilmentReport,
    NonFulfilment,
    PrescriptionRead,
    Verification,
)
from aksu_shared.auth.dependencies import PrincipalDep, requires
from aksu_shared.auth.permissions import Rights
from aksu_shared.auth.principal import Principal
from aksu_shared.db.store import Kept
from aksu_shared.errors import Forbidden, IllegalTransition, Malformed, NotFound
from aksu_shared.events.monitoring import MAY_BE_OVERDUE, PrescriptionState
from aksu_shared.schemas.codes import Code, MunicipalityCode
from aksu_shared.web.commands import COMMAND_PROBLEMS, Command
from aksu_shared.web.problems import problems
from aksu_shared.web.reads import ActionPageQuery, Actions, PageOf, one_response, page_response
from aksu_shared.web.routing import Router

router = Router(tags=["prescriptions"])

_PATH: Final = "/prescriptions/{prescription_id}"
_OFFERED: Final = ("acknowledge", "report_fulfilled", "verify", "not_fulfilled", "extend_term")
"""The transitions that have a route here."""
_PROBLEMS: Final = (*COMMAND_PROBLEMS, NotFound, Forbidden, IllegalTransition)


class PrescriptionQuery(ActionPageQuery):
    """Filters of the list."""

    overdue: bool | None = None
    state: Annotated[str, Code("prescription_states")] | None = None
    municipality: MunicipalityCode | None = None
    oblast: Annotated[str, Query(pattern="^[A-Z]{3}$", examples=["BLG"])] | None = None
    inspection_id: UUID | None = None
    place_id: UUID | None = None
    provider_body: Annotated[str, Query(max_length=40, examples=["PROVIDER:130007884"])] | None = None
    sort: Literal["due_on", "-due_on", "id", "-id"] = "due_on"


@router.get(
    "/prescriptions",
    response_model=PageOf[PrescriptionRead],
    responses=problems(Malformed),
    dependencies=[requires("monitoring.prescription.read")],
)
async def list_prescriptions(
    query: Annotated[PrescriptionQuery, Query()], api: ApiDep, principal: PrincipalDep
) -> Response:
    """Prescriptions by their term, the earliest first."""
    today = api.clock.today()
    actions = _offered(api.rights, principal, today)
    return await page_response(api.reads, PRESCRIPTIONS, query, principal, actions=actions, today=today)


@router.get(
    _PATH,
    response_model=PrescriptionRead,
    responses=problems(NotFound, Malformed),
    dependencies=[requires("monitoring.prescription.read")],
)
async def get_prescription(prescription_id: UUID, request: Request, api: ApiDep, principal: PrincipalDep) -> Response:
    """One prescription, with what this caller may do."""
    today = api.clock.today()
    return await one_response(
        api.reads,
        PRESCRIPTION,
        request,
        principal,
        actions=_offered(api.rights, principal, today),
        id=prescription_id,
        today=today,
    )


def _offered(rights: Rights, principal: Principal, today: date) -> Actions:
    """What tells the last parts of the paths that would not be refused now."""

    def actions(found: dict[str, Any]) -> list[str]:
        where = {"territory": found["municipality"], "owner": found["provider_body"]}
        names = MACHINE.actions(found["state"], lambda right: rights.allows(principal, right, **where))
        running = found["state"] != "REPORTED_FULFILLED" and today <= date.fromisoformat(found["due_on"])
        offered = [name for name in names if name in _OFFERED and not (name == "not_fulfilled" and running)]
        return [name.replace("_", "-") for name in offered]

    return actions


def _answer(command: Command[Any], kept: Kept[PrescriptionState]) -> Response:
    state = kept.state
    overdue = state.state in MAY_BE_OVERDUE and state.due_on < command.work.clock.today()
    read = PrescriptionRead.of(kept).model_copy(update={"overdue": overdue})
    return command.reply(200, read, version=kept.version)


@router.post(
    f"{_PATH}/acknowledge",
    response_model=PrescriptionRead,
    responses=problems(*_PROBLEMS),
    dependencies=[requires("monitoring.prescription.acknowledge")],
)
async def acknowledge(prescription_id: UUID, body: Acknowledgement, command: CommandDep) -> Response:  # noqa: ARG001 - an empty body
    """Take note of a prescription, as the provider it is addressed to."""
    service = command.factory.prescriptions()
    kept = await service.acknowledge(prescription_id, version=command.known_version, by=command.principal)
    return _answer(command, kept)


@router.post(
    f"{_PATH}/report-fulfilled",
    response_model=PrescriptionRead,
    responses=problems(*_PROBLEMS),
    dependencies=[requires("monitoring.prescription.report")],
)
async def report_fulfilled(prescription_id: UUID, body: FulfilmentReport, command: CommandDep) -> Response:
    """Report that it is fulfilled, with proof."""
    service = command.factory.prescriptions()
    kept = await service.report_fulfilled(
        prescription_id, body.proof, version=command.known_version, by=command.principal
    )
    return _answer(command, kept)


@router.post(
    f"{_PATH}/verify",
    response_model=PrescriptionRead,
    responses=problems(*_PROBLEMS),
    dependencies=[requires("monitoring.prescription.verify")],
)
async def verify(prescription_id: UUID, body: Verification, command: CommandDep) -> Response:  # noqa: ARG001 - an empty body
    """Confirm reported fulfilment."""
    service = command.factory.prescriptions()
    kept = await service.verify(prescription_id, version=command.known_version, by=command.principal)
    return _answer(command, kept)


@router.post(
    f"{_PATH}/not-fulfilled",
    response_model=PrescriptionRead,
    responses=problems(*_PROBLEMS, TermStillRuns),
    dependencies=[requires("monitoring.prescription.verify")],
)
async def record_not_fulfilled(prescription_id: UUID, body: NonFulfilment, command: CommandDep) -> Response:
    """Record that it is not fulfilled: after its term, or after a report that does not hold."""
    service = command.factory.prescriptions()
    kept = await service.not_fulfilled(
        prescription_id, body.reason, version=command.known_version, by=command.principal
    )
    return _answer(command, kept)


@router.post(
    f"{_PATH}/extend-term",
    response_model=PrescriptionRead,
    responses=problems(*_PROBLEMS, TermNotExtended),
    dependencies=[requires("monitoring.prescription.issue")],
)
async def extend_term(prescription_id: UUID, body: Extension, command: CommandDep) -> Response:
    """Set a later last day."""
    service = command.factory.prescriptions()
    kept = await service.extend_term(
        prescription_id, body.due_on, body.reason, version=command.known_version, by=command.principal
    )
    return _answer(command, kept)
