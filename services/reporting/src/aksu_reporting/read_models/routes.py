"""How far reporting is with its sources."""

from typing import Final

from starlette.responses import Response

from aksu_reporting.dependencies import ApiDep
from aksu_reporting.schemas import Freshness
from aksu_shared.auth.dependencies import PrincipalDep, requires
from aksu_shared.web.problems import problems
from aksu_shared.web.routing import Router

router = Router(tags=["freshness"])

_SQL: Final = """
SELECT json_build_object('items', json_agg(json_build_object(
    'source', name, 'epoch', epoch, 'position', coalesce(position, 0), 'fresh_at', fresh_at) ORDER BY n), 'next', NULL)
  FROM unnest(ARRAY['registry', 'licensing', 'monitoring']) WITH ORDINALITY AS w (name, n)
  LEFT JOIN source_state ON source = name
 WHERE s.v IS NOT NULL"""


@router.get(
    "/freshness",
    response_model=Freshness,
    responses=problems(),
    dependencies=[requires("reporting.freshness.read")],
)
async def get_freshness(api: ApiDep, principal: PrincipalDep) -> Response:
    """Per source: epoch, position of the latest change applied, and the instant up to which its changes are known."""
    body = await api.reads.raw(_SQL, ",".join(principal.scope_keys))
    return Response(body, media_type="application/json", headers={"Cache-Control": "no-store"})
