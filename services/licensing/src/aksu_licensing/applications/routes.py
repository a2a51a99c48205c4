"""Applications for a licence, and the steps of their procedure."""

from collections.abc import Callable, Coroutine
from datetime import date
from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from aksu_licensing.dependencies import AfterHeader, ApiDep, Applied, CommandDep, caught_up
from aksu_licensing.domain.application import BY_NAME, offered
from aksu_licensing.domain.machines import APPLICATION
from aksu_licensing.errors import (
    ApplicationOpen,
    LicenceEnded,
    LicenceExists,
    LicenceNotRequired,
    NoLicence,
    RenewalTooEarly,
    ServiceChanged,
    ServiceClosed,
    ServiceNotKnown,
)
from aksu_licensing.factory import Factory
from aksu_licensing.queries import APPLICATION_BY_ID, APPLICATIONS
from aksu_licensing.schemas import ApplicationRead, NewApplication
from aksu_licensing.services.applications import whose
from aksu_licensing.services.steps import GENERATED, STEPS
from aksu_shared.auth.dependencies import PrincipalDep, requires
from aksu_shared.auth.principal import Principal
from aksu_shared.errors import Forbidden, IllegalTransition, Malformed, NotFound, Problem
from aksu_shared.events.licensing import ApplicationState
from aksu_shared.schemas.base import Command as Body
from aksu_shared.schemas.codes import Code, MunicipalityCode
from aksu_shared.terms.machine import SamePerson, Transition
from aksu_shared.terms.steps import DayInFuture, described, verb
from aksu_shared.web.commands import COMMAND_PROBLEMS
from aksu_shared.web.problems import problems
from aksu_shared.web.reads import ActionPageQuery, Actions, PageOf, one_response, page_response
from aksu_shared.web.routing import Router
from aksu_shared.web.service import Api

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


def _offered(api: Api[Factory], principal: Principal) -> Actions:
    """What tells the steps that this caller may take now."""
    today = api.clock.today()

    def actions(found: dict[str, Any]) -> list[str]:
        state = ApplicationState.model_validate(found)
        may = partial(api.rights.allows, principal, **whose(state))
        return offered(state, may, actor=principal.subject, today=today)

    return actions


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
    applications = command.factory.applications()
    kept = await applications.file(body, by=command.principal)
    actions = applications.actions(kept.state, by=command.principal)
    return command.answer(201, kept, location=f"/v1/applications/{kept.id}", actions=actions)


_BEYOND: dict[str, tuple[type[Problem], ...]] = {
    "grant": (SamePerson, ServiceNotKnown, ServiceClosed, ServiceChanged, LicenceExists, LicenceEnded),
    "refuse": (SamePerson,),
    "reopen": (ServiceNotKnown, ApplicationOpen),
}
"""What the consequences of a step may refuse, besides the step itself."""


def _handler(name: str, body: type[Body]) -> Callable[..., Coroutine[Any, Any, Response]]:
    async def act(application_id: UUID, step: body, command: CommandDep) -> Response:  # type: ignore[valid-type]
        applications = command.factory.applications()
        kept = await applications.act(application_id, name, step, version=command.known_version, by=command.principal)
        return command.answer(200, kept, actions=applications.actions(kept.state, by=command.principal))

    act.__name__ = f"{name}_application"
    return act


def _add_step(row: Transition) -> None:
    step = STEPS[row.name]
    if missing := row.missing({*step.body.model_fields, *GENERATED}):
        msg = f"step {row.name} does not take {missing}"
        raise ValueError(msg)
    router.add_api_route(
        f"/applications/{{application_id}}/{verb(row.name)}",
        _handler(row.name, step.body),
        methods=["POST"],
        response_model=ApplicationRead,
        summary=f"{row.text.bg} / {row.text.en}",
        description=described(row),
        responses=problems(
            *COMMAND_PROBLEMS, NotFound, Forbidden, IllegalTransition, *step.refusals, *_BEYOND.get(row.name, ())
        ),
        dependencies=[requires(row.action)],
    )


for _row in APPLICATION.transitions:
    if _row is not BY_NAME["submit"]:  # that is filing itself
        _add_step(_row)
