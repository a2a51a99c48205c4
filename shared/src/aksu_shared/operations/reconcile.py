"""`GET /v1/reconcile`: the copies a service keeps against their owners, by number, content and version.

It tells ids and hashes, no content, and so compares all rows, also those the operator who asks does not see.
"""

import json
from typing import Any, Final

from fastapi import Request
from starlette.responses import Response

from aksu_shared.auth.dependencies import PrincipalDep, requires
from aksu_shared.db.reads import Reads
from aksu_shared.serving.problems import problems
from aksu_shared.web.routing import Router, deadline
from aksu_shared.worker.feed import open_feeds
from aksu_shared.worker.reconcile import Reconciliation, compare

_ALL: Final = "public,BG,b:AKSU"

router = Router(tags=["freshness"])


@router.get(
    "/reconcile",
    response_model=Reconciliation,
    responses=problems(),
    dependencies=[requires("platform.reconcile.read")],
)
@deadline(120)
async def reconcile(request: Request, principal: PrincipalDep) -> Response:
    """Each copy beside its owner: count, last version, content hash, and the ids that differ."""
    reads: Reads = request.app.state.api.reads
    await reads.admit(",".join(principal.scope_keys))

    async def ask(sql: str, *args: str) -> Any:  # noqa: ANN401 - any JSON value
        return json.loads(await reads.raw(sql, _ALL, *args))

    async with open_feeds(request.app.state.config) as feeds:
        found = await compare(ask, feeds, request.app.state.copies)
    return Response(found.model_dump_json(), media_type="application/json", headers={"Cache-Control": "no-store"})
