"""How far reporting is with its sources."""

from starlette.responses import Response

from aksu_reporting.read_models.queries import FRESHNESS
from aksu_reporting.read_models.schemas import Freshness
from aksu_shared.auth.dependencies import PrincipalDep, requires
from aksu_shared.serving.problems import problems
from aksu_shared.web.api import ApiDep
from aksu_shared.web.routing import Router

router = Router(tags=["freshness"])


@router.get(
    "/freshness",
    response_model=Freshness,
    responses=problems(),
    dependencies=[requires("reporting.freshness.read")],
)
async def get_freshness(api: ApiDep, principal: PrincipalDep) -> Response:
    """Per source: epoch, position of the latest change applied, and the instant up to which its changes are known."""
    body = await api.reads.raw(FRESHNESS, ",".join(principal.scope_keys))
    return Response(body, media_type="application/json", headers={"Cache-Control": "no-store"})
