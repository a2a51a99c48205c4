"""`GET /v1/vanished-causes`: events that had effects here and that their restored owner no longer knows.

Copies have been made anew without them; what was made because of them (a licence because of a register's row) stays
until a person decides, and is listed here by type and id.
"""

from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import Query, Request
from pydantic import AwareDatetime
from sqlalchemy import BigInteger, Column, DateTime, MetaData, Table, Text, Uuid, bindparam, literal_column, select
from starlette.responses import Response

from aksu_shared.auth.dependencies import PrincipalDep, requires
from aksu_shared.auth.principal import NATION
from aksu_shared.db.reads import Page
from aksu_shared.kernel.errors import Malformed
from aksu_shared.kernel.schemas.base import Resource
from aksu_shared.serving.problems import problems
from aksu_shared.web.reads import PageOf, PageQuery, page_response
from aksu_shared.web.routing import Router

_T: Final = Table(
    "vanished_cause",
    MetaData(),
    Column("event_id", Uuid),
    Column("seq", BigInteger),
    *(Column(name, Text) for name in ("source", "epoch")),
    *(Column(name, DateTime(timezone=True)) for name in ("received_at", "found_at")),
)
_EFFECTS: Final = """
(SELECT coalesce(json_agg(json_build_object('type', c.type, 'id', c.aggregate_id, 'version', c.version) ORDER BY c.seq),
                 '[]'::json)
   FROM change_log c WHERE c.cause = vanished_cause.event_id)"""
_VANISHED: Final = Page(
    columns=select(
        _T.c.event_id, _T.c.source, _T.c.seq, _T.c.epoch, _T.c.received_at, _T.c.found_at,
        literal_column(_EFFECTS).label("effects"),
    ),
    filters={"source": _T.c.source == bindparam("source")},
    sorts={"event_id": (_T.c.event_id,)},
)  # fmt: skip

router = Router(tags=["freshness"])


class Effect(Resource):
    """A change recorded here because of the event."""

    type: str
    id: str
    version: int


class VanishedCause(Resource):
    """`epoch`: the new one, in whose log the event is not. `seq`: its number in the lost one."""

    event_id: UUID
    source: str
    seq: int
    epoch: str
    received_at: AwareDatetime
    found_at: AwareDatetime
    effects: list[Effect]


class VanishedQuery(PageQuery):
    """Filters of the list."""

    source: Annotated[str, Query(max_length=50)] | None = None
    sort: Literal["event_id", "-event_id"] = "event_id"


@router.get(
    "/vanished-causes",
    response_model=PageOf[VanishedCause],
    responses=problems(Malformed),
    dependencies=[requires("platform.reconcile.read")],
)
async def list_vanished_causes(
    query: Annotated[VanishedQuery, Query()], request: Request, principal: PrincipalDep
) -> Response:
    """Causes that no longer exist, with their effects by type and id, whoever may see those."""
    everything = principal.holding(NATION, "b:AKSU")
    return await page_response(request.app.state.api.reads, _VANISHED, query, everything)
