"""Applications for a licence, and the steps of their procedure."""

from datetime import date
from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from aksu_licensing.applications.errors import ApplicationDecided, ApplicationOpen, LicenceNotRequired
from aksu_licensing.applications.queries import APPLICATION_BY_ID, APPLICATIONS
from aksu_licensing.applications.rules import whose
from aksu_licensing.applications.schemas import ApplicationRead, NewApplication
from aksu_licensing.applications.service import ApplicationService
from aksu_licensing.applications.steps import APPLICATION_PROCEDURE
from aksu_licensing.conditions.errors import ConditionEstablished, ConditionNotRequired
from aksu_licensing.conditions.queries import CONDITIONS_OF_APPLICATION
from aksu_licensing.conditions.schemas import Assessment, ConditionsRead
from aksu_licensing.licences.errors import LicenceExists, NoLicence, RenewalTooEarly, ServiceClosed
from aksu_licensing.registry_copies.errors import ServiceNotKnown
from aksu_shared.auth.dependencies import PrincipalDep, requires
from aksu_shared.auth.permissions import Rights
from aksu_shared.auth.principal import Principal
from aksu_shared.db.store import Kept
from aksu_shared.events.licensing.applications import ApplicationState
from aksu_shared.kernel.days import DayInFuture
from aksu_shared.kernel.errors import Forbidden, IllegalTransition, Malformed, NotFound
from aksu_shared.kernel.schemas.codes import Code, MunicipalityCode
from aksu_shared.procedures.steps import Offer
from aksu_shared.serving.problems import problems
from aksu_shared.web.api import AfterHeader, Api, ApiDep, Applied, CommandDep, caught_up
from aksu_shared.web.commands import COMMAND_PROBLEMS, Command
from aksu_shared.web.reads import ActionPageQuery, Actions, PageOf, one_response, page_response
from aksu_shared.web.routing import Router
from aksu_shared.web.steps import add_steps

router = Router(tags=["applications"])


class ApplicationQuery(ActionPageQuery):
    """Filters of the list. Sorted by `term_due`, only applications with a running term are listed."""

    procedure: Annotated[str, Code("application_procedures")] | None = None
    state: Annotated[str, Code("application_states")] | None = None
    municipality: MunicipalityCode | None = None
    oblast: Annotated[str, Query(pattern="^[A-Z]{3}$", examples=["BLG"])] | None = None
    provider_body: Annotated[str, Query(max_length=40, examples=["PROVIDER:130007884"])] | None = None
    service_id: UUID | None = None
    incoming_number: Annotated[str, Query(max_length=60)] | None = None
    term_state: Annotated[str, Code("term_states")] | None = None
    due_before: date | None = None
    sort: Literal["filed_on", "-filed_on", "term_due", "-term_due", "municipality", "-municipality"] = "-filed_on"


@router.get(
    "/applications",
    response_model=PageOf[ApplicationRead],
    responses=problems(Malformed),
    dependencies=[requires("licensing.application.read")],
)
async def list_applications(
    query: Annotated[ApplicationQuery, Query()],
    request: Request,
    api: ApiDep,
    principal: PrincipalDep,
    after: AfterHeader = None,
) -> Response:
    """Applications the caller takes part in; the Agency sees all."""
    await caught_up(request, after)
    return await page_response(api.reads, APPLICATIONS, query, principal, actions=_offered(api, principal))


@router.get(
    "/applications/{application_id}",
    response_model=ApplicationRead,
    responses=problems(NotFound, Malformed),
    dependencies=[requires("licensing.application.read")],
)
async def get_application(
    application_id: UUID, request: Request, api: ApiDep, principal: PrincipalDep, after: AfterHeader = None
) -> Response:
    """One application, with the steps this caller may take now."""
    await caught_up(request, after)
    actions = _offered(api, principal)
    return await one_response(api.reads, APPLICATION_BY_ID, request, principal, actions=actions, id=application_id)


@router.get(
    "/applications/{application_id}/conditions",
    response_model=ConditionsRead,
    responses=problems(NotFound, Malformed),
    dependencies=[requires("licensing.conditions.read")],
)
async def get_conditions(application_id: UUID, request: Request, api: ApiDep, principal: PrincipalDep) -> Response:
    """What must be met before the application is granted, and what is known of it. Listed with its registration."""
    return await one_response(api.reads, CONDITIONS_OF_APPLICATION, request, principal, application=application_id)


@router.post(
    "/applications/{application_id}/conditions",
    response_model=ConditionsRead,
    responses=problems(
        *COMMAND_PROBLEMS, NotFound, Forbidden, ApplicationDecided, ConditionNotRequired, ConditionEstablished
    ),
    dependencies=[requires("licensing.conditions.assess")],
)
async def assess_conditions(application_id: UUID, body: Assessment, command: CommandDep) -> Response:
    """Record what an officer found of the conditions; those left out stay as they are."""
    kept = await ApplicationService(command.context).assess(application_id, body, by=command.principal)
    return command.answer(200, kept)


def _offered(api: Api, principal: Principal) -> Actions:
    """What tells the steps that this caller may take now."""
    today = api.clock.today()

    def actions(found: dict[str, Any]) -> list[str]:
        return _actions(
            ApplicationState.model_validate(found, extra="ignore"), rights=api.rights, by=principal, today=today
        )

    return actions


def _actions(state: ApplicationState, *, rights: Rights, by: Principal, today: date) -> list[str]:
    offer = Offer(state=state, today=today, actor=by.subject)
    return APPLICATION_PROCEDURE.actions(offer, partial(rights.allows, by, **whose(state)))


@router.post(
    "/applications",
    status_code=201,
    response_model=ApplicationRead,
    responses=problems(
        *COMMAND_PROBLEMS, Forbidden, ServiceNotKnown, ServiceClosed, LicenceNotRequired, LicenceExists,
        ApplicationOpen, NoLicence, RenewalTooEarly, IllegalTransition, DayInFuture,
    ),
    dependencies=[requires("licensing.application.file"), Applied],
)  # fmt: skip
async def file_application(body: NewApplication, command: CommandDep) -> Response:
    """Apply for a licence for a registered service that the caller runs, or for its renewal, change or termination.

    With `Aksu-After: registry:<seq>` of the service's registration the call waits until licensing knows the service.
    """
    kept = await ApplicationService(command.context).file(body, by=command.principal)
    return _answer(command, kept, status=201, location=f"/v1/applications/{kept.id}")


def _answer(
    command: Command, kept: Kept[ApplicationState], *, status: int = 200, location: str | None = None
) -> Response:
    """The application after a command, with the steps that its caller may take next."""
    context = command.context
    actions = _actions(kept.state, rights=context.rights, by=command.principal, today=context.today)
    return command.answer(status, kept, location=location, actions=actions)


add_steps(
    router,
    APPLICATION_PROCEDURE,
    path="/applications/{application_id}",
    service=ApplicationService,
    read=ApplicationRead,
    answer=_answer,
)
