"""An inspector confirms whom an inspection concerns: nothing else makes somebody its addressee but its source."""

from uuid import UUID

from starlette.responses import Response

from aksu_monitoring.amendments.errors import InspectionNotStarted, ProviderConfirmed
from aksu_monitoring.amendments.schemas import ProviderConfirmation
from aksu_monitoring.amendments.service import AmendmentService
from aksu_monitoring.inspections.errors import NotOfTeam
from aksu_monitoring.inspections.rules import CONFIRM_PROVIDER
from aksu_monitoring.inspections.schemas import InspectionRead
from aksu_shared.auth.dependencies import requires
from aksu_shared.kernel.errors import Forbidden, NotFound
from aksu_shared.serving.problems import problems
from aksu_shared.web.api import CommandDep
from aksu_shared.web.commands import COMMAND_PROBLEMS
from aksu_shared.web.routing import Router

router = Router(tags=["inspections"])


@router.post(
    "/inspections/{inspection_id}/confirm-provider",
    response_model=InspectionRead,
    responses=problems(*COMMAND_PROBLEMS, NotFound, Forbidden, ProviderConfirmed, InspectionNotStarted, NotOfTeam),
    dependencies=[requires(CONFIRM_PROVIDER)],
)
async def confirm_provider(inspection_id: UUID, body: ProviderConfirmation, command: CommandDep) -> Response:
    """Confirm who provides the service that was inspected: from then on it reads findings and texts, and answers."""
    kept = await AmendmentService(command.context).confirm_provider(
        inspection_id, body, by=command.principal, version=command.known_version
    )
    return command.answer(200, kept)
