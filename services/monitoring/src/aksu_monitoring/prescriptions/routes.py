"""Mandatory prescriptions: their terms, and what becomes of them."""

from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from aksu_monitoring.prescriptions.queries import PRESCRIPTION_BY_ID, PRESCRIPTIONS
from aksu_monitoring.prescriptions.schemas import PrescriptionRead
from aksu_monitoring.prescriptions.service import PrescriptionService
from aksu_monitoring.prescriptions.steps import PRESCRIPTION_STEPS
from aksu_shared.auth.dependencies import PrincipalDep, requires
from aksu_shared.db.store import Kept
from aksu_shared.events.monitoring.prescriptions import PrescriptionState
from aksu_shared.kernel.errors import Malformed, NotFound
from aksu_shared.kernel.schemas.codes import Code, MunicipalityCode
from aksu_shared.serving.problems import problems
from aksu_shared.web.api import ApiDep
from aksu_shared.web.commands import Command
from aksu_shared.web.reads import ActionPageQuery, PageOf, one_response, page_response
from aksu_shared.web.routing import Router
from aksu_shared.web.steps import add_steps, offered

router = Router(tags=["prescriptions"])

_PATH: Final = "/prescriptions/{prescription_id}"


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
    actions = offered(PRESCRIPTION_STEPS, PrescriptionRead, api, principal)
    return await page_response(api.reads, PRESCRIPTIONS, query, principal, actions=actions, today=api.clock.today())


@router.get(
    _PATH,
    response_model=PrescriptionRead,
    responses=problems(NotFound, Malformed),
    dependencies=[requires("monitoring.prescription.read")],
)
async def get_prescription(prescription_id: UUID, request: Request, api: ApiDep, principal: PrincipalDep) -> Response:
    """One prescription, with what this caller may do."""
    return await one_response(
        api.reads,
        PRESCRIPTION_BY_ID,
        request,
        principal,
        actions=offered(PRESCRIPTION_STEPS, PrescriptionRead, api, principal),
        id=prescription_id,
        today=api.clock.today(),
    )


def _answer(command: Command, kept: Kept[PrescriptionState]) -> Response:
    read = PrescriptionRead.of(kept, today=command.context.today)
    return command.reply(200, read, version=kept.version)


add_steps(
    router,
    PRESCRIPTION_STEPS,
    path=_PATH,
    service=PrescriptionService,
    read=PrescriptionRead,
    answer=_answer,
    operations={
        "acknowledge": "acknowledge",
        "report_fulfilled": "report_fulfilled",
        "verify": "verify",
        "not_fulfilled": "record_not_fulfilled",
        "extend_term": "extend_term",
    },
)
